/** Options that several commands share. */
import { Args, Options } from "@effect/cli"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Option, Schema, type SchemaAST } from "effect"
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

export const threadArg = Args.text({ name: "ID" }).pipe(
  Args.withDescription("A thread: its id, the beginning of it, or the provider's id."),
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

/** `--after N`. */
export const after = wholeNumber("after", 0).pipe(
  Options.withDescription("Only events after this sequence."),
  Options.optional,
)

/** `--limit N`. */
export const limit = wholeNumber("limit", 1).pipe(Options.withDescription("At most so many."), Options.optional)

/** The data directory of a command. */
export const directoryOf: (named: Option.Option<string>) => Effect.Effect<string, Problem> = Option.match({
  onNone: () => Effect.mapError(usualDataDirectory, toProblem),
  onSome: Effect.succeed,
})
