/**
 * The names of the Agent Client Protocol, version 1, as the protocol's own package types them. The package is asked for
 * types alone: its connection reads ahead without bound, drops the text of a line, and answers by itself what it cannot
 * parse, none of which a log of the wire can afford (README).
 */
import type {
  AGENT_METHODS,
  CLIENT_METHODS,
  PROTOCOL_METHODS,
  PROTOCOL_VERSION,
  SessionUpdate,
  StopReason,
} from "@agentclientprotocol/sdk"

/** The version that we speak. */
export const protocolVersion: typeof PROTOCOL_VERSION = 1

/** What a client asks or tells an agent. */
export type AgentMethod = (typeof AGENT_METHODS)[keyof typeof AGENT_METHODS]
/** What an agent asks or tells a client. */
export type ClientMethod = (typeof CLIENT_METHODS)[keyof typeof CLIENT_METHODS]
/** What either side tells about a request that it has given up. */
export type ProtocolMethod = (typeof PROTOCOL_METHODS)[keyof typeof PROTOCOL_METHODS]
/** The kinds of `session/update`. */
export type UpdateKind = SessionUpdate["sessionUpdate"]
export type { StopReason }

/** Method names that the driver and the translator write out, checked against the protocol's own. */
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

/** Asked for by agents before options took its place; not in the stable protocol. */
export const setModelMethod = "session/set_model"

export const permissionMethod = "session/request_permission" satisfies ClientMethod
export const elicitationMethod = "elicitation/create" satisfies ClientMethod
export const updateMethod = "session/update" satisfies ClientMethod
export const cancelRequestMethod = "$/cancel_request" satisfies ProtocolMethod

/** JSON-RPC: the method is not offered. */
export const methodNotFound = -32601
