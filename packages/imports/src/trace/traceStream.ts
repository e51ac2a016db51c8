/**
 * A rollout trace as one stream of lines, so that it is imported like any other recording, also through a server, which then opens none of
 * its files. The lines of the trace's log stand in it as they are. Before them stand lines of our own:
 * - `{"threadfold":"manifest", text | problem}`: the manifest of the bundle, first;
 * - `{"threadfold":"body", path, text}`: a piece of a body that the next line names, in order;
 * - `{"threadfold":"body-end", path, bytes, sha256 | problem}`: the end of that body, or why it is not there;
 * - `{"threadfold":"long-line", bytes}`: a line of the log that is too long to be held.
 */
import { Either, Schema } from "effect"

const ofUs = "threadfold"

const TracePart = Schema.Union(
  Schema.Struct({ threadfold: Schema.Literal("manifest"), text: Schema.String }),
  Schema.Struct({ threadfold: Schema.Literal("manifest"), problem: Schema.String }),
  Schema.Struct({ threadfold: Schema.Literal("body"), path: Schema.String, text: Schema.String }),
  Schema.Struct({
    threadfold: Schema.Literal("body-end"),
    path: Schema.String,
    bytes: Schema.NonNegativeInt,
    sha256: Schema.String,
  }),
  Schema.Struct({ threadfold: Schema.Literal("body-end"), path: Schema.String, problem: Schema.String }),
  Schema.Struct({ threadfold: Schema.Literal("long-line"), bytes: Schema.NonNegativeInt }),
)
/** A line of ours. */
export type TracePart = typeof TracePart.Type

/** How each of them begins. */
const beginning = `{"${ofUs}":`

const decode = Schema.decodeUnknownEither(Schema.parseJson(TracePart))

/** A line of ours as text, with its newline. */
export const partLine = ({ threadfold, ...members }: TracePart): string =>
  `${JSON.stringify({ threadfold, ...members })}\n`

/** A line of a trace's log as it stands in the stream: never taken for one of ours. */
export const logLine = (text: string): string => (text.startsWith(beginning) ? ` ${text}` : text)

/** Reads a line of ours. Null: it is a line of the log. */
export const readPart = (text: string): TracePart | { readonly problem: string } | null => {
  if (!text.startsWith(beginning)) return null
  const part = decode(text)
  return Either.isRight(part) ? part.right : { problem: "not a part of a trace as Threadfold sends it" }
}
