/** The kinds of tool call that the protocol knows, as our kinds of item. */

import type { ToolKind } from "@agentclientprotocol/sdk"
import type { ItemKind, RequestKind } from "@threadfold/contracts"

export type { ToolKind }

export const toolKinds: { readonly [K in ToolKind]: ItemKind } = {
  execute: "command",
  edit: "file_change",
  delete: "file_change",
  move: "file_change",
  read: "tool_call",
  search: "tool_call",
  fetch: "tool_call",
  think: "tool_call",
  switch_mode: "tool_call",
  other: "tool_call",
}

/** What a question for permission to do such a thing is about. */
export const permissionKind = (kind: ItemKind): RequestKind =>
  kind === "command" ? "command_approval" : kind === "file_change" ? "file_change_approval" : "permissions"
