/** How the orchestrator's own work fails. Each message says in whole sentences what happened. */
import type { StorageUnavailable } from "@threadfold/contracts"
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

/** No command has this id, as far as receipts are kept. */
export class CommandUnknown extends Data.TaggedError("CommandUnknown")<{ readonly commandId: string }> {
  override get message(): string {
    return `No command has the id ${this.commandId}.`
  }
}

/** The session exists with other content, is none that an adapter feeds, or its id names something else. */
export class SessionConflict extends Data.TaggedError("SessionConflict")<{ readonly message: string }> {}

/** The registration of an attached session cannot be taken. */
export class RegistrationInvalid extends Data.TaggedError("RegistrationInvalid")<{ readonly message: string }> {}

/** How work over the engine and the rows fails. */
export type WorkError = SubmitError | StorageUnavailable
/** How a command that is dispatched fails. */
export type DispatchError = SubmitError | AgentUnknown
/** How the start of a session fails. */
export type StartError = WorkError | AgentUnknown | AgentFailed
