/**
 * The port to a live agent. A driver starts or reaches a provider and lends connections; a connection takes orders and
 * streams events. The events come from the provider's translator alone, so a live session and its recording tell the
 * same story.
 */
import { Data, type Effect, type Scope, type Stream } from "effect"
import type { Emitted } from "./Translator.js"

/** What a connection can be asked to do. */
export type Operation = "start-thread" | "resume-thread" | "send-turn" | "steer" | "interrupt" | "answer" | "stop"

/** What this provider can do at all. An operation that is false here fails with {@link Unsupported}. */
export interface Capabilities extends Readonly<Record<Operation, boolean>> {
  /** True: one connection (one process) serves several threads at a time. False: a connection for each thread. */
  readonly sharesConnection: boolean
}

/** The provider has no such operation; asking again changes nothing. */
export class Unsupported extends Data.TaggedError("Unsupported")<{
  readonly provider: string
  readonly operation: Operation
}> {}

/** The order has no effect, because of what it says or of the state the provider is in: it was refused. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly provider: string
  readonly operation: Operation
  /** One sentence for a person. */
  readonly message: string
}> {}

/** The order was handed over, and no answer came in time. Whether it had an effect, only later events tell. */
export class TimedOut extends Data.TaggedError("TimedOut")<{
  readonly provider: string
  readonly operation: Operation
  /** How long we waited, ms. */
  readonly afterMs: number
}> {}

/**
 * The process or socket is gone, or never came up. Whether an order that was handed over had an effect, only later
 * events tell.
 */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{
  readonly provider: string
  /** What happened and what to do next, in a sentence or two for a person; with the end of what it wrote to stderr. */
  readonly message: string
}> {}

export type ProviderFailure = Unsupported | Refused | TimedOut | ConnectionLost

/** The transport has accepted the bytes of an order: from here on it may have its effect. */
export interface HandedOver {
  /** JSON text of the call's id on this connection: `native.callId` of the events that answer it. */
  readonly callId: string
  /**
   * Ends when the provider has acknowledged the order, or fails with its refusal. Where the protocol has no
   * acknowledgement of its own (its answer comes at the turn's end) it ends at once. It has no deadline: the caller sets
   * one. Running it twice gives the same answer.
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
  /** The provider's session id as last told, where it is not the thread's id (`session.nativeSessionId`). */
  readonly nativeSessionId?: string
}

export interface SendTurn {
  readonly nativeThreadId: string
  /** Our id of the turn, made before the provider is asked: `turnId` of the `turn.accepted` or `turn.start-failed`. */
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
  /** Our id of the message. An agent that repeats ids of messages shows by it that it took this one. */
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
  /** JSON text of the provider's request id, as `native.requestId` of the request says it. */
  readonly nativeRequestId: string
  /**
   * The decision: one of those that the request offered, in the provider's words, or `accept`, `decline`, `cancel`, which
   * every driver puts into its provider's words. For a question that wants more than a decision: `answer`.
   */
  readonly decision: string
  /** The whole answer, where a decision is not enough. */
  readonly data?: unknown
}

export interface ProviderConnection {
  /**
   * What the provider says, numbered, in order, from the first line on. One consumer. It ends after `connection.closed`;
   * a consumer that is slow slows the provider down, nothing is dropped. It never fails: an end that nobody wanted is
   * an event, too.
   */
  readonly events: Stream.Stream<Emitted>
  /**
   * Our id of the thread that a native one was started or resumed for; null: the agent opened it by itself. Right from
   * before the first event of that thread is given out.
   */
  readonly reference: (nativeThreadId: string) => string | null
  /** Opens a thread and waits for the provider's answer. */
  readonly startThread: (order: StartThread) => Effect.Effect<ThreadOpened, ProviderFailure>
  /** Opens a stored thread again and waits for the provider's answer. */
  readonly resumeThread: (order: ResumeThread) => Effect.Effect<ThreadOpened, ProviderFailure>
  readonly sendTurn: (order: SendTurn) => Effect.Effect<HandedOver, ProviderFailure>
  readonly steer: (order: Steer) => Effect.Effect<HandedOver, ProviderFailure>
  readonly interrupt: (order: Interrupt) => Effect.Effect<HandedOver, ProviderFailure>
  readonly answer: (order: AnswerRequest) => Effect.Effect<HandedOver, ProviderFailure>
  /**
   * Closes one thread; the others on the connection go on. Its `session.exited` is the last event of that session.
   * A thread that is not open: no effect.
   */
  readonly closeThread: (nativeThreadId: string) => Effect.Effect<void, ProviderFailure>
  /**
   * Ends the connection: asks the process to end, kills its whole tree after a grace period, waits until it is gone.
   * The stream still tells the end of every session. Doing it twice is doing it once.
   */
  readonly stop: Effect.Effect<void>
}

/** What a connection is opened with. */
export interface ConnectOptions {
  /** Our id of the connection. */
  readonly connectionId: string
  /**
   * Environment variables that every process of this connection carries, and by which we know it again after a crash of
   * ours (docs/architecture.md).
   */
  readonly marks: Readonly<Record<string, string>>
  /** Working directory of the process, where the provider ties its threads to it. */
  readonly cwd?: string
}

export interface ProviderDriver {
  /** Provider kind, for example `codex`. */
  readonly provider: string
  readonly capabilities: Capabilities
  /** Opens a connection; it is stopped when the scope closes. */
  readonly connect: (options: ConnectOptions) => Effect.Effect<ProviderConnection, ConnectionLost, Scope.Scope>
}
