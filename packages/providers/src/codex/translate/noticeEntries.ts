/** Entries of the provider's notices: warnings, accounts, models, tools. Most of them name no thread. */
import { fact } from "../../runtime/Fact.js"
import { hintText, mayHaveId, needString } from "../../runtime/readFields.js"
import { type Entry, kept, onAny, onThread } from "./Entry.js"

const native = (nativeThreadId: string | undefined) =>
  nativeThreadId === undefined ? undefined : { threadId: nativeThreadId }

export const noticeEntries = {
  warning: onAny((params, thread) => [
    fact("runtime.warning", { message: needString(params, "message") }, native(thread)),
  ]),
  guardianWarning: onAny((params, thread) => [
    fact("runtime.warning", { message: needString(params, "message") }, native(thread)),
  ]),
  configWarning: onAny((params, thread) => [
    fact(
      "config.warning",
      { message: needString(params, "summary"), details: hintText(params, "details") },
      native(thread),
    ),
  ]),
  deprecationNotice: onAny((params, thread) => [
    fact(
      "deprecation.notice",
      { message: needString(params, "summary"), details: hintText(params, "details") },
      native(thread),
    ),
  ]),
  "account/updated": onAny((params, thread) => [fact("account.updated", { data: params }, native(thread))]),
  "account/rateLimits/updated": onAny((params, thread) => [
    fact("account.rate-limits.updated", { data: params }, native(thread)),
  ]),
  "mcpServer/startupStatus/updated": onAny((params, thread) => [
    fact("mcp.status.updated", { data: params }, native(thread)),
  ]),
  "mcpServer/oauthLogin/completed": onAny((params, thread) => [
    fact("mcp.status.updated", { data: params }, native(thread)),
  ]),
  "model/rerouted": onThread((params, { thread }) => [
    fact(
      "model.rerouted",
      { from: hintText(params, "fromModel"), to: hintText(params, "toModel"), reason: hintText(params, "reason") },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),
  "modelProvider/authRecoveryStarted": onThread((params, { thread }) => [
    fact(
      "runtime.warning",
      { message: needString(params, "message") },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),

  "modelProvider/authRecoveryCompleted": kept("the start of the recovery was recorded; the turn goes on"),
  "model/verification": kept("checks of the provider's own account rules"),
  "model/safetyBuffering/updated": kept("a hint for the provider's own display"),
  "autoApprovalReview/strictReviewRequired": kept("a review by the provider itself; no user is asked"),
  "hook/started": kept("hooks have no place in the read model"),
  "hook/completed": kept("hooks have no place in the read model"),
  "account/gatewayOAuth/changed": kept("a step of the provider's own login"),
  "account/login/completed": kept("a step of the provider's own login; account/updated reports its result"),
  "mcpServer/event/stream/notification": kept("for the subscriber of a stream of events of a tool server"),
  "app/list/updated": kept("the provider's list of apps"),
  "skills/changed": kept("the provider's list of skills"),
  "project/changed": kept("sorting of the provider's own list"),
  "remoteControl/status/changed": kept("the provider's remote control"),
  "externalAgentConfig/import/progress": kept("an import of settings by the provider"),
  "externalAgentConfig/import/completed": kept("an import of settings by the provider"),
  "fs/changed": kept("for the client that watches a path"),
  "command/exec/outputDelta": kept("output of a command that the client runs by itself"),
  "process/outputDelta": kept("output of a process that the client runs by itself"),
  "process/exited": kept("a process that the client runs by itself"),
  "fuzzyFileSearch/sessionUpdated": kept("results of a search in the client"),
  "fuzzyFileSearch/sessionCompleted": kept("results of a search in the client"),
  "windows/worldWritableWarning": kept("advice on the settings of one platform"),
  "windowsSandbox/setupCompleted": kept("set-up of one platform"),
} as const satisfies Record<string, Entry>
