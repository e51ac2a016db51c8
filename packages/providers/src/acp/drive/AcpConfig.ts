/** Configuration of an agent. */
import type { HeldSecrets } from "../../redaction/Redactor.js"

/** Time limits, ms. */
export interface AcpLimits {
  /** From the start of the process until it has shaken hands. Default: 30 000. */
  readonly startMs?: number
  /** Until a call is answered that opens, configures or closes a session; to load a long one takes time. Default: 60 000. */
  readonly answerMs?: number
  /** Until a process that was asked to end is killed. Default: 2 000. */
  readonly graceMs?: number
}

export const defaultAcpLimits: Required<AcpLimits> = { startMs: 30_000, answerMs: 60_000, graceMs: 2_000 }

export interface AcpConfig {
  /** Provider kind that the events tell, for example `acp` or `gemini`. */
  readonly name: string
  /** The program. */
  readonly command: string
  /** Its arguments. Default: none. */
  readonly args?: readonly string[]
  /** Variables to set for it. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables of our own environment that it may see, for example `ANTHROPIC_API_KEY`. */
  readonly inherit?: readonly string[]
  /** Model of every session that is not opened with another one, in the agent's words. */
  readonly model?: string
  /** Mode of every session that is not opened with another one, in the agent's words. */
  readonly mode?: string
  /** Login to use: the id of one of the agent's `authMethods`. Absent: the agent is logged in by its own means. */
  readonly authMethod?: string
  /**
   * How a stored session is opened again. `resume`, where the agent offers it; else, and with `load`, the agent repeats
   * the whole history first, which is logged and means nothing. Default: `resume`.
   */
  readonly reopenBy?: "resume" | "load"
  /** False: a process for each thread. Default: true, as the protocol has it. */
  readonly sharesConnection?: boolean
  /** Version of this program, told to the agent. */
  readonly clientVersion?: string
  /** What else must not be recorded, besides the secrets of its environment and its arguments. */
  readonly secrets?: HeldSecrets
  readonly limits?: AcpLimits
}
