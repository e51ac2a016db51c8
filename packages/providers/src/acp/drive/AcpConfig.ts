/** The configuration of an agent. */
import { type AgentConfig, type AgentLimits, defaultAgentLimits } from "../../drive/AgentConfig.js"

/** To load a long session takes time. */
export const defaultAcpLimits: Required<AgentLimits> = { ...defaultAgentLimits, answerMs: 60_000 }

/**
 * How an agent is started, and what its sessions have where a thread asks for nothing else. The rest, such as its environment and its
 * limits, is the same for every agent.
 */
export interface AcpConfig extends AgentConfig {
  /** Provider kind in the events, for example `acp` or `gemini`. */
  readonly name: string
  /** The program. */
  readonly command: string
  /** Its arguments. Default: none. */
  readonly args?: readonly string[]
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
  /** Whether its model calls go to the endpoint that `ANTHROPIC_BASE_URL` names. */
  readonly callsAnthropic?: boolean
  /** False: each thread gets a process of its own. Default: true, as in the protocol. */
  readonly sharesConnection?: boolean
  /** Version of this program, sent to the agent. */
  readonly clientVersion?: string
}
