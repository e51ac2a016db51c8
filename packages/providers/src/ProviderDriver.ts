/**
 * The port to a live agent. A driver starts or reaches a provider and lends connections; a connection takes orders and
 * streams events. The events come from the provider's translator alone, so a live session and its recording tell the
 * same story.
 */
import { Data, type Effect, type Scope, type Stream } from "effect"
import type { Emitted } from "./Translator.js"

/** What a connection can be asked to do. */
export type Operation = "start-thread" | "resume-thread" | "send-turn" | "steer" | "interrupt" | "answer" | "stop"

/** Which of it this provider can do at all. What is false here fails with {@link Unsupported}. */
export type Capabilities = Readonly<Record<Operation, boolean>>

/** The provider has no such operation; asking again changes nothing. */
export class Unsupported extends Data.TaggedError("Unsupported")<{
  readonly provider: string
  readonly operation: Operation
}> {}

/** The order was not handed over, because of what it says or of the state the provider is in. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly provider: string
  readonly operation: Operation
  /** One sentence for a person. */
  readonly message: string
}> {}

/** The process or socket is gone. Whether an order that was handed over had an effect, only later events tell. */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{
  readonly provider: string
  /** One sentence for a person. */
  readonly message: string
}> {}

export type ProviderFailure = Unsupported | Refused | ConnectionLost

/**
 * The transport has accepted the bytes of an order. The provider's answer, which may come much later, is an event that
 * names the same call.
 */
export interface HandedOver {
  /** JSON text of the call's id on this connection: `native.callId` of the events that answer it. */
  readonly callId: string
}

export interface StartThread {
  /** Working directory of the agent. */
  readonly cwd?: string
  /** Model, in the provider's words. */
  readonly model?: string
  /** Anything else in the provider's words. */
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface ResumeThread extends StartThread {
  readonly nativeThreadId: string
}

export interface SendTurn {
  readonly nativeThreadId: string
  /** The user's text. */
  readonly text: string
}

export interface Steer extends SendTurn {
  /** The running turn that the text goes into. */
  readonly nativeTurnId: string
}

export interface Interrupt {
  readonly nativeThreadId: string
  readonly nativeTurnId: string
}

export interface AnswerRequest {
  readonly nativeThreadId: string
  /** JSON text of the provider's request id, as `native.requestId` of the request says it. */
  readonly nativeRequestId: string
  /** The decision, in the provider's words. */
  readonly decision: string
  /** The whole answer, where a decision is not enough. */
  readonly data?: unknown
}

export interface ProviderConnection {
  /**
   * What the provider says, numbered, in order, from the first line on. One consumer. It ends after `connection.closed`;
   * a consumer that is slow slows the provider down, nothing is dropped.
   */
  readonly events: Stream.Stream<Emitted, ConnectionLost>
  readonly startThread: (order: StartThread) => Effect.Effect<HandedOver, ProviderFailure>
  readonly resumeThread: (order: ResumeThread) => Effect.Effect<HandedOver, ProviderFailure>
  readonly sendTurn: (order: SendTurn) => Effect.Effect<HandedOver, ProviderFailure>
  readonly steer: (order: Steer) => Effect.Effect<HandedOver, ProviderFailure>
  readonly interrupt: (order: Interrupt) => Effect.Effect<HandedOver, ProviderFailure>
  readonly answer: (order: AnswerRequest) => Effect.Effect<HandedOver, ProviderFailure>
  /** Ends the connection. The stream still tells the end of every session. Doing it twice is doing it once. */
  readonly stop: Effect.Effect<void, ProviderFailure>
}

export interface ProviderDriver {
  /** Provider kind, for example `codex`. */
  readonly provider: string
  readonly capabilities: Capabilities
  /** Opens a connection; it is stopped when the scope closes. */
  readonly connect: Effect.Effect<ProviderConnection, ConnectionLost, Scope.Scope>
}
