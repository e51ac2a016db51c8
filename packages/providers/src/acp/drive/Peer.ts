/**
 * Our end of an agent's wire: JSON-RPC over lines. The translator gets each line where it is read or written, in the order of
 * the wire. Answers are matched with their calls. Requests of the agent go to {@link PeerOptions.onRequest}.
 */
import { Clock, Deferred, Effect, Fiber, FiberId, Runtime, type Scope } from "effect"
import { type LiveEvents, makeLiveEvents } from "../../drive/LiveEvents.js"
import { readToEnd } from "../../drive/readToEnd.js"
import type { ConnectionLost } from "../../ProviderDriver.js"
import { makeLineTransport } from "../../process/LineTransport.js"
import type { SupervisedProcess } from "../../process/SupervisedProcess.js"
import { type Answer, readMessage } from "../../runtime/Message.js"
import { type Fields, isFields } from "../../runtime/readFields.js"
import type { Translator, WireLine } from "../../Translator.js"
import { receivedLines, sentLine, spawnLine } from "../../wire/liveLines.js"

/** The answer to a call, with the `data` of a refusal. */
export interface Answered {
  readonly answer: Answer
  readonly errorData: unknown
}

/** A call that was delivered. */
export interface Sent {
  /** JSON text of its id. */
  readonly callId: string
  /** Waits for the answer. */
  readonly answer: Effect.Effect<Answered, ConnectionLost>
}

export interface CallOptions {
  /** Our id of the turn that the call asks for. */
  readonly turnId?: string
  /** Runs when the line is sent. */
  readonly onSend?: () => void
  /** Runs with the answer, before its events are emitted. */
  readonly onAnswer?: (answered: Answered) => void
}

export interface PeerOptions {
  readonly provider: string
  readonly process: SupervisedProcess
  readonly translator: Translator
  /** Runs with a request of the agent, before its events are emitted. `id`: JSON text of the request's id. */
  readonly onRequest: (id: string, method: string, params: Fields) => void
  /** Runs with a notification of the agent, before its events are emitted. */
  readonly onNotification: (method: string, params: Fields) => void
}

/** The answer to a request of the agent. */
export type Response = { readonly result: Fields } | { readonly error: Fields }

export interface Peer {
  readonly events: LiveEvents["events"]
  /** Fails once the agent is gone. */
  readonly alive: Effect.Effect<void, ConnectionLost>
  /** Delivers a call. Ends when the pipe has taken it. */
  readonly call: (method: string, params: Fields, options?: CallOptions) => Effect.Effect<Sent, ConnectionLost>
  readonly notify: (method: string, params: Fields) => Effect.Effect<void, ConnectionLost>
  /** Answers a request of the agent. `id`: JSON text of its id. */
  readonly respond: (id: string, response: Response) => Effect.Effect<void, ConnectionLost>
  /** Answers a request in the background, for answers that no operation waits for. */
  readonly respondSoon: (id: string, response: Response) => void
  /** Passes a fact that only the driver knows to the translator, as a `meta` line. */
  readonly note: (event: string, fields: Fields) => Effect.Effect<void>
}

interface Waiting {
  readonly done: Deferred.Deferred<Answered, ConnectionLost>
  readonly onAnswer: CallOptions["onAnswer"]
}

const errorDataOf = (message: unknown): unknown =>
  isFields(message) && isFields(message.error) ? message.error.data : undefined

/** Reads until the process is gone, even without a consumer. When the scope closes, the process is stopped and read to its end. */
export const makePeer = (options: PeerOptions): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { process, provider } = options
    const live = makeLiveEvents(options.translator)
    const transport = yield* makeLineTransport(process, { provider })
    const runtime = yield* Effect.runtime<never>()
    const waiting = new Map<string, Waiting>()
    let lastId = 0
    let over: ConnectionLost | null = null

    /** Translates and writes a message in one step, so that no other line comes between. */
    const send = (message: Fields, { onSend, turnId }: CallOptions = {}): Effect.Effect<void, ConnectionLost> =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        if (over !== null) return over
        const raw = JSON.stringify(message)
        // A line that cannot be written any more is not on the wire, so it is not translated.
        if (process.stdin.writable) {
          onSend?.()
          live.push(sentLine(at, raw, message, turnId))
        }
        return transport.post(raw)
      })

    const respond: Peer["respond"] = (id, response) => send({ jsonrpc: "2.0", id: JSON.parse(id), ...response })

    /** Handles one line of the agent. The state is updated first, then the translator gets the line, then the caller goes on. */
    const receive = (line: WireLine): void => {
      const read = readMessage(line.message)
      if (read.kind === "request") options.onRequest(read.id, read.method, read.params)
      if (read.kind === "notification") options.onNotification(read.method, read.params)
      if (read.kind !== "response") return live.push(line)
      const call = waiting.get(read.id)
      waiting.delete(read.id)
      const answered = { answer: read.answer, errorData: errorDataOf(line.message) }
      call?.onAnswer?.(answered)
      live.push(line)
      if (call !== undefined) Deferred.unsafeDone(call.done, Effect.succeed(answered))
    }

    // After the process is gone its remaining output is bounded, so the reader need not wait for the consumer.
    const room = Effect.suspend(() => (live.hasRoom() ? Effect.void : Effect.race(live.room, process.gone)))
    const readOn = Effect.zipRight(room, Effect.zip(transport.read, Clock.currentTimeMillis)).pipe(
      Effect.map(([lines, at]) => {
        for (const raw of lines ?? []) for (const line of receivedLines(at, raw)) receive(line)
        return lines !== null
      }),
    )
    const readAll = Effect.iterate(true, { while: (goesOn) => goesOn, body: () => readOn })

    const readUntilGone = Effect.gen(function* () {
      const { line, lost } = yield* readToEnd(provider, process, readAll)
      live.push(line)
      over = lost
      for (const { done } of waiting.values()) Deferred.unsafeDone(done, lost)
      waiting.clear()
      live.finish()
    })

    live.push(spawnLine(yield* Clock.currentTimeMillis, process))
    const reader = yield* Effect.forkDaemon(readUntilGone)
    yield* Effect.addFinalizer(() => Effect.zipRight(process.stop, Fiber.await(reader)))

    return {
      events: live.events,
      alive: Effect.suspend(() => over ?? Effect.void),
      call: (method, params, callOptions = {}) =>
        Effect.suspend(() => {
          lastId += 1
          const callId = JSON.stringify(lastId)
          const done = Deferred.unsafeMake<Answered, ConnectionLost>(FiberId.none)
          waiting.set(callId, { done, onAnswer: callOptions.onAnswer })
          // The call stays in the list if the caller is interrupted: it was sent, so its answer still counts.
          return send({ jsonrpc: "2.0", id: lastId, method, params }, callOptions).pipe(
            Effect.tapError(() => Effect.sync(() => waiting.delete(callId))),
            Effect.as({ callId, answer: Deferred.await(done) }),
          )
        }),
      notify: (method, params) => send({ jsonrpc: "2.0", method, params }),
      respond,
      respondSoon: (id, response) => {
        // It is sent after the line that asked for it was handled. An agent that is gone needs no answer.
        Runtime.runFork(runtime)(Effect.zipRight(Effect.yieldNow(), Effect.ignore(respond(id, response))))
      },
      note: (event, fields) =>
        Effect.map(Clock.currentTimeMillis, (at) => {
          const raw = JSON.stringify({ ts: new Date(at).toISOString(), dir: "meta", event, ...fields })
          live.push({ at, dir: "meta", raw, event, fields })
        }),
    }
  })
