/** The configuration of an agent. */
import type { HeldSecrets } from "../../redaction/Redactor.js"

/** Time limits, ms. */
export interface AcpLimits {
  /** How long the process may take until the handshake is done. Default: 30 000. */
  readonly startMs?: number
  /** How long a call may take that opens, configures or closes a session. Loading a long one takes time. Default: 60 000. */
  readonly answerMs?: number
  /** How long a process may take to end after it was asked to, before it is killed. Default: 2 000. */
  readonly graceMs?: number
}

export const defaultAcpLimits: Required<AcpLimits> = { startMs: 30_000, answerMs: 60_000, graceMs: 2_000 }

export interface AcpConfig {
  /** Provider kind in the events, for example `acp` or `gemini`. */
  readonly name: string
  /** The program. */
  readonly command: string
  /** Its arguments. Default: none. */
  readonly args?: readonly string[]
  /** Variables to set for it. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables of our environment that it may see, for example `ANTHROPIC_API_KEY`. */
  readonly inherit?: readonly string[]
  /** Model of the sessions that are opened without one, in the agent's words. */
  readonly model?: string
  /** Mode of the sessions that are opened without one, in the agent's words. */
  readonly mode?: string
  /** Login to use: the id of one of the agent's `authMethods`. Absent: the agent's own login is used. */
  readonly authMethod?: string
  /**
   * How a stored session is opened again. `resume` is used where the agent offers it. Otherwise, and with `load`, the agent
   * repeats the whole history first, which is only kept verbatim. Default: `resume`.
   */
  readonly reopenBy?: "resume" | "load"
  /** False: each thread gets a process of its own. Default: true, as in the protocol. */
  readonly sharesConnection?: boolean
  /** Version of this program, sent to the agent. */
  readonly clientVersion?: string
  /** Further secrets to redact, besides those of its environment and its arguments. */
  readonly secrets?: HeldSecrets
  readonly limits?: AcpLimits
}
