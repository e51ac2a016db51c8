/**
 * Forks that are accepted and not yet copied. The new stream is one that is being imported, from the commit of the command on: the name of
 * its import holds all that the copying needs, so that it goes on after the process was killed.
 */
import type { CommandOf } from "@threadfold/contracts"
import { type EngineStopped, type EngineWriter, importsKey, importsOf, type StreamImport } from "@threadfold/engine"
import { Effect, Option, Schema } from "effect"

const Mark = Schema.Struct({
  kind: Schema.Literal("fork"),
  fromThreadId: Schema.String,
  turnId: Schema.String,
  commandId: Schema.String,
})
const MarkJson = Schema.parseJson(Mark)
const encode = Schema.encodeSync(MarkJson)
const decode = Schema.decodeOption(MarkJson)

/** A fork that is to be copied. */
export interface Fork extends Schema.Schema.Type<typeof Mark> {
  /** The new thread. */
  readonly threadId: string
  /** Name of its import. */
  readonly importId: string
}

/** What the command submits beside itself: the new stream is kept for the copy. */
export const beginningOf = (
  { intoThreadId, threadId, turnId }: CommandOf<"thread.fork">,
  commandId: string,
): StreamImport => ({
  streamId: intoThreadId,
  importId: encode({ kind: "fork", fromThreadId: threadId, turnId, commandId }),
  done: false,
})

/** The forks whose copies are not whole. */
export const pendingForks = (writer: EngineWriter): Effect.Effect<readonly Fork[], EngineStopped> =>
  Effect.map(writer.getMeta(importsKey), (stored) =>
    [...importsOf(stored)].flatMap(([threadId, importId]) =>
      Option.toArray(Option.map(decode(importId), (mark): Fork => ({ ...mark, threadId, importId }))),
    ),
  )
