/** How the orchestrator's own work fails. Each message says in whole sentences what happened. */
import type { AgentListName, StorageUnavailable } from "@threadfold/contracts"
import type { SubmitError } from "@threadfold/engine"
import { Data } from "effect"

/** No agent of this name was found on the machine or configured. */
export class AgentUnknown extends Data.TaggedError("AgentUnknown")<{
  readonly name: string
  /** Names that there are. */
  readonly known: readonly string[]
}> {
  override get message(): string {
    const others = this.known.length === 0 ? "nor was any other agent" : `these were: ${this.known.join(", ")}`
    return `${this.name} was neither found on this machine nor configured; ${others}.`
  }
}

/** The agent could not be started or reached. */
export class AgentFailed extends Data.TaggedError("AgentFailed")<{
  readonly agent: string
  readonly message: string
}> {}

/** The agent of the thread has no such ability: trying again changes nothing. */
export class AgentCannot extends Data.TaggedError("AgentCannot")<{
  readonly agent: string
  /** Name of the capability that it lacks. */
  readonly ability: string
  /** The wish, as the end of "The agent X cannot …". */
  readonly what: string
}> {
  override get message(): string {
    return `The agent ${this.agent} cannot ${this.what} (capabilities.${this.ability} is false).`
  }
}

/** No command has this id, as far as receipts are kept. */
export class CommandUnknown extends Data.TaggedError("CommandUnknown")<{ readonly commandId: string }> {
  override get message(): string {
    return `No command has the id ${this.commandId}.`
  }
}

/** No blob has this hash. */
export class BlobUnknown extends Data.TaggedError("BlobUnknown")<{ readonly hash: string }> {
  override get message(): string {
    return `No blob has the hash ${this.hash}.`
  }
}

/** The bytes of a blob are not those that its sender names. */
export class BlobMismatch extends Data.TaggedError("BlobMismatch")<{
  readonly expected: string
  readonly found: string
}> {
  override get message(): string {
    return `The bytes have the hash ${this.found}, not ${this.expected}.`
  }
}

/** A part of a message is refused: nothing of the message was stored. */
export class PartRefused extends Data.TaggedError("PartRefused")<{
  /** `unsupported`: the agent takes no such part. */
  readonly reason: "unsupported" | "invalid-request" | "path-not-allowed" | "payload-too-large"
  readonly message: string
}> {}

/** What a client chose for a thread is refused: nothing was changed. */
export class ConfigurationRefused extends Data.TaggedError("ConfigurationRefused")<{
  /** `unsupported`: the agent does not let a client choose this; `value-not-offered`: not this value. */
  readonly reason: "unsupported" | "value-not-offered"
  readonly message: string
}> {}

/** The agent has no login of this way that can be started here. */
export class LoginUnsupported extends Data.TaggedError("LoginUnsupported")<{
  readonly agent: string
  readonly way: string
}> {
  override get message(): string {
    return `A login to the agent ${this.agent} by ${JSON.stringify(this.way)} cannot be started here. Its account names the ways.`
  }
}

/** No login to the agent was started here. */
export class LoginUnknown extends Data.TaggedError("LoginUnknown")<{ readonly agent: string }> {
  override get message(): string {
    return `No login to the agent ${this.agent} was started here.`
  }
}

/** The agent has no such list. */
export class ListUnsupported extends Data.TaggedError("ListUnsupported")<{
  readonly agent: string
  readonly list: AgentListName
}> {
  override get message(): string {
    return `The agent ${this.agent} does not tell its ${this.list}.`
  }
}

/** So many blobs wait for a message that no other one is stored. */
export class BlobsFull extends Data.TaggedError("BlobsFull")<{ readonly count: number; readonly bytes: number }> {
  override get message(): string {
    return `${this.count} blobs with ${this.bytes} bytes wait for a message.`
  }
}

/** The session exists with other content, is none that an adapter feeds, or its id names something else. */
export class SessionConflict extends Data.TaggedError("SessionConflict")<{ readonly message: string }> {}

/** The registration of an attached session cannot be taken. */
export class RegistrationInvalid extends Data.TaggedError("RegistrationInvalid")<{ readonly message: string }> {}

/** The thread has no voice conversation that takes input. */
export class VoiceNotLive extends Data.TaggedError("VoiceNotLive")<{
  readonly threadId: string
  /** The run that was named; absent: none was. */
  readonly named?: string
  /** The run that is live in its place; absent: none is. */
  readonly live?: string
}> {
  override get message(): string {
    const { live, named, threadId } = this
    if (named !== undefined && live !== undefined) {
      return `Voice conversation ${named} is over. ${live} is live in thread ${threadId} now; it was given nothing. Name that one, or none.`
    }
    return `Thread ${threadId} has no live voice conversation. Start one first.`
  }
}

/** So many conversations are live that no other one is started. */
export class VoiceLimit extends Data.TaggedError("VoiceLimit")<{ readonly limit: number }> {
  override get message(): string {
    return `${this.limit} voice conversations are live on this server. Stop one of them first.`
  }
}

/** So many starts of one thread's voice wait that no other one is taken. */
export class VoiceStartsFull extends Data.TaggedError("VoiceStartsFull")<{
  readonly threadId: string
  readonly limit: number
}> {
  override get message(): string {
    return `${this.limit} starts of a voice conversation wait in thread ${this.threadId}; each would take the place of the one before it. Wait for one of them.`
  }
}

/** So much waits to go into a voice conversation that nothing more is taken. */
export class VoiceInputsFull extends Data.TaggedError("VoiceInputsFull")<{
  readonly threadId: string
  readonly limit: number
}> {
  override get message(): string {
    return `${this.limit} inputs wait for the voice conversation of thread ${this.threadId}: it takes them too slowly. Send this one again later.`
  }
}

/** How work over the engine and the rows fails. */
export type WorkError = SubmitError | StorageUnavailable
/** How a command that is dispatched fails. */
export type DispatchError = SubmitError | AgentUnknown
/** How the start of a session fails. */
export type StartError = WorkError | AgentUnknown | AgentFailed
