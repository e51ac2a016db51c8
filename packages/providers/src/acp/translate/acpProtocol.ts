/**
 * The names of the Agent Client Protocol, version 1, checked by the types of the protocol's own package. Only the types of the
 * package are used. Its connection reads ahead without bound, drops the text of a line, and answers by itself what it cannot
 * parse, and a log of the wire cannot accept that (acp/README.md).
 */
import type {
  AGENT_METHODS,
  CLIENT_METHODS,
  PROTOCOL_METHODS,
  PROTOCOL_VERSION,
  SessionUpdate,
  StopReason,
} from "@agentclientprotocol/sdk"

/** The version of the protocol that we use. */
export const protocolVersion: typeof PROTOCOL_VERSION = 1

/** The methods that a client calls. */
export type AgentMethod = (typeof AGENT_METHODS)[keyof typeof AGENT_METHODS]
/** The methods that an agent calls. */
export type ClientMethod = (typeof CLIENT_METHODS)[keyof typeof CLIENT_METHODS]
/** The methods that both sides call. */
export type ProtocolMethod = (typeof PROTOCOL_METHODS)[keyof typeof PROTOCOL_METHODS]
/** The kinds of `session/update`. */
export type UpdateKind = SessionUpdate["sessionUpdate"]
export type { StopReason }

/** The method names that the driver and the translator use. */
export const methods = {
  initialize: "initialize",
  authenticate: "authenticate",
  newSession: "session/new",
  loadSession: "session/load",
  resumeSession: "session/resume",
  closeSession: "session/close",
  setMode: "session/set_mode",
  setOption: "session/set_config_option",
  prompt: "session/prompt",
  cancel: "session/cancel",
} as const satisfies Record<string, AgentMethod>

/** The call of older agents for the model. Options have replaced it, so the stable protocol does not have it. */
export const setModelMethod = "session/set_model"

export const permissionMethod = "session/request_permission" satisfies ClientMethod
export const elicitationMethod = "elicitation/create" satisfies ClientMethod
export const updateMethod = "session/update" satisfies ClientMethod
export const cancelRequestMethod = "$/cancel_request" satisfies ProtocolMethod

/** The JSON-RPC code for a method that is not offered. */
export const methodNotFound = -32601
