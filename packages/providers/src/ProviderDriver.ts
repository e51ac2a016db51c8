/**
 * The port to a live agent. A driver starts or reaches a provider and opens connections. A connection runs operations and
 * streams events. Only the provider's translator makes events, so a live session and its recording give the same events.
 */
import { Data, type Effect, type Scope, type Stream } from "effect"
import type { Emitted } from "./Translator.js"

/** What a connection can do. */
export type Operation = "start-thread" | "resume-thread" | "send-turn" | "steer" | "interrupt" | "answer" | "stop"

/** What this provider can do. An operation that is false here fails with {@link Unsupported}. */
export interface Capabilities extends Readonly<Record<Operation, boolean>> {
  /** True: one connection (one process) serves several threads at a time. False: each thread needs its own connection. */
  readonly sharesConnection: boolean
}

/** The provider has no such operation. Trying again changes nothing. */
export class Unsupported extends Data.TaggedError("Unsupported")<{
  readonly provider: string
  readonly operation: Operation
}> {}

/** The provider refused the operation, because of its content or of the provider's state. It has no effect. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly provider: string
  readonly operation: Operation
  /** One sentence for a person. */
  readonly message: string
}> {}

/** The operation was delivered, but no answer came in time. Only later events show whether it had an effect. */
export class TimedOut extends Data.TaggedError("TimedOut")<{
  readonly provider: string
  readonly operation: Operation
  /** How long we waited, ms. */
  readonly afterMs: number
}> {}

/**
 * The process or socket is gone, or never came up. Only later events show whether a delivered operation had an effect.
 */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{
  readonly provider: string
  /** What happened and what to do next, in a sentence or two for a person, with the end of the process's stderr. */
  readonly message: string
}> {}

export type ProviderFailure = Unsupported | Refused | TimedOut | ConnectionLost

/** The transport has accepted the bytes of an operation. From here on the operation may have its effect. */
export interface Delivered {
  /** JSON text of the call's id on this connection: `native.callId` of the events that answer it. */
  readonly callId: string
  /**
   * Succeeds when the provider has acknowledged the operation. Fails with the provider's refusal. Where the protocol has no
   * acknowledgement (its answer comes at the end of the turn) it succeeds at once. It has no deadline: the caller sets one.
   * It may run more than once, with the same result.
   */
  readonly answered: Effect.Effect<void, Refused | ConnectionLost>
}

/** A thread is open on the connection. */
export interface ThreadOpened {
  /** The provider's id of the thread: `scope.nativeThreadId` of its events. */
  readonly nativeThreadId: string
}

export interface StartThread {
  /** Our id of the thread; see {@link ProviderConnection.reference}. */
  readonly threadId: string
  /** Working directory of the agent. */
  readonly cwd?: string
  /** Model, in the provider's words. */
  readonly model?: string
  /** Anything else in the provider's words, for example its approval policy and sandbox. */
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface ResumeThread extends StartThread {
  readonly nativeThreadId: string
  /** The provider's last known session id, where it differs from the thread's id (`session.nativeSessionId`). */
  readonly nativeSessionId?: string
}

export interface SendTurn {
  readonly nativeThreadId: string
  /** Our id of the turn, made before the call: `turnId` of the later `turn.accepted` or `turn.start-failed`. */
  readonly turnId: string
  /** The user's text. */
  readonly text: string
  /** Model and other settings for this turn, in the provider's words. */
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface Steer {
  readonly nativeThreadId: string
  /** The running turn that the text goes into. */
  readonly nativeTurnId: string
  /** Our id of the message. An agent that repeats message ids shows with it that it took the message. */
  readonly messageId?: string
  /** The user's text. */
  readonly text: string
}

export interface Interrupt {
  readonly nativeThreadId: string
  readonly nativeTurnId: string
}

export interface AnswerRequest {
  readonly nativeThreadId: string
  /** JSON text of the provider's request id: `native.requestId` of the request. */
  readonly nativeRequestId: string
  /**
   * The decision: one that the request offers, in the provider's words, or `accept`, `decline` or `cancel`, which every
   * driver translates for its provider. `answer`, where the question needs more than a decision.
   */
  readonly decision: string
  /** The whole answer, where a decision is not enough. */
  readonly data?: unknown
}

export interface ProviderConnection {
  /**
   * The events of the connection, numbered, in order, from the first line on, for one consumer. The stream ends after
   * `connection.closed`. A slow consumer slows the provider down; no event is dropped. The stream never fails: an unwanted
   * end of the connection is an event, too.
   */
  readonly events: Stream.Stream<Emitted>
  /**
   * Our id of the thread that a native thread was started or resumed for. Null: the agent opened it by itself. The answer is
   * right before the first event of that thread is emitted.
   */
  readonly reference: (nativeThreadId: string) => string | null
  /** Opens a thread and waits for the provider's answer. */
  readonly startThread: (thread: StartThread) => Effect.Effect<ThreadOpened, ProviderFailure>
  /** Opens a stored thread again and waits for the provider's answer. */
  readonly resumeThread: (thread: ResumeThread) => Effect.Effect<ThreadOpened, ProviderFailure>
  readonly sendTurn: (turn: SendTurn) => Effect.Effect<Delivered, ProviderFailure>
  readonly steer: (message: Steer) => Effect.Effect<Delivered, ProviderFailure>
  readonly interrupt: (turn: Interrupt) => Effect.Effect<Delivered, ProviderFailure>
  readonly answer: (answer: AnswerRequest) => Effect.Effect<Delivered, ProviderFailure>
  /**
   * Closes one thread; the other threads of the connection go on. `session.exited` is the last event of that session. It
   * has no effect on a thread that is not open.
   */
  readonly closeThread: (nativeThreadId: string) => Effect.Effect<void, ProviderFailure>
  /**
   * Ends the connection: asks the process to end, kills its whole tree after a grace period, and waits until the tree is
   * gone. The stream still emits the end of every session. A second call has no further effect.
   */
  readonly stop: Effect.Effect<void>
}

/** The parameters of a connection. */
export interface ConnectOptions {
  /** Our id of the connection. */
  readonly connectionId: string
  /**
   * Environment variables of every process of this connection. After a crash of the server they identify these processes
   * (docs/architecture.md).
   */
  readonly marks: Readonly<Record<string, string>>
  /** Working directory of the process, where the provider's threads depend on it. */
  readonly cwd?: string
}

export interface ProviderDriver {
  /** Provider kind, for example `codex`. */
  readonly provider: string
  readonly capabilities: Capabilities
  /** Opens a connection. It stops when the scope closes. */
  readonly connect: (options: ConnectOptions) => Effect.Effect<ProviderConnection, ConnectionLost, Scope.Scope>
}
