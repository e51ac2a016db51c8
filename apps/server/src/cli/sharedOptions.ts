/** Options that several commands share. */
import { statSync } from "node:fs"
import { Options } from "@effect/cli"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Option, Schema, type SchemaAST } from "effect"
import { parseOrigin } from "../http/security/crossOrigin.js"
import { usualDataDirectory } from "../offline/dataDirectory.js"
import { toProblem } from "../problems/toProblem.js"

export const json = Options.boolean("json").pipe(
  Options.withDescription("Print one JSON document (events and tail: one envelope a line)."),
)

export const dataDir = Options.text("data-dir").pipe(
  Options.withDescription("The data directory; else $THREADFOLD_DATA_DIR, else the platform's usual place."),
  Options.optional,
)

export const config = Options.text("config").pipe(
  Options.withDescription("The configuration of agents; else threadfold.json in the data directory."),
  Options.optional,
)

export const db = Options.text("db").pipe(
  Options.withDescription("A database file to look at. It is copied aside first and left as it is."),
  Options.optional,
)

/** A message that names the option, whatever is wrong with its value. */
export const saying =
  (message: string): SchemaAST.MessageAnnotation =>
  () => ({ message, override: true })

/** `--name N`, a whole number of these bounds. The library names neither the option nor the bounds where the value is none. */
export const wholeNumber = (name: string, least: number, most = Number.MAX_SAFE_INTEGER): Options.Options<number> => {
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  const Whole = Schema.NumberFromString.pipe(Schema.int(), Schema.between(least, most))
  return Options.text(name).pipe(
    Options.withPseudoName("integer"),
    Options.withSchema(Whole.annotations({ message: saying(`--${name} takes a whole number ${bounds}`) })),
  )
}

const unitMs = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000, y: 365 * 86_400_000 } as const

/** Units of a time on the command line. */
export const durationUnits = ["s", "min", "h", "d", "w", "y"] as const

/** A time on the command line: a whole number and its unit. */
export const DurationText = Schema.TemplateLiteralParser(Schema.NonNegativeInt, Schema.Literal(...durationUnits))

/** Such a time, ms. */
export const durationMs = ([count, unit]: typeof DurationText.Type): number => count * unitMs[unit]

/** `--name VALUE`, one of these. */
export const oneOf = <const Values extends readonly [string, ...string[]]>(
  name: string,
  values: Values,
): Options.Options<Values[number]> =>
  Options.text(name).pipe(
    Options.withPseudoName(values.join(" | ")),
    Options.withSchema(
      Schema.Literal(...values).annotations({ message: saying(`--${name} takes one of ${values.join(", ")}`) }),
    ),
  )

const Origins = Schema.mutable(Schema.Array(Schema.String)).pipe(
  Schema.filter((texts) => texts.every((text) => parseOrigin(text) !== null)),
  Schema.annotations({
    message: saying(
      "--allowed-origin takes what a browser sends as Origin, for example http://localhost:5173 or app://desk: no path, no *, and not null",
    ),
  }),
)

/** `--allowed-origin ORIGIN`, as often as there are UIs. */
export const allowedOrigins = Options.text("allowed-origin").pipe(
  Options.withPseudoName("origin"),
  Options.withDescription(
    "A UI of another origin that may call with the token, for example http://localhost:5173; may be given several times.",
  ),
  Options.repeated,
  Options.withSchema(Origins),
  // Only so that help shows it in brackets: none is as good as some.
  Options.withDefault([]),
  Options.map((texts) => texts.flatMap((text) => parseOrigin(text) ?? [])),
)

/** `--after N`. */
export const after = wholeNumber("after", 0).pipe(
  Options.withDescription("Only events after this sequence."),
  Options.optional,
)

/** `--limit N`. */
export const limit = wholeNumber("limit", 1).pipe(Options.withDescription("At most so many."), Options.optional)

const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The data directory of a command. A file in its place is refused here, for every command, before anything is made of it. */
export const directoryOf = (named: Option.Option<string>): Effect.Effect<string, Problem> =>
  Option.match(named, {
    onNone: () => Effect.mapError(usualDataDirectory, toProblem),
    onSome: Effect.succeed,
  }).pipe(
    Effect.filterOrFail(
      (path) => !isFile(path),
      (path) =>
        new Problem({
          slug: "invalid-request",
          detail: `${path} is a file, and a data directory is a folder. Commands that look take a database file with --db.`,
        }),
    ),
  )
