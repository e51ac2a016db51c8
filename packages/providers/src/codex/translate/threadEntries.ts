/** Entries of threads and their sessions (`thread/*`), and the description of a thread that several messages embed. */
import { type Fact, fact } from "../../runtime/Fact.js"
import {
  type Fields,
  hintFields,
  hintJson,
  hintNumber,
  hintText,
  hintTexts,
  hintTokens,
  mayHaveId,
  needBoolean,
  needFields,
  needText,
  rest,
  WrongShape,
} from "../../runtime/readFields.js"
import type { CodexThread, Session } from "./CodexThread.js"
import { type Entry, kept, keptOfStored, onThread } from "./Entry.js"
import { readError } from "./readItem.js"
import { revertedFacts } from "./rewinds.js"

/** The content of a `Thread` object. Its status is left out, because it may be out of date. */
export interface ThreadView {
  readonly id: string
  readonly title: string | undefined
  readonly cwd: string | undefined
  readonly model: string | undefined
  readonly parent: string | undefined
  readonly forkedFrom: string | undefined
  /** The provider's session id, where it differs from the thread's id. */
  readonly nativeSessionId: string | undefined
}

/** Reads a `Thread` object. Its id is required. */
export const readThread = (thread: Fields): ThreadView => {
  const id = needText(thread, "id")
  const sessionId = hintText(thread, "sessionId")
  return {
    id,
    title: hintText(thread, "name"),
    cwd: hintText(thread, "cwd"),
    model: hintText(thread, "model"),
    parent: mayHaveId(thread, "parentThreadId"),
    forkedFrom: mayHaveId(thread, "forkedFromId"),
    nativeSessionId: sessionId === id ? undefined : sessionId,
  }
}

/** The facts of a description: `thread.started` for the first one in a session, later only the changes. */
export const describe = (thread: CodexThread, session: Session, view: ThreadView): readonly Fact[] => {
  const before = session.described
  const native = { threadId: thread.id }
  const parent = view.parent ?? before?.parent ?? thread.parent
  // The name that the parent gave it is used where it has no name of its own.
  const named = view.title ?? before?.title ?? thread.name
  session.described = { title: named, parent }
  if (before === null) {
    return [
      fact(
        "thread.started",
        {
          provider: "codex",
          title: named,
          cwd: view.cwd,
          model: view.model,
          parentNativeThreadId: parent,
          forkedFromNativeThreadId: view.forkedFrom,
        },
        native,
      ),
    ]
  }
  const title = view.title === before.title ? undefined : view.title
  const newParent = parent === before.parent ? undefined : parent
  if (title === undefined && newParent === undefined) return []
  return [fact("thread.metadata.updated", { title, parentNativeThreadId: newParent }, native)]
}

/** Settings that only Codex has, by their names in answers and notifications. */
const settingNames = [
  "modelProvider",
  "effort",
  "reasoningEffort",
  "summary",
  "serviceTier",
  "personality",
  "collaborationMode",
  "approvalsReviewer",
  "activePermissionProfile",
  "environments",
  "disabledPluginIds",
]

const otherSettings = (settings: Fields): Fields | undefined => {
  const reported = settingNames.flatMap((name) => {
    const value = hintJson(settings, name)
    return value === undefined ? [] : [[name, value]]
  })
  return reported.length === 0 ? undefined : Object.fromEntries(reported)
}

/** The configuration of a session, from the answer to start, resume or fork, or from changed settings. */
export const configuration = (settings: Fields, nativeThreadId: string, version: string | undefined): Fact =>
  fact(
    "session.configured",
    {
      model: hintText(settings, "model"),
      cwd: hintText(settings, "cwd"),
      approvalPolicy: hintJson(settings, "approvalPolicy"),
      sandbox: hintJson(settings, "sandbox") ?? hintJson(settings, "sandboxPolicy"),
      settings: otherSettings(settings),
      providerVersion: version,
    },
    { threadId: nativeThreadId },
  )

const statusType = (params: Fields): unknown => hintFields(params, "status")?.type

const unloaded = (thread: CodexThread): Fact => fact("session.exited", { reason: "unloaded" }, { threadId: thread.id })

const tokenCounts = (counts: Fields) => ({
  inputTokens: hintTokens(counts, "inputTokens"),
  cachedInputTokens: hintTokens(counts, "cachedInputTokens"),
  outputTokens: hintTokens(counts, "outputTokens"),
  reasoningTokens: hintTokens(counts, "reasoningOutputTokens"),
  totalTokens: hintTokens(counts, "totalTokens"),
})

const withoutUndefined = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

export const threadEntries = {
  "thread/started": onThread((params, { thread, session }) =>
    describe(thread, session, readThread(needFields(params, "thread"))),
  ),

  "thread/status/changed": onThread(
    (params, { thread }) => {
      const status = needFields(params, "status")
      const type = needText(status, "type")
      const native = { threadId: thread.id }
      switch (type) {
        case "active": {
          const flags = hintTexts(status, "activeFlags")
          return [fact("session.state.changed", { state: "running", nativeState: type, flags }, native)]
        }
        case "idle":
          return [fact("session.state.changed", { state: "ready", nativeState: type }, native)]
        case "systemError":
          // An append to a closed voice run causes this status, too. So it ends nothing: an end has its own notification.
          return [
            fact(
              "runtime.error",
              { message: "thread status systemError", code: "systemError", willRetry: true },
              native,
            ),
          ]
        case "notLoaded":
          return [unloaded(thread)]
        default:
          throw new WrongShape(`status.type: ${type} is no status known to this version`)
      }
    },
    (params) => statusType(params) !== "notLoaded",
  ),

  "thread/closed": onThread(
    (_, { thread }) => [unloaded(thread)],
    () => false,
  ),

  "thread/name/updated": onThread(
    (params, { thread, session }) => {
      const title = mayHaveId(params, "threadName")
      if (session.described !== null) session.described.title = title
      return [fact("thread.metadata.updated", { title: title ?? null }, { threadId: thread.id })]
    },
    () => false,
  ),

  "thread/settings/updated": onThread((params, { thread }, context) => [
    configuration(needFields(params, "threadSettings"), thread.id, context.version),
  ]),

  "thread/tokenUsage/updated": onThread((params, { thread }) => {
    const usage = needFields(params, "tokenUsage")
    const last = hintFields(usage, "last")
    return [
      fact(
        "thread.token-usage.updated",
        {
          mode: "cumulative-thread",
          total: withoutUndefined(tokenCounts(needFields(usage, "total"))),
          last: last === undefined ? undefined : withoutUndefined(tokenCounts(last)),
          contextWindow: hintNumber(usage, "modelContextWindow"),
        },
        { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
      ),
    ]
  }),

  "thread/compacted": onThread((params, { thread }) => [
    fact("compaction.installed", {}, { threadId: thread.id, turnId: mayHaveId(params, "turnId") }),
  ]),

  error: onThread((params, { thread }) => [
    fact(
      "runtime.error",
      { ...readError(needFields(params, "error")), willRetry: needBoolean(params, "willRetry") },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),

  "thread/readState/changed": keptOfStored("what a user has read is the client's own state"),
  "thread/archived": keptOfStored("the provider's archive; ours is set by a command"),
  "thread/unarchived": keptOfStored("the provider's archive; ours is set by a command"),
  "thread/deleted": keptOfStored("the provider's store; our log keeps what happened"),
  "thread/reverted": onThread(
    (_, { thread }) => revertedFacts(thread.rewinds, thread.id),
    () => false,
  ),
  "thread/section/changed": keptOfStored("sorting of the provider's own list"),
  "thread/project/updated": keptOfStored("sorting of the provider's own list"),
  "thread/attachment/updated": keptOfStored("attachments are the client's own state"),
  "thread/queue/changed": keptOfStored("the provider's queue; its turns have their own notifications"),
  "thread/goal/updated": onThread((params, { thread }) => [
    fact(
      "thread.metadata.updated",
      { goal: rest(needFields(params, "goal"), ["threadId"]) ?? {} },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),
  "thread/goal/cleared": onThread((_, { thread }) => [
    fact("thread.metadata.updated", { goal: null }, { threadId: thread.id }),
  ]),
  "thread/prediction/updated": kept("a guess at the next prompt; nothing has happened"),
  "thread/environment/connected": kept("environments have no place in the read model"),
  "thread/environment/disconnected": kept("environments have no place in the read model"),
} as const satisfies Record<string, Entry>
