/**
 * The calls of the client. A recording holds them, too: they are evidence of what the client wanted, and become events on the
 * channel `client`. Most calls are kept verbatim, because their answer or later notifications show their effect.
 */
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintFields, hintText, mayHaveId, needFields, rest } from "../../runtime/readFields.js"
import type { ClientNotificationMethod, ClientRequestMethod } from "./codexMethods.js"
import { type KeptEntry, kept } from "./Entry.js"
import { readUserInput } from "./readItem.js"
import { audioPiece, runName } from "./realtimeEntries.js"

/** A call that becomes an event. */
export interface CallEntry {
  readonly on: "call"
  /** True: it has a meaning only with an open session of the thread that it names. */
  readonly needsSession: boolean
  readonly map: (params: Fields, callId: string, nativeThreadId: string | undefined, imported: boolean) => Fact | null
}

export type ClientEntry = CallEntry | KeptEntry

const call = (map: CallEntry["map"]): CallEntry => ({ on: "call", needsSession: true, map })

/** The target of a review, in one line. */
export const reviewText = (params: Fields): string => {
  const target = hintFields(params, "target") ?? {}
  const of =
    hintText(target, "instructions") ??
    hintText(target, "branch") ??
    hintText(target, "title") ??
    hintText(target, "sha")
  return `review: ${[hintText(target, "type"), of].filter((part) => part !== undefined).join(" ")}`
}

const startsSession: CallEntry = {
  on: "call",
  needsSession: false,
  map: (params, callId, threadId) =>
    fact("session.start-requested", { data: rest(params, ["threadId"]) }, { threadId, callId }),
}

const reads = kept("a query of stored data; its answer opens nothing")
const stored = kept("a change of the provider's own store; a notification reports the result")
const rewinds = kept("its answer, or the notification to all clients, reports what was taken back")
const settings = kept("settings of the provider; a notification reports the result")
const account = kept("the provider's account")
const catalogue = kept("the provider's plug-ins, skills, apps and tools")
const ownWork = kept("work of the client that belongs to no turn")
const announced = kept("the turns and items that it starts have their own notifications")

export const callTable: { readonly [M in ClientRequestMethod]: ClientEntry } = {
  initialize: kept("the handshake"),
  "thread/start": startsSession,
  "thread/resume": startsSession,
  "thread/fork": startsSession,

  "turn/start": call((params, callId, threadId, imported) => {
    const input = readUserInput(params.input)
    return fact(
      "turn.requested",
      {
        text: input.text ?? undefined,
        input: input.others.length === 0 ? undefined : params.input,
        origin: imported ? "import" : undefined,
        handedOver: true,
      },
      { threadId, callId, clientId: hintText(params, "clientUserMessageId") },
    )
  }),
  "turn/steer": call((params, callId, threadId) =>
    fact(
      "message.steered",
      { text: readUserInput(params.input).text ?? undefined },
      {
        threadId,
        turnId: mayHaveId(params, "expectedTurnId"),
        callId,
        clientId: hintText(params, "clientUserMessageId"),
      },
    ),
  ),
  "turn/interrupt": call((params, callId, threadId) =>
    fact("turn.interrupt-requested", {}, { threadId, turnId: mayHaveId(params, "turnId"), callId }),
  ),

  "thread/realtime/start": call((params, callId, threadId) =>
    fact(
      "realtime.start-requested",
      { data: rest(params, ["threadId"]) },
      { threadId, callId, realtimeId: runName(params, threadId) },
    ),
  ),
  "thread/realtime/stop": call((_, callId, threadId) => fact("realtime.stop-requested", {}, { threadId, callId })),
  "thread/realtime/appendAudio": call((params, _, threadId) =>
    audioPiece(needFields(params, "audio"), "input", threadId),
  ),
  "thread/realtime/appendText": kept("the voice conversation shows it as a transcript"),
  "thread/realtime/appendSpeech": kept("the voice conversation shows it as a transcript"),
  "thread/realtime/listVoices": catalogue,

  "review/start": call((params, callId, threadId, imported) =>
    params.delivery === "detached"
      ? null
      : fact(
          "turn.requested",
          { text: reviewText(params), origin: imported ? "import" : undefined, handedOver: true },
          { threadId, callId },
        ),
  ),
  "thread/compact/start": announced,
  "thread/shellCommand": announced,
  "thread/queue/start": announced,
  "thread/unsubscribe": kept("its answer ends the session"),
  "turn/settings/update": settings,
  "thread/settings/update": settings,

  "thread/list": reads,
  "thread/read": reads,
  "thread/search": reads,
  "thread/searchOccurrences": reads,
  "thread/loaded/list": reads,
  "thread/turns/list": reads,
  "thread/items/list": reads,
  "thread/items/read": reads,
  "thread/timeline/list": reads,
  "thread/goal/get": reads,
  "thread/queue/list": reads,
  "thread/attachment/list": reads,
  "thread/attachmentOwner/list": reads,
  "thread/memory/read": reads,
  "thread/backgroundTerminals/list": reads,
  "threadSection/list": reads,
  "project/list": reads,
  "project/read": reads,

  "thread/archive": stored,
  "thread/unarchive": stored,
  "thread/delete": stored,
  "thread/revert": rewinds,
  "thread/name/set": stored,
  "thread/metadata/update": stored,
  "thread/readState/update": stored,
  "thread/section/move": stored,
  "thread/goal/set": stored,
  "thread/goal/clear": stored,
  "thread/queue/add": stored,
  "thread/queue/update": stored,
  "thread/queue/delete": stored,
  "thread/queue/reorder": stored,
  "thread/attachment/add": stored,
  "thread/attachment/remove": stored,
  "thread/memoryMode/set": stored,
  "thread/inject_items": stored,
  "thread/prepareApprovedPlan": stored,
  "thread/backgroundTerminals/clean": stored,
  "thread/backgroundTerminals/terminate": stored,
  "threadSection/create": stored,
  "threadSection/update": stored,
  "threadSection/delete": stored,
  "project/create": stored,
  "project/import": stored,
  "project/update": stored,
  "project/move": stored,
  "project/delete": stored,
  "memory/status": reads,
  "memory/reset": stored,
  "rollout/compress": stored,

  "thread/sample": ownWork,
  "thread/sample/cancel": ownWork,
  "thread/prediction/request": ownWork,
  "thread/increment_elicitation": ownWork,
  "thread/decrement_elicitation": ownWork,
  "thread/approveGuardianDeniedAction": ownWork,
  "thread/guardianReview": ownWork,
  "command/exec": ownWork,
  "command/exec/write": ownWork,
  "command/exec/terminate": ownWork,
  "command/exec/resize": ownWork,
  "process/spawn": ownWork,
  "process/writeStdin": ownWork,
  "process/kill": ownWork,
  "process/resizePty": ownWork,
  "fs/readFile": ownWork,
  "fs/writeFile": ownWork,
  "fs/createDirectory": ownWork,
  "fs/getMetadata": ownWork,
  "fs/readDirectory": ownWork,
  "fs/remove": ownWork,
  "fs/copy": ownWork,
  "fs/watch": ownWork,
  "fs/unwatch": ownWork,
  fuzzyFileSearch: ownWork,
  "fuzzyFileSearch/sessionStart": ownWork,
  "fuzzyFileSearch/sessionUpdate": ownWork,
  "fuzzyFileSearch/sessionStop": ownWork,
  "feedback/upload": ownWork,
  "feedback/save": ownWork,
  "server/diagnostics": ownWork,
  "mock/experimentalMethod": ownWork,

  "config/read": settings,
  "config/value/write": settings,
  "config/batchWrite": settings,
  "config/mcpServer/reload": settings,
  "configRequirements/read": settings,
  "experimentalFeature/list": settings,
  "experimentalFeature/enablement/set": settings,
  "permissionProfile/list": settings,
  "collaborationMode/list": settings,
  "externalAgentConfig/detect": settings,
  "externalAgentConfig/import": settings,
  "externalAgentConfig/import/recordHistory": settings,
  "externalAgentConfig/import/readHistories": settings,
  "environment/add": settings,
  "environment/info": settings,
  "environment/status": settings,
  "windowsSandbox/setupStart": settings,
  "windowsSandbox/readiness": settings,
  "remoteControl/enable": settings,
  "remoteControl/disable": settings,
  "remoteControl/status/read": settings,
  "remoteControl/pairing/start": settings,
  "remoteControl/pairing/status": settings,
  "remoteControl/client/list": settings,
  "remoteControl/client/revoke": settings,
  "model/list": catalogue,
  "modelProvider/list": catalogue,
  "modelProvider/config/write": settings,
  "modelProvider/capabilities/read": catalogue,

  "skills/list": catalogue,
  "skills/extraRoots/set": catalogue,
  "skills/config/write": catalogue,
  "hooks/list": catalogue,
  "marketplace/add": catalogue,
  "marketplace/remove": catalogue,
  "marketplace/upgrade": catalogue,
  "plugin/list": catalogue,
  "plugin/search": catalogue,
  "plugin/installed": catalogue,
  "plugin/reconcile": catalogue,
  "plugin/read": catalogue,
  "plugin/skill/read": catalogue,
  "plugin/share/save": catalogue,
  "plugin/share/updateTargets": catalogue,
  "plugin/share/list": catalogue,
  "plugin/share/checkout": catalogue,
  "plugin/share/delete": catalogue,
  "plugin/install": catalogue,
  "plugin/uninstall": catalogue,
  "app/read": catalogue,
  "app/list": catalogue,
  "app/installed": catalogue,
  "mcpServer/oauth/login": catalogue,
  "mcpServerStatus/list": catalogue,
  "mcpServer/resource/read": catalogue,
  "mcpServer/event/stream/start": catalogue,
  "mcpServer/event/stream/stop": catalogue,
  "mcpServer/tool/call": ownWork,

  "account/read": account,
  "account/login/start": account,
  "account/login/cancel": account,
  "account/logout": account,
  "account/gatewayOAuth/read": account,
  "account/gatewayOAuth/login": account,
  "account/gatewayOAuth/cancel": account,
  "account/bedrock/discover": account,
  "account/bedrock/setup": account,
  "account/bedrock/checkGovCloudRequirements": account,
  "account/gcp/setup": account,
  "account/securitySetup/read": account,
  "account/rateLimits/read": account,
  "account/rateLimitResetCredit/consume": account,
  "account/usage/read": account,
  "account/workspaceMessages/read": account,
  "account/sendAddCreditsNudgeEmail": account,
  "accountSession/list": account,
  "accountSession/switch": account,
  "userVerification/status": account,
  "userVerification/enroll": account,
  "userVerification/delete": account,
  "userVerification/verify": account,
  "userVerification/cancel": account,
}

/** The notifications of the client. */
export const clientNotificationTable: { readonly [M in ClientNotificationMethod]: KeptEntry } = {
  initialized: kept("the handshake"),
}

/** Calls of older versions of the protocol. */
const olderCalls: Readonly<Record<string, ClientEntry>> = { "thread/rollback": rewinds }

const calls: ReadonlyMap<string, ClientEntry> = new Map(Object.entries({ ...callTable, ...olderCalls }))
const notices: ReadonlyMap<string, KeptEntry> = new Map(Object.entries(clientNotificationTable))

/** The entry of a call. Undefined for a method that this version does not know. */
export const callEntry = (method: string): ClientEntry | undefined => calls.get(method)

/** The entry of a client's notification. Undefined for a method that this version does not know. */
export const clientNotificationEntry = (method: string): KeptEntry | undefined => notices.get(method)
