/**
 * Our end of an agent's wire: JSON-RPC over lines. Each line goes to the translator where it is read or written, in the
 * order of the wire. Calls are matched with their answers; what the agent asks is handed to {@link PeerOptions.asked}.
 */
import { Clock, Deferred, Effect, Option, Runtime, type Scope } from "effect"
import { type Answer, readMessage } from "../codex/Message.js"
import type { Fields } from "../codex/read.js"
import { type LiveEvents, makeLiveEvents } from "../live/LiveEvents.js"
import { exitLine, receivedLine, sentLine, spawnLine } from "../live/lines.js"
import type { ConnectionLost } from "../ProviderDriver.js"
import { connectionLost, makeLineTransport } from "../process/LineTransport.js"
import type { SupervisedProcess } from "../process/SupervisedProcess.js"
import type { Translator, WireLine } from "../Translator.js"

/** A call that was handed over. */
export interface Sent {
  /** JSON text of its id. */
  readonly callId: string
  /** Waits for the answer. */
  readonly answer: Effect.Effect<Answered, ConnectionLost>
}

/** An answer, with the `data` of a refusal. */
export interface Answered {
  readonly answer: Answer
  readonly errorData: unknown
}

export interface CallOptions {
  /** Our turn that the call asks for. */
  readonly turnId?: string
  /** Hears that the line goes out. */
  readonly sent?: () => void
  /** Hears the answer before any event of it is given out. Must not throw. */
  readonly heard?: (answered: Answered) => void
}

/** What the other side may hear of, at once, before the events of the line are given out. None may throw. */
export interface PeerOptions {
  readonly provider: string
  readonly process: SupervisedProcess
  readonly translator: Translator
  /** The agent asks something; `id`: JSON text of the request's id. */
  readonly asked: (id: string, method: string, params: Fields) => void
  /** The agent tells something. */
  readonly told: (method: string, params: Fields) => void
}

export interface Peer {
  readonly events: LiveEvents["events"]
  /** Hands a call over: ends when the pipe has taken it. */
  readonly call: (method: string, params: Fields, options?: CallOptions) => Effect.Effect<Sent, ConnectionLost>
  readonly notify: (method: string, params: Fields) => Effect.Effect<void, ConnectionLost>
  /** Answers a request of the agent. `id`: JSON text of its id. */
  readonly respond: (
    id: string,
    answer: { readonly result: unknown } | { readonly error: Fields },
  ) => Effect.Effect<void, ConnectionLost>
  /** Answers in the background: for what is due whether or not anybody waits for it. */
  readonly respondSoon: (...answer: Parameters<Peer["respond"]>) => void
  /** Tells the translator what only we know. */
  readonly note: (event: string, fields: Fields) => Effect.Effect<void>
  /** The exit that comes is wanted: nobody is told last words. */
  readonly expectExit: () => void
}

/** How long a process may take to exit once it has closed its output, ms. */
const exitMs = 500

const errorDataOf = (message: unknown): unknown => {
  if (typeof message !== "object" || message === null || !("error" in message)) return undefined
  const { error } = message
  return typeof error === "object" && error !== null && "data" in error ? error.data : undefined
}

/** Starts to read. The reader goes on until the agent has nothing more to say, whoever listens. */
export const makePeer = (options: PeerOptions): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { process, provider } = options
    const live = makeLiveEvents(options.translator)
    const transport = yield* makeLineTransport(process, { provider })
    const runtime = yield* Effect.runtime<never>()
    const pending = new Map<
      string,
      { readonly done: Deferred.Deferred<Answered, ConnectionLost>; readonly heard: CallOptions["heard"] }
    >()
    let calls = 0
    let exitIsWanted = false
    let over: ConnectionLost | null = null

    const lost = (what?: string): ConnectionLost => over ?? connectionLost(provider, process, what)

    /** Tells the translator and writes, in one step, so that no other line comes between. */
    const send = (
      message: Fields,
      { sent, turnId }: Pick<CallOptions, "sent" | "turnId"> = {},
    ): Effect.Effect<void, ConnectionLost> =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        if (over !== null) return over
        const raw = JSON.stringify(message)
        // A line that cannot go out any more was never on the wire.
        if (process.stdin.writable) {
          sent?.()
          live.push(sentLine(at, raw, message, turnId))
        }
        return transport.write(raw)
      })

    const respond: Peer["respond"] = (id, answer) => send({ jsonrpc: "2.0", id: JSON.parse(id), ...answer })

    const hear = (line: WireLine): void => {
      const read = readMessage(line.message)
      if (read.kind === "request") return options.asked(read.id, read.method, read.params)
      if (read.kind === "notification") return options.told(read.method, read.params)
      if (read.kind !== "response") return
      const call = pending.get(read.id)
      pending.delete(read.id)
      const answered = { answer: read.answer, errorData: errorDataOf(line.message) }
      call?.heard?.(answered)
      if (call !== undefined) Deferred.unsafeDone(call.done, Effect.succeed(answered))
    }

    const take = (lines: readonly string[]): Effect.Effect<void> =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        for (const raw of lines) {
          const line = receivedLine(at, raw)
          hear(line)
          live.push(line)
        }
      })

    /** Reads to the end; why the end is ours, where it is. */
    const read: Effect.Effect<string | null> = Effect.zipRight(live.room, transport.read).pipe(
      Effect.flatMap((lines) => (lines === null ? Effect.succeed(null) : Effect.zipRight(take(lines), read))),
      Effect.catchTag("LineTooLong", (error) => Effect.succeed(`The agent wrote ${error.message}.`)),
    )

    const end = (what: string | null): Effect.Effect<void> =>
      Effect.gen(function* () {
        const exited = yield* Effect.timeoutOption(process.exit, exitMs)
        const why = what ?? (Option.isNone(exited) ? "The agent closed its output." : null)
        if (Option.isNone(exited)) yield* process.stop
        const exit = yield* process.exit
        const words = process.lastWords()
        over = lost(why ?? undefined)
        const message = why === null ? words : words === "" ? why : `${why} It last wrote: ${words}`
        live.push(exitLine(yield* Clock.currentTimeMillis, { ...exit, asked: exitIsWanted }, message))
        live.finish()
        for (const { done } of pending.values()) Deferred.unsafeDone(done, Effect.fail(over))
        pending.clear()
      })

    live.push(spawnLine(yield* Clock.currentTimeMillis, process))
    yield* Effect.forkDaemon(Effect.flatMap(read, end))

    return {
      events: live.events,
      call: (method, params, options = {}) =>
        Effect.gen(function* () {
          const id = ++calls
          const callId = JSON.stringify(id)
          const done = yield* Deferred.make<Answered, ConnectionLost>()
          pending.set(callId, { done, heard: options.heard })
          // Whoever gives up waiting has sent it none the less: its answer is still heard.
          yield* Effect.tapError(send({ jsonrpc: "2.0", id, method, params }, options), () =>
            Effect.sync(() => pending.delete(callId)),
          )
          return { callId, answer: Deferred.await(done) }
        }),
      notify: (method, params) => send({ jsonrpc: "2.0", method, params }),
      respond,
      respondSoon: (id, answer) => {
        // After the line that asked for it; an agent that is gone needs no answer.
        Runtime.runFork(runtime)(Effect.zipRight(Effect.yieldNow(), Effect.ignore(respond(id, answer))))
      },
      note: (event, fields) =>
        Effect.map(Clock.currentTimeMillis, (at) => {
          const raw = JSON.stringify({ ts: new Date(at).toISOString(), dir: "meta", event, ...fields })
          live.push({ at, dir: "meta", raw, event, fields })
        }),
      expectExit: () => {
        exitIsWanted = true
      },
    }
  })
