/** Events as command lines name them: by their sequence of the log, or by their id. */
import { Options } from "@effect/cli"
import { uuidV7Pattern } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Schema } from "effect"
import { isSequence } from "../offline/namedEvent.js"
import type { Reader } from "../offline/Reader.js"
import { saying } from "./sharedOptions.js"

/** `--name EVENT`. */
export const eventOption = (name: string): Options.Options<string> =>
  Options.text(name).pipe(
    Options.withPseudoName("EVENT"),
    Options.withSchema(
      Schema.String.pipe(
        Schema.filter((text) => (isSequence(text) && Number(text) >= 1) || uuidV7Pattern.test(text.toLowerCase())),
        Schema.annotations({
          message: saying(`--${name} takes an event: its sequence of the log (from 1), or its whole id`),
        }),
      ),
    ),
  )

/**
 * The sequence that a name of an event means. One by its sequence need not be there: what is asked for is the thread before or after
 * it. Fails with `event-not-found` where none has the id.
 */
export const sequenceNamed = (reader: Reader, threadId: string, event: string): Effect.Effect<number, Problem> =>
  isSequence(event) ? Effect.succeed(Number(event)) : reader.sequenceOf(threadId, event.toLowerCase())
