/**
 * The wire between the SDK and the agent's process, from the start of the process to its end. The translator gets every line
 * where it is read or written, in the order of the wire. Only then the line goes on to the SDK or to the agent.
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

/** The agent's answer to the first request of the SDK. */
export type Began = { readonly ok: true } | { readonly ok: false; readonly message: string }

export interface WireOptions {
  readonly process: SupervisedProcess
  readonly sdk: SdkProcess
  readonly live: LiveEvents
  /** Further fields of the spawn line, for the translator. */
  readonly about: Fields
  /** Gets every message of the agent before the translator does. Must not throw. */
  readonly onMessage: (message: Fields) => void
}

/** An operation whose line the SDK will write. */
export interface PendingDelivery {
  /** JSON text of the call's id. */
  readonly callId: string
  /** Ends when the pipe has taken the line. */
  readonly delivered: Effect.Effect<void, ConnectionLost>
}

export interface Wire {
  /** Waits until the agent has begun, or has answered why it cannot. */
  readonly began: Effect.Effect<Began, ConnectionLost>
  /** Expects the line of a user message. `turnId`: our id of the turn that it asks for. */
  readonly expectMessage: (uuid: string, turnId?: string) => PendingDelivery
  /** Expects the line of the answer to the question with that id (JSON text). */
  readonly expectAnswer: (id: string) => PendingDelivery
  /** Expects the line of an interrupt: the next one that the SDK writes. Returns its call id once it is delivered. */
  readonly expectInterrupt: () => Effect.Effect<string, ConnectionLost>
  /** Why no operation is possible any more. Null: operations are possible. */
  readonly lost: () => ConnectionLost | null
  /** Fails when the connection ends. */
  readonly over: Effect.Effect<never, ConnectionLost>
}

interface Expected {
  readonly turnId: string | undefined
  readonly done: Deferred.Deferred<string, ConnectionLost>
}

const provider = "claude"
/** The key by which an operation waits for its line, and the id of the call. */
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

/** The line to record. The first request of the SDK holds the whole configuration, with its secrets, so that is left out. */
const recorded = (raw: string, message: unknown): { readonly raw: string; readonly message: unknown } => {
  if (!isFields(message) || hintFields(message, "request")?.subtype !== "initialize") return { raw, message }
  const bare = { type: message.type, request_id: message.request_id, request: { subtype: "initialize" } }
  return { raw: JSON.stringify(bare), message: bare }
}

/** An argument to record. Configuration on the command line is JSON, and any part of it may be secret, so it is left out. */
const withoutConfiguration = (argument: string): string => argument.replace(/^(--[\w-]+=)?[{[].*$/s, "$1[removed]")

/** Connects the process with the SDK. Reads until the process is gone, then reports the end. */
export const makeWire = (options: WireOptions): Effect.Effect<Wire, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { about, live, onMessage, process, sdk } = options
    const transport: LineTransport = yield* makeLineTransport(process, { provider })
    const runtime = yield* Effect.runtime<never>()
    const expected = new Map<string, Expected[]>()
    const began = Deferred.unsafeMake<Began, ConnectionLost>(FiberId.none)
    const over = Deferred.unsafeMake<never, ConnectionLost>(FiberId.none)
    let first: string | undefined
    /** Requests whose answers hold configurations of tool servers, which may be secret. */
    const unrecorded = new Set<string | undefined>()
    let lost: ConnectionLost | null = null

    const take = (key: string): Expected | undefined => {
      const [next, ...rest] = expected.get(key) ?? []
      if (rest.length === 0) expected.delete(key)
      else expected.set(key, rest)
      return next
    }

    /** A line of the SDK. It is translated and written in one step, so that no other line comes between. */
    const post = (raw: string): Effect.Effect<void, ConnectionLost> =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const message = readWireJson(raw)
        const fields = isFields(message) ? message : {}
        if (hintFields(fields, "request")?.subtype === "initialize") first = hintText(fields, "request_id")
        const named = keyOf(fields)
        const pending = named === undefined ? undefined : take(named.key)
        if (hintFields(fields, "request")?.subtype === "mcp_status") unrecorded.add(hintText(fields, "request_id"))
        if (lost === null && !unrecorded.has(hintText(fields, "request_id"))) {
          const line = recorded(raw, message)
          live.push(sentLine(at, line.raw, line.message, pending?.turnId))
        }
        return transport.post(raw).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              if (pending === undefined || named === undefined) return
              Deferred.unsafeDone(pending.done, Effect.as(exit, named.id))
            }),
          ),
        )
      })

    const expect = (key: string, turnId?: string): Expected => {
      const done = Deferred.unsafeMake<string, ConnectionLost>(FiberId.none)
      const pending: Expected = { turnId, done }
      expected.set(key, [...(expected.get(key) ?? []), pending])
      return pending
    }
    const wait = ({ done }: Expected) => Deferred.await(done)

    /** Whether the agent has begun: from its answer to the first request, or from an error result in its place. */
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
      onMessage(message)
      const answers = hintText(hintFields(message, "response") ?? {}, "request_id")
      if (answers === undefined || !unrecorded.delete(answers)) live.push(line)
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
      // The SDK reads only lines of JSON.
      const clean = read.map(({ message, raw }) =>
        message === undefined || readWireJson(raw) !== undefined ? raw : JSON.stringify(message),
      )
      yield* Effect.race(sdk.forward(clean), process.gone)
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
        // It has just ended.
      }
    }
    sdk.attach((line) => Runtime.runPromise(runtime)(post(line)), signalGroup)
    const fiber = yield* Effect.forkDaemon(reader)
    yield* Effect.addFinalizer(() => Effect.zipRight(process.stop, fiber.await))

    return {
      began: Deferred.await(began),
      expectMessage: (uuid, turnId) => {
        const pending = expect(`message ${uuid}`, turnId)
        return { callId: JSON.stringify(uuid), delivered: Effect.asVoid(wait(pending)) }
      },
      expectAnswer: (id) => {
        const key: unknown = JSON.parse(id)
        return { callId: id, delivered: Effect.asVoid(wait(expect(`answer ${String(key)}`))) }
      },
      expectInterrupt: () => Effect.map(wait(expect("interrupt")), (id) => JSON.stringify(id)),
      lost: () => lost,
      over: Deferred.await(over),
    }
  })
