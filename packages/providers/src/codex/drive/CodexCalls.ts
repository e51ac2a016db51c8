/** Our calls on one connection, from the bytes that go out to the answers that come in. */
import { Clock, Deferred, Effect, FiberId } from "effect"
import { type ConnectionLost, type Operation, Refused } from "../../ProviderDriver.js"
import type { LineTransport } from "../../process/LineTransport.js"
import type { Answer } from "../../runtime/Message.js"
import type { Fields } from "../../runtime/readFields.js"
import type { WireLine } from "../../Translator.js"
import { sentLine } from "../../wire/liveLines.js"

export interface CallOptions {
  /** Our turn that the call asks for. */
  readonly turnId?: string
  /** Runs with the moment in which the call goes out. */
  readonly onSend?: () => void
  /** Looks at the answer before anybody else hears of it. */
  readonly onAnswer?: (answer: Answer) => void
}

/** A call whose bytes are on their way. */
export interface Called {
  /** JSON text of its id. */
  readonly callId: string
  /** The result, or the refusal. */
  readonly answer: Effect.Effect<unknown, Refused | ConnectionLost>
}

/** A call whose answer has come in. */
export interface AnsweredCall {
  /** Before the answer is told: what its events are understood by. */
  readonly prepare: (answer: Answer) => void
  /** Afterwards: whoever waits for it goes on. */
  readonly settle: (answer: Answer) => void
}

interface Waiting {
  readonly operation: Operation
  readonly answer: Deferred.Deferred<unknown, Refused | ConnectionLost>
  readonly onAnswer: (answer: Answer) => void
}

export interface Calls {
  /** Sends a call; goes on when the pipe has taken it. */
  readonly call: (
    operation: Operation,
    method: string,
    params: Fields,
    options?: CallOptions,
  ) => Effect.Effect<Called, ConnectionLost>
  /** Sends what needs no answer: a notification, or the answer to a question. */
  readonly send: (message: Fields) => Effect.Effect<void, ConnectionLost>
  /** The call that an answer is for, by the JSON text of its id. It waits no longer. */
  readonly take: (callId: string) => AnsweredCall | undefined
  /** Why nothing can be sent any more; null: it can. */
  readonly lost: () => ConnectionLost | null
  /** The connection is gone: nothing more is answered, and nothing more can be sent. */
  readonly lose: (failure: ConnectionLost) => void
}

const provider = "codex"

/** `tell` hears of every line that goes out, in the order in which they do. */
export const makeCalls = (transport: LineTransport, tell: (line: WireLine) => void): Calls => {
  const waiting = new Map<string, Waiting>()
  let lost: ConnectionLost | null = null
  let lastId = 0

  const post = (at: number, message: Fields, turnId?: string): Effect.Effect<void, ConnectionLost> => {
    const raw = JSON.stringify(message)
    tell(sentLine(at, raw, message, turnId))
    return transport.post(raw)
  }

  return {
    call: (operation, method, params, { onAnswer = () => {}, onSend = () => {}, turnId } = {}) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        if (lost !== null) return lost
        lastId += 1
        const id = lastId
        const callId = JSON.stringify(id)
        const answer = Deferred.unsafeMake<unknown, Refused | ConnectionLost>(FiberId.none)
        waiting.set(callId, { operation, answer, onAnswer })
        onSend()
        return post(at, { id, method, params }, turnId).pipe(
          Effect.tapError(() => Effect.sync(() => waiting.delete(callId))),
          Effect.as({ callId, answer: Deferred.await(answer) }),
        )
      }),
    send: (message) => Effect.flatMap(Clock.currentTimeMillis, (at) => lost ?? post(at, message)),
    take: (callId) => {
      const call = waiting.get(callId)
      if (call === undefined) return undefined
      waiting.delete(callId)
      const { answer: done, operation, onAnswer } = call
      return {
        prepare: onAnswer,
        settle: (answer) =>
          Deferred.unsafeDone(
            done,
            answer.ok ? Effect.succeed(answer.result) : new Refused({ provider, operation, message: answer.message }),
          ),
      }
    },
    lost: () => lost,
    lose: (failure) => {
      lost = failure
      for (const { answer } of waiting.values()) Deferred.unsafeDone(answer, failure)
      waiting.clear()
    },
  }
}
