/** What agents can do, the parts that their messages have, and how a call to one fails. */
import type { AgentListName, ConfigurationChoices } from "@threadfold/contracts"
import { Data } from "effect"

/** What a connection can do. */
export type Operation =
  | "start-thread"
  | "resume-thread"
  | "send-turn"
  | "steer"
  | "interrupt"
  | "answer"
  | "configure"
  | "stop"

/** What a call to it is for. Voice is no operation of its own: where a connection has it, it says so. */
export type CallPurpose = Operation | "voice" | "list" | "login" | ConversationAbility

/** What some agents can do with a conversation beside its messages. An agent that can has the operation of that name. */
export const conversationAbilities = ["rewind", "compact", "review", "fork", "stopTask"] as const

/** One of them. */
export type ConversationAbility = (typeof conversationAbilities)[number]

/** Which parts of a message this provider takes, beside text. */
export interface PartCapabilities {
  readonly images: boolean
  /** Files and directories that the user mentions. */
  readonly mentions: boolean
  readonly skills: boolean
  /** Slash commands. */
  readonly commands: boolean
}

/** A part of a message for a provider. Text stands in `text` of the message, too. */
export type DrivenPart =
  | { readonly type: "text"; readonly text: string }
  /** `path`: where it was read, absolute; null: it was sent as bytes. */
  | { readonly type: "image"; readonly mediaType: string; readonly bytes: Uint8Array; readonly path: string | null }
  /** `path`: absolute. `bytes`: the file when the message was accepted; null: it was too long. */
  | { readonly type: "file"; readonly path: string; readonly bytes: Uint8Array | null }
  | { readonly type: "directory"; readonly path: string }
  | { readonly type: "skill"; readonly name: string }
  /** Always the first part. */
  | { readonly type: "command"; readonly name: string; readonly arguments: string | null }

/** A slash command as a person types it; agents that have no other form for a skill take one in this form. */
export const slashText = (part: Extract<DrivenPart, { readonly type: "command" | "skill" }>): string =>
  part.type === "skill" || part.arguments === null ? `/${part.name}` : `/${part.name} ${part.arguments}`

/**
 * What this provider can do. An operation that is false here fails with {@link Unsupported}. Whether it carries voice
 * conversations, its connections show (`ProviderConnection.voice`).
 */
export interface Capabilities
  extends Readonly<Record<Operation, boolean>>,
    Readonly<Record<ConversationAbility, boolean>>,
    PartCapabilities {
  /** Parts of messages of which the agent says only with its first connection whether it takes them. They are false until then. */
  readonly unknown: readonly "images"[]
  /** Beside a rewind it restores the files that it changed in the turns that go. */
  readonly restoreFiles: boolean
  /** True: one connection (one process) serves several threads at a time. False: each thread needs its own connection. */
  readonly sharesConnection: boolean
  /** What a client may choose for its threads, as far as it is known before one is open. */
  readonly configuration: ConfigurationChoices
  /** What its agent says of itself. */
  readonly lists: readonly AgentListName[]
}

/** The provider has no such operation. Trying again changes nothing. */
export class Unsupported extends Data.TaggedError("Unsupported")<{
  readonly provider: string
  readonly operation: CallPurpose
}> {}

/** The provider refused the operation, because of its content or of the provider's state. It has no effect. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly provider: string
  readonly operation: CallPurpose
  /** One sentence for a person. */
  readonly message: string
}> {}

/** The operation was delivered, but no answer came in time. Only later events show whether it had an effect. */
export class TimedOut extends Data.TaggedError("TimedOut")<{
  readonly provider: string
  readonly operation: CallPurpose
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
