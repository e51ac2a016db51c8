/** Our calls on one connection: sends them, and matches the answers with them. */
import { Clock, Deferred, Effect, FiberId } from "effect"
import { type CallPurpose, type ConnectionLost, Refused } from "../../ProviderDriver.js"
import type { LineTransport } from "../../process/LineTransport.js"
import type { Answer } from "../../runtime/Message.js"
import type { Fields } from "../../runtime/readFields.js"
import type { WireLine } from "../../Translator.js"
import { sentLine } from "../../wire/liveLines.js"

export interface CallOptions {
  /** Our id of the turn that the call asks for. */
  readonly turnId?: string
  /** True: neither the call nor its answer is recorded, because the answer may hold secrets of the provider's configuration. */
  readonly unrecorded?: boolean
  /** Runs when the call is sent. */
  readonly onSend?: () => void
  /** Runs with the answer, before the translator gets it. */
  readonly onAnswer?: (answer: Answer) => void
}

/** A call that was sent. */
export interface Called {
  /** JSON text of its id. */
  readonly callId: string
  /** The result, or the refusal. */
  readonly answer: Effect.Effect<unknown, Refused | ConnectionLost>
}

/** A call whose answer has come. */
export interface AnsweredCall {
  /** False: the translator does not get the answer. */
  readonly isRecorded: boolean
  /** Runs before the translator gets the answer, because its events may depend on it. */
  readonly prepare: (answer: Answer) => void
  /** Runs after the translator got the answer: the waiting caller goes on. */
  readonly settle: (answer: Answer) => void
}

interface Waiting {
  readonly operation: CallPurpose
  readonly isRecorded: boolean
  readonly answer: Deferred.Deferred<unknown, Refused | ConnectionLost>
  readonly onAnswer: (answer: Answer) => void
}

export interface Calls {
  /** Sends a call. Ends when the pipe has taken it. */
  readonly call: (
    operation: CallPurpose,
    method: string,
    params: Fields,
    options?: CallOptions,
  ) => Effect.Effect<Called, ConnectionLost>
  /** Sends a message without an answer: a notification, or the answer to a question. */
  readonly send: (message: Fields) => Effect.Effect<void, ConnectionLost>
  /** Removes and returns the waiting call of an answer, by the JSON text of its id. */
  readonly take: (callId: string) => AnsweredCall | undefined
  /** Why no message can be sent any more. Null: messages can be sent. */
  readonly lost: () => ConnectionLost | null
  /** Marks the connection as gone: waiting calls fail, and no message can be sent any more. */
  readonly lose: (failure: ConnectionLost) => void
}

const provider = "codex"

/** `onLine` gets every line that is sent, in the order of the wire. */
export const makeCalls = (transport: LineTransport, onLine: (line: WireLine) => void): Calls => {
  const waiting = new Map<string, Waiting>()
  let lost: ConnectionLost | null = null
  let lastId = 0

  const post = (
    at: number,
    message: Fields,
    { isRecorded = true, turnId }: { readonly isRecorded?: boolean; readonly turnId?: string | undefined } = {},
  ): Effect.Effect<void, ConnectionLost> => {
    const raw = JSON.stringify(message)
    if (isRecorded) onLine(sentLine(at, raw, message, turnId))
    return transport.post(raw)
  }

  return {
    call: (operation, method, params, { onAnswer = () => {}, onSend = () => {}, turnId, unrecorded } = {}) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        if (lost !== null) return lost
        lastId += 1
        const id = lastId
        const callId = JSON.stringify(id)
        const answer = Deferred.unsafeMake<unknown, Refused | ConnectionLost>(FiberId.none)
        const isRecorded = unrecorded !== true
        waiting.set(callId, { operation, isRecorded, answer, onAnswer })
        onSend()
        return post(at, { id, method, params }, { isRecorded, turnId }).pipe(
          Effect.tapError(() => Effect.sync(() => waiting.delete(callId))),
          Effect.as({ callId, answer: Deferred.await(answer) }),
        )
      }),
    send: (message) => Effect.flatMap(Clock.currentTimeMillis, (at) => lost ?? post(at, message)),
    take: (callId) => {
      const call = waiting.get(callId)
      if (call === undefined) return undefined
      waiting.delete(callId)
      const { answer: done, isRecorded, operation, onAnswer } = call
      return {
        isRecorded,
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
