/** Options that several commands share. */
import { Args, Options } from "@effect/cli"
import { Option, Schema } from "effect"
import { defaultDataDirectory, thisMachine } from "../offline/dataDirectory.js"

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

const Sequence = Schema.NonNegativeInt.annotations({ message: () => "expected a sequence: a whole number from 0" })

/** `--after N`. */
export const after = Options.integer("after").pipe(
  Options.withSchema(Sequence),
  Options.withDescription("Only events after this sequence."),
  Options.optional,
)

const Limit = Schema.Int.pipe(Schema.positive({ message: () => "expected a whole number from 1" }))

/** `--limit N`. */
export const limit = Options.integer("limit").pipe(
  Options.withSchema(Limit),
  Options.withDescription("At most so many."),
  Options.optional,
)

/** The data directory of a command. */
export const directoryOf = (named: Option.Option<string>): string =>
  Option.getOrElse(named, () => defaultDataDirectory(thisMachine()))
