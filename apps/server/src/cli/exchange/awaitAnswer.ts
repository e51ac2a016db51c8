/** Waits for the answer to a message: prints the agent's words as they come, and ends with its turn. */
import type { Failure, StreamMessage, Threadfold } from "@threadfold/client"
import type { Receipt, TurnDetail } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Stream } from "effect"
import { isFinal } from "../../eventTypes.js"
import type { OutputClosed } from "../failures.js"
import { asProblem } from "../live.js"
import { note, write } from "../output.js"
import { harmless, oneLine } from "../text/Look.js"
import { Exchange, type Said } from "./Exchange.js"

export interface Answer {
  /** The turn at its end; null: the message was cancelled before it had one. */
  readonly turn: TurnDetail | null
  /** The agent's messages, a blank line between. */
  readonly text: string
}

/** Tries in a row after which a server is given up that was there a moment ago. */
const maxFailures = 8

/** What an agent writes must not drive a terminal; a pipe gets it as it is. */
const shown = (text: string): string => (process.stdout.isTTY === true ? harmless(text) : text)

/** Waits. `silent`: nothing is printed but notes about questions. */
export const awaitAnswer = (
  { call, events, wholeEvent }: Threadfold,
  receipt: Receipt,
  { silent }: { readonly silent: boolean },
): Effect.Effect<Answer, Problem | OutputClosed> => {
  const exchange = new Exchange(receipt)
  /** The end of the turn, once it is known; events up to it are still to be heard. */
  let end: TurnDetail | null = null

  const look = (turnId: string): Effect.Effect<void, Failure> =>
    Effect.map(
      call((api) => api.turns.get({ path: { turnId }, urlParams: {} })),
      (turn) => {
        if (!isFinal(turn)) return
        if (turn.steeredInto === null) end = turn
        else exchange.follow(turn.steeredInto)
      },
    )

  const show = (said: Said): Effect.Effect<boolean, Failure | OutputClosed> => {
    switch (said.kind) {
      case "text":
        return Effect.as(silent ? Effect.void : write(shown(said.text)), false)
      case "question": {
        const what = said.title === null ? "" : `: ${oneLine(said.title)}`
        return Effect.as(
          note(`The agent asks${what}\n  threadfold answer ${said.requestId} accept, or decline, or cancel`),
          false,
        )
      }
      case "uncertain":
        return Effect.as(note("Whether the agent got the message is not known; it is not sent again by itself."), false)
      case "cancelled":
        return Effect.succeed(true)
      case "look":
        return Effect.as(look(said.turnId), false)
    }
  }

  const step = (message: StreamMessage): Effect.Effect<boolean, Failure | OutputClosed> =>
    message.kind === "event"
      ? Effect.gen(function* () {
          const event = yield* wholeEvent(message.event)
          for (const said of exchange.step(event)) if (yield* show(said)) return true
          // A look may be ahead of the events: what was said before the end is heard first.
          return end !== null && message.event.sequence >= end.version
        })
      : Effect.succeed(false)

  return events({ threadId: receipt.threadId, after: receipt.sequence, maxFailures }).pipe(
    Stream.mapEffect(step),
    Stream.takeUntil((over) => over),
    Stream.runDrain,
    Effect.mapError((failure) => (failure._tag === "OutputClosed" ? failure : asProblem(failure))),
    Effect.map(() => ({ turn: end, text: exchange.text })),
    Effect.onInterrupt(() => note("Not waiting any longer; the turn goes on.")),
  )
}
