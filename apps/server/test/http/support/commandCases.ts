/** The commands of the API, each with a thread that takes it, its bodies, and what it leads to. */
import { RequestDetail, ThreadSnapshot } from "@threadfold/contracts"
import { pageOf } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { busyThread, makeThread } from "./Managed.js"
import { testAgent } from "./TestOrchestration.js"
import { callAs, sessionId } from "./TestServer.js"

/** The open request of a thread. */
const requestOf = (threadId: string) =>
  Effect.map(
    callAs(pageOf(RequestDetail), "/v1/requests?status=open"),
    ({ body }) => body.items.find((request) => request.threadId === threadId)?.requestId ?? "",
  )

interface Target {
  readonly threadId: string
  readonly turnId: string
  readonly messageIds: readonly string[]
  readonly requestId: string
  readonly taskId: string
}

/** The thread of a case: an agent at work, with messages waiting, or one that has only been made. */
export const busy = Effect.gen(function* () {
  const thread = yield* busyThread
  const requestId = yield* requestOf(thread.threadId)
  yield* thread.says("task.started", { kind: "shell" }, { turnId: "t1", taskId: "1" })
  const { body } = yield* callAs(ThreadSnapshot, `/v1/threads/${thread.threadId}`)
  const target: Target = { ...thread, requestId, taskId: body.tasks[0]?.taskId ?? "" }
  return target
})
export const fresh = Effect.map(
  makeThread,
  ({ threadId }): Target => ({
    threadId,
    turnId: "",
    messageIds: [],
    requestId: "",
    taskId: "",
  }),
)

export interface CommandCase {
  readonly name: string
  readonly target: typeof busy
  readonly method: string
  readonly path: (target: Target) => string
  readonly body?: (target: Target) => object
  /** Bodies that are refused. */
  readonly wrong?: readonly unknown[]
  /** The problem of the path with an id that nothing has. */
  readonly unknown?: readonly [path: string, slug: string]
  /** What an `If-Match` is about, where the resource has a GET. */
  readonly resource?: (target: Target) => string
  /** Types of the events that it leads to. */
  readonly events: readonly string[]
}

/** An id that nothing has. */
export const nobody = sessionId(999)
const ofThread = (suffix: string) => ({
  path: ({ threadId }: Target) => `/v1/threads/${threadId}${suffix}`,
  unknown: [`/v1/threads/${nobody}${suffix}`, "thread-not-found"] as const,
  resource: ({ threadId }: Target) => `/v1/threads/${threadId}`,
})

/** Every command of the API. */
export const commandCases: readonly CommandCase[] = [
  {
    name: "create a thread",
    target: fresh,
    method: "POST",
    path: () => "/v1/threads",
    body: () => ({ agent: testAgent.name, title: "New", cwd: "/", model: "m", settings: { a: 1 } }),
    wrong: [{}, { agent: testAgent.name, cwd: "not/absolute" }, { agent: testAgent.name, titel: "New" }, "text", null],
    events: ["thread.created"],
  },
  {
    name: "rename a thread",
    target: fresh,
    method: "PATCH",
    ...ofThread(""),
    body: () => ({ title: "Renamed" }),
    wrong: [{}, { title: "" }, { title: 1 }],
    events: ["thread.renamed"],
  },
  { name: "archive a thread", target: fresh, method: "POST", ...ofThread("/archive"), events: ["thread.archived"] },
  { name: "unarchive a thread", target: fresh, method: "POST", ...ofThread("/unarchive"), events: [] },
  {
    name: "keep a thread alive",
    target: fresh,
    method: "POST",
    ...ofThread("/keep-alive"),
    body: () => ({ until: 9_999_999_999_999 }),
    wrong: [{}, { until: "tomorrow" }],
    events: ["thread.keep-alive-set"],
  },
  {
    name: "say what follows when nobody answers",
    target: fresh,
    method: "POST",
    ...ofThread("/unattended"),
    body: () => ({
      rules: [
        { kind: "user_input", action: "wait" },
        { action: "decline", afterMs: 600_000 },
      ],
    }),
    wrong: [
      {},
      { rules: [] },
      { rules: [{ action: "accept" }] },
      { rules: [{ action: "accept", afterMs: -1 }] },
      { rules: [{ action: "wait", afterMs: 1 }] },
      { rules: [{ kind: "anything", action: "wait" }] },
      { rules: Array.from({ length: 33 }, () => ({ action: "wait" })) },
    ],
    events: ["thread.unattended-set"],
  },
  { name: "delete a thread", target: fresh, method: "DELETE", ...ofThread(""), events: ["thread.deleted"] },
  { name: "restore a thread", target: fresh, method: "POST", ...ofThread("/restore"), events: [] },
  {
    name: "send a message",
    target: fresh,
    method: "POST",
    ...ofThread("/messages"),
    body: () => ({ text: "Hello", mode: "start", settings: { model: "m" } }),
    wrong: [{}, { text: "" }, { text: "x", mode: "later" }, { text: "x", moed: "steer" }, []],
    events: ["turn.requested"],
  },
  {
    name: "reorder the queue",
    target: busy,
    method: "PUT",
    ...ofThread("/queue"),
    body: ({ messageIds }) => ({ messageIds: [...messageIds].reverse() }),
    wrong: [{}, { messageIds: ["not an id"] }],
    events: ["queue.reordered"],
  },
  {
    name: "edit a queued message",
    target: busy,
    method: "PATCH",
    path: ({ messageIds, threadId }) => `/v1/threads/${threadId}/queue/${messageIds[0]}`,
    unknown: [`/v1/threads/${nobody}/queue/${nobody}`, "thread-not-found"],
    body: () => ({ text: "Written again" }),
    wrong: [{}, { text: "" }, { text: "x", mode: "steer" }, []],
    events: ["message.edited"],
  },
  {
    name: "promote a queued message",
    target: busy,
    method: "POST",
    path: ({ messageIds, threadId }) => `/v1/threads/${threadId}/queue/${messageIds[1]}/promote`,
    unknown: [`/v1/threads/${nobody}/queue/${nobody}/promote`, "thread-not-found"],
    body: () => ({ to: "front" }),
    wrong: [{ to: "back" }, []],
    events: ["queue.reordered"],
  },
  { name: "resume the queue", target: busy, method: "POST", ...ofThread("/queue/resume"), events: [] },
  {
    name: "cancel a queued message",
    target: busy,
    method: "DELETE",
    path: ({ messageIds, threadId }) => `/v1/threads/${threadId}/queue/${messageIds[0]}`,
    unknown: [`/v1/threads/${nobody}/queue/${nobody}`, "thread-not-found"],
    events: ["message.cancelled"],
  },
  {
    name: "interrupt a thread",
    target: busy,
    method: "POST",
    ...ofThread("/interrupt"),
    resource: ({ turnId }) => `/v1/turns/${turnId}`,
    body: () => ({ reason: "enough" }),
    wrong: [{ reason: 1 }, { why: "x" }],
    events: ["turn.interrupt-requested"],
  },
  {
    name: "interrupt a turn",
    target: busy,
    method: "POST",
    path: ({ turnId }) => `/v1/turns/${turnId}/interrupt`,
    unknown: [`/v1/turns/${nobody}/interrupt`, "turn-not-found"],
    resource: ({ turnId }) => `/v1/turns/${turnId}`,
    wrong: [{ reason: 1 }],
    events: ["turn.interrupt-requested"],
  },
  {
    name: "stop a background task",
    target: busy,
    method: "POST",
    path: ({ taskId, threadId }) => `/v1/threads/${threadId}/tasks/${taskId}/stop`,
    unknown: [`/v1/threads/${nobody}/tasks/${nobody}/stop`, "thread-not-found"],
    wrong: [{ reason: 1 }],
    events: ["task.stop-requested"],
  },
  {
    name: "answer a request",
    target: busy,
    method: "POST",
    path: ({ requestId }) => `/v1/requests/${requestId}/respond`,
    unknown: [`/v1/requests/${nobody}/respond`, "request-not-found"],
    resource: ({ requestId }) => `/v1/requests/${requestId}`,
    body: () => ({ decision: "accept", data: { note: "fine" } }),
    wrong: [{}, { decision: "" }],
    events: ["request.answering"],
  },
  {
    name: "start a session",
    target: fresh,
    method: "POST",
    ...ofThread("/session/start"),
    body: () => ({ fresh: true }),
    wrong: [{ fresh: "yes" }],
    events: ["session.start-requested"],
  },
  {
    name: "choose a model and an effort",
    target: busy,
    method: "POST",
    ...ofThread("/configure"),
    body: () => ({ model: "other", effort: "high" }),
    wrong: [{ model: "" }, { effort: 1 }, {}],
    events: ["session.configure-requested"],
  },
  {
    name: "stop a session",
    target: busy,
    method: "POST",
    ...ofThread("/session/stop"),
    wrong: [{ reason: 1 }],
    events: ["session.stop-requested"],
  },
]
