/**
 * The agent's wire as it passes through our hands, from the start of its process to the end: every line is told to the
 * translator where it is read or written, in the order of the wire, and only then goes on to the SDK or to the agent.
 */
import { readWireJson } from "@threadfold/contracts"
import { Clock, Deferred, Effect, FiberId, Runtime, type Scope } from "effect"
import type { LiveEvents } from "../../drive/LiveEvents.js"
import { readToEnd } from "../../drive/readToEnd.js"
import type { ConnectionLost } from "../../ProviderDriver.js"
import type { LineTooLong } from "../../process/LineSplitter.js"
import { type LineTransport, makeLineTransport } from "../../process/LineTransport.js"
import type { SupervisedProcess } from "../../process/SupervisedProcess.js"
import { type Fields, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import type { WireLine } from "../../Translator.js"
import { receivedLines, sentLine, spawnLine } from "../../wire/liveLines.js"
import type { SdkProcess } from "./SdkProcess.js"

/** What the agent answered when it was asked to begin. */
export type Began = { readonly ok: true } | { readonly ok: false; readonly message: string }

export interface WireOptions {
  readonly process: SupervisedProcess
  readonly sdk: SdkProcess
  readonly live: LiveEvents
  /** What the translator should know of the start besides the process. */
  readonly about: Fields
  /** Hears every line of the agent before it is told. Must not throw. */
  readonly heard: (message: Fields) => void
}

/** An order on its way: it ends when its line is handed over. */
export interface Handing {
  /** JSON text of the call's id. */
  readonly callId: string
  readonly handed: Effect.Effect<void, ConnectionLost>
}

export interface Wire {
  /** Waits until the agent has begun, or has said why it does not. */
  readonly began: Effect.Effect<Began, ConnectionLost>
  /** Expects the line of a user message; `turnId`: our turn that it asks for. */
  readonly expectMessage: (uuid: string, turnId?: string) => Handing
  /** Expects the line of the answer to the question of that id (JSON text). */
  readonly expectAnswer: (id: string) => Handing
  /** Expects the line of an interrupt: the next one that goes out. Its call id is known once it is handed over. */
  readonly expectInterrupt: () => Effect.Effect<string, ConnectionLost>
  /** Why nothing can be ordered any more; null: it can. */
  readonly lost: () => ConnectionLost | null
  /** Ends with the connection. */
  readonly over: Effect.Effect<never, ConnectionLost>
}

interface Expected {
  readonly turnId: string | undefined
  readonly done: Deferred.Deferred<string, ConnectionLost>
}

const provider = "claude"
/** The key by which an order waits for its line, and the id of the call. */
const keyOf = (message: Fields): { readonly key: string; readonly id: string } | undefined => {
  switch (message.type) {
    case "user": {
      const id = hintText(message, "uuid")
      return id === undefined ? undefined : { key: `message ${id}`, id }
    }
    case "control_response": {
      const id = hintText(hintFields(message, "response") ?? {}, "request_id")
      return id === undefined ? undefined : { key: `answer ${id}`, id }
    }
    case "control_request": {
      const id = hintText(message, "request_id")
      const interrupts = hintFields(message, "request")?.subtype === "interrupt"
      return id === undefined || !interrupts ? undefined : { key: "interrupt", id }
    }
    default:
      return undefined
  }
}

/** The line as it is stored. The first order holds the whole configuration, with whatever is secret in it. */
const recorded = (raw: string, message: unknown): { readonly raw: string; readonly message: unknown } => {
  if (!isFields(message) || hintFields(message, "request")?.subtype !== "initialize") return { raw, message }
  const bare = { type: message.type, request_id: message.request_id, request: { subtype: "initialize" } }
  return { raw: JSON.stringify(bare), message: bare }
}

/** Configuration that goes over the command line goes as JSON; nobody can tell what of it is secret. */
const withoutConfiguration = (argument: string): string => argument.replace(/^(--[\w-]+=)?[{[].*$/s, "$1[removed]")

/** Connects the process with the SDK; reads until the process is gone, then tells the end. */
export const makeWire = (options: WireOptions): Effect.Effect<Wire, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { about, heard, live, process, sdk } = options
    const transport: LineTransport = yield* makeLineTransport(process, { provider })
    const runtime = yield* Effect.runtime<never>()
    const expected = new Map<string, Expected[]>()
    const began = Deferred.unsafeMake<Began, ConnectionLost>(FiberId.none)
    const over = Deferred.unsafeMake<never, ConnectionLost>(FiberId.none)
    let first: string | undefined
    let lost: ConnectionLost | null = null

    const take = (key: string): Expected | undefined => {
      const [next, ...rest] = expected.get(key) ?? []
      if (rest.length === 0) expected.delete(key)
      else expected.set(key, rest)
      return next
    }

    /** A line of the SDK: told and written in one step, so that no other line comes between. */
    const post = (raw: string): Effect.Effect<void, ConnectionLost> =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const message = readWireJson(raw)
        const fields = isFields(message) ? message : {}
        if (hintFields(fields, "request")?.subtype === "initialize") first = hintText(fields, "request_id")
        const named = keyOf(fields)
        const order = named === undefined ? undefined : take(named.key)
        if (lost === null) {
          const line = recorded(raw, message)
          live.push(sentLine(at, line.raw, line.message, order?.turnId))
        }
        return transport.post(raw).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              if (order === undefined || named === undefined) return
              Deferred.unsafeDone(order.done, Effect.as(exit, named.id))
            }),
          ),
        )
      })

    const expect = (key: string, turnId?: string): Expected => {
      const done = Deferred.unsafeMake<string, ConnectionLost>(FiberId.none)
      const order: Expected = { turnId, done }
      expected.set(key, [...(expected.get(key) ?? []), order])
      return order
    }
    const wait = ({ done }: Expected) => Deferred.await(done)

    /** Whether the agent has begun: its answer to the first order, or a result that says why there will be none. */
    const beginning = (message: Fields): Began | undefined => {
      if (message.type === "control_response") {
        const response = hintFields(message, "response") ?? {}
        if (first === undefined || response.request_id !== first) return undefined
        return response.subtype === "success"
          ? { ok: true }
          : { ok: false, message: hintText(response, "error") ?? "It does not say why." }
      }
      if (message.type !== "result" || message.is_error !== true) return undefined
      const errors = Array.isArray(message.errors) ? message.errors.filter((one) => typeof one === "string") : []
      return { ok: false, message: errors.join("\n") || (hintText(message, "result") ?? "It does not say why.") }
    }

    const receive = (line: WireLine): void => {
      const message = isFields(line.message) ? line.message : {}
      heard(message)
      live.push(line)
      const answer = beginning(message)
      if (answer !== undefined) Deferred.unsafeDone(began, Effect.succeed(answer))
    }

    // After the process is gone its remaining output is bounded, so the reader need not wait for the consumer.
    const room = Effect.suspend(() => (live.hasRoom() ? Effect.void : Effect.race(live.room, process.gone)))
    const step: Effect.Effect<boolean, LineTooLong> = Effect.gen(function* () {
      yield* room
      const lines = yield* transport.read
      if (lines === null) return false
      const at = yield* Clock.currentTimeMillis
      const read = lines.flatMap((raw) => receivedLines(at, raw))
      for (const line of read) receive(line)
      // The SDK reads lines of JSON and nothing else.
      const clean = read.map(({ message, raw }) =>
        message === undefined || readWireJson(raw) !== undefined ? raw : JSON.stringify(message),
      )
      yield* Effect.race(sdk.hear(clean), process.gone)
      return true
    })
    const read = Effect.iterate(true, { while: (goesOn) => goesOn, body: () => Effect.suspend(() => step) })

    const reader = Effect.gen(function* () {
      const end = yield* readToEnd(provider, process, read)
      live.push(end.line)
      lost = end.lost
      live.finish()
      Deferred.unsafeDone(began, lost)
      Deferred.unsafeDone(over, lost)
      for (const { done } of [...expected.values()].flat()) Deferred.unsafeDone(done, lost)
      expected.clear()
      sdk.over(end.exit)
    })

    const commandLine = process.commandLine.map(withoutConfiguration)
    live.push(spawnLine(yield* Clock.currentTimeMillis, { ...process, commandLine }, about))
    const signalGroup = (signal: NodeJS.Signals): void => {
      try {
        globalThis.process.kill(globalThis.process.platform === "win32" ? process.pid : -process.pid, signal)
      } catch {
        // It ended in this moment.
      }
    }
    sdk.attach((line) => Runtime.runPromise(runtime)(post(line)), signalGroup)
    const fiber = yield* Effect.forkDaemon(reader)
    yield* Effect.addFinalizer(() => Effect.zipRight(process.stop, fiber.await))

    return {
      began: Deferred.await(began),
      expectMessage: (uuid, turnId) => {
        const order = expect(`message ${uuid}`, turnId)
        return { callId: JSON.stringify(uuid), handed: Effect.asVoid(wait(order)) }
      },
      expectAnswer: (id) => {
        const key: unknown = JSON.parse(id)
        return { callId: id, handed: Effect.asVoid(wait(expect(`answer ${String(key)}`))) }
      },
      expectInterrupt: () => Effect.map(wait(expect("interrupt")), (id) => JSON.stringify(id)),
      lost: () => lost,
      over: Deferred.await(over),
    }
  })
