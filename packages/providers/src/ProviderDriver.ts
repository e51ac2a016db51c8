/**
 * The port to a live agent. A driver starts or reaches a provider and opens connections. A connection runs operations and
 * streams events. Only the provider's translator makes events, so a live session and its recording give the same events.
 */
import type { AgentListName, Configuration, ConfigurationChoices, ReviewTarget } from "@threadfold/contracts"
import type { Effect, Scope, Stream } from "effect"
import type { Capabilities, ConnectionLost, DrivenPart, ProviderFailure, Refused } from "./abilities.js"
import type { AgentLists } from "./drive/AgentLists.js"
import type { Emitted } from "./Translator.js"

export * from "./abilities.js"

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

/** The way that an agent's model calls take instead of the direct one, so that they are recorded. */
export interface ModelRoute {
  /** Where the agent's calls are sent on to; null: where it would call by itself. */
  readonly upstream: string | null
  /** The base URL by which an agent reaches this base URL of a model endpoint. */
  readonly through: (upstream: string) => string
  /** Variables for the process of an agent that takes its base URLs from there: those that the configuration names. */
  readonly environment: Readonly<Record<string, string>>
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
  /** The way of its model calls. Absent: the direct one. */
  readonly route?: ModelRoute
}

export interface ResumeThread extends StartThread {
  readonly nativeThreadId: string
  /** The provider's last known session id, where it differs from the thread's id (`session.nativeSessionId`). */
  readonly nativeSessionId?: string
  /**
   * The conversation goes on from before this turn of ours: it was taken back, and no turn has run since. An agent whose stored
   * conversation tells that by itself need not look at it. `isRecorded`: the log knows of the rewind already.
   */
  readonly rewind?: { readonly turnId: string; readonly isRecorded: boolean }
}

/** The newest turns of a conversation, which are to be taken back. */
export interface RewindThread {
  readonly nativeThreadId: string
  /** Our id of the first turn that goes. The newer ones go with it. */
  readonly turnId: string
  /** The provider's id of that turn; null: it has told none. */
  readonly nativeTurnId: string | null
  /** How many turns go. */
  readonly turns: number
  /** Restore the files that the agent changed in these turns, too. */
  readonly files: boolean
}

/** What became of the files of turns that were taken back. */
export interface RestoredFiles {
  /** Paths of the files that were changed back. */
  readonly paths: readonly string[]
  /** Lines; null: not told. */
  readonly insertions: number | null
  readonly deletions: number | null
  /** Files that were left as they are; 0: none. */
  readonly skipped: number
}

/** A turn of ours that does something else than answer a message. */
export interface CompactThread {
  readonly nativeThreadId: string
  /** Our id of the turn, as in {@link SendTurn}. */
  readonly turnId: string
}

/** The same, for a review. */
export interface StartReview extends CompactThread {
  readonly target: ReviewTarget
}

/** The answer to a rewind. */
export interface Rewound {
  /** Null: they were not asked for. */
  readonly files: RestoredFiles | null
  /**
   * True: the agent takes turns back when its conversation is opened again, so the thread has to be closed and resumed with
   * {@link ResumeThread.rewind}. False: it has done it.
   */
  readonly reopen: boolean
}

/** A thread whose conversation begins as another one was. `nativeThreadId`, `nativeSessionId`: of the other one. */
export interface ForkThread extends Omit<ResumeThread, "rewind"> {
  /** The provider's id of the last turn that is taken over; null: it has told none. */
  readonly lastNativeTurnId: string | null
  /** Our id of the turn that came next in the other one; null: none has. */
  readonly nextTurnId: string | null
}

export interface SendTurn {
  readonly nativeThreadId: string
  /** Our id of the turn, made before the call: `turnId` of the later `turn.accepted` or `turn.start-failed`. */
  readonly turnId: string
  /** The user's text; empty where the message has none. */
  readonly text: string
  /** All parts of the message, the texts included. Absent: it is the text alone. */
  readonly parts?: readonly DrivenPart[]
  /** Model and other settings for this turn, in the provider's words. */
  readonly settings?: Readonly<Record<string, unknown>>
}

export interface Steer {
  readonly nativeThreadId: string
  /** The running turn that the text goes into. */
  readonly nativeTurnId: string
  /** Our id of the message. An agent that repeats message ids shows with it that it took the message. */
  readonly messageId?: string
  /** The user's text; empty where the message has none. */
  readonly text: string
  /** All parts of the message, the texts included. Absent: it is the text alone. */
  readonly parts?: readonly DrivenPart[]
}

export interface Interrupt {
  readonly nativeThreadId: string
  readonly nativeTurnId: string
}

/** A background task that is to end. */
export interface StopTask {
  readonly nativeThreadId: string
  /** The provider's id of the task; null: it has none. */
  readonly nativeTaskId: string | null
  /** The provider's id of its process; null: it is none, or not known. */
  readonly processId: string | null
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

/** Other choices for an open thread. */
export interface ConfigureThread {
  readonly nativeThreadId: string
  /** In the provider's words. What is absent stays as it is. */
  readonly chosen: Configuration
}

/** A voice conversation that a thread's agent is asked to carry. Null: its own default. */
export interface StartVoice {
  readonly nativeThreadId: string
  /** Our name of its run, which its start and its close repeat: `native.realtimeId`. */
  readonly name: string
  readonly modality: "audio" | "text"
  readonly voice: string | null
  readonly model: string | null
  readonly version: string | null
  readonly prompt: string | null
}

/** A start of a voice conversation that is to be checked. `voices`: by protocol version, as the agent told them. */
export interface CheckVoice extends Pick<StartVoice, "nativeThreadId" | "modality" | "voice" | "version"> {
  readonly voices: Readonly<Record<string, readonly string[]>>
}

/** Why an agent would refuse a start. */
export interface VoiceObjection {
  readonly check: "key" | "voice" | "version"
  /** What is wrong and what to do, in whole sentences. */
  readonly message: string
}

/** Voice conversations of an agent that carries them by itself. Each call ends with the agent's answer. */
export interface ProviderVoice {
  /** What the agent would refuse for certain, found without any effect on a conversation that is live; null: nothing is known. */
  readonly check: (conversation: CheckVoice) => Effect.Effect<VoiceObjection | null, ProviderFailure>
  /** Asks for a conversation. An event tells later whether it has started. */
  readonly start: (conversation: StartVoice) => Effect.Effect<Delivered, ProviderFailure>
  readonly appendText: (input: {
    readonly nativeThreadId: string
    readonly text: string
  }) => Effect.Effect<void, ProviderFailure>
  readonly appendSpeech: (input: {
    readonly nativeThreadId: string
    readonly text: string
  }) => Effect.Effect<void, ProviderFailure>
  /** `data`: base64 of PCM, 16 bits, little endian; `sampleRate` in Hz. */
  readonly appendAudio: (input: {
    readonly nativeThreadId: string
    readonly data: string
    readonly sampleRate: number
    readonly channels: number
  }) => Effect.Effect<void, ProviderFailure>
  /** Asks for its end. An event tells when it has ended. */
  readonly stop: (nativeThreadId: string) => Effect.Effect<void, ProviderFailure>
  /** The voices by protocol version, and the default of each version. */
  readonly voices: Effect.Effect<
    {
      readonly versions: Readonly<Record<string, readonly string[]>>
      readonly defaults: Readonly<Record<string, string>>
    },
    ProviderFailure
  >
}

/** A login that waits for a person. */
export interface LoginStarted {
  /** The address to open; null: the agent opens what is needed by itself. */
  readonly url: string | null
  /** The code to enter there; null: none. */
  readonly code: string | null
  /** Waits until the person has signed in. Fails where the agent gives it up. */
  readonly done: Effect.Effect<void, ProviderFailure>
  readonly cancel: Effect.Effect<void, ProviderFailure>
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
   * Has an open thread work with other choices: from its next turn on, or at once where the agent can. Ends with the agent's answer,
   * which no running turn holds up.
   */
  readonly configure: (change: ConfigureThread) => Effect.Effect<void, ProviderFailure>
  /** What the agent offers an open thread to choose; null: it is not open. Absent: the same as every thread of its driver. */
  readonly choices?: (nativeThreadId: string) => ConfigurationChoices | null
  /** Takes the newest turns back, and waits for the provider's answer. No turn runs. Absent: it cannot. */
  readonly rewind?: (turns: RewindThread) => Effect.Effect<Rewound, ProviderFailure>
  /** What its agent says of itself; absent: nothing. */
  readonly lists?: AgentLists
  /** Starts a login, by a way that the account names; absent: the agent has none that can be started here. */
  readonly login?: (way: string) => Effect.Effect<LoginStarted, ProviderFailure>
  /** How often the agent has said, by itself, that a list is another. */
  readonly listChanges?: (list: AgentListName) => number
  /** Opens a thread with a conversation that is forked off another one, and waits for the provider's answer. Absent: it cannot. */
  readonly fork?: (thread: ForkThread) => Effect.Effect<ThreadOpened, ProviderFailure>
  /** Replaces the head of the conversation by a summary, in a turn. No turn runs. Absent: it cannot. */
  readonly compact?: (turn: CompactThread) => Effect.Effect<Delivered, ProviderFailure>
  /** Reviews changes of the thread's folder, in a turn. No turn runs. Absent: it cannot. */
  readonly review?: (turn: StartReview) => Effect.Effect<Delivered, ProviderFailure>
  /** Ends one background task, and waits for the provider's answer. Its end is an event. Absent: it cannot. */
  readonly stopTask?: (task: StopTask) => Effect.Effect<void, ProviderFailure>
  /** Voice conversations of its threads; absent: this agent has no voice. */
  readonly voice?: ProviderVoice
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
  /** The way of the model calls of a process that serves one thread. Absent: the direct one. */
  readonly route?: ModelRoute
}

export interface ProviderDriver {
  /** Provider kind, for example `codex`. */
  readonly provider: string
  readonly capabilities: Capabilities
  /**
   * Choices as settings that `startThread` and `resumeThread` take, beside the model. Each setting stands for one choice, so that a later
   * one takes its place.
   */
  readonly settingsOf: (chosen: Configuration) => Readonly<Record<string, unknown>>
  /** True: a connection has its lists once a thread is open on it. */
  readonly listsNeedThread?: boolean
  /** True: its connections carry voice conversations. */
  readonly hasVoice?: boolean
  /** Opens a connection. It stops when the scope closes. */
  readonly connect: (options: ConnectOptions) => Effect.Effect<ProviderConnection, ConnectionLost, Scope.Scope>
}
