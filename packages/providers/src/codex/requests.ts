/** What the server asks: approvals, questions, tool callbacks. And what becomes of the question. */
import type { Answers, ChangedFile, RequestKind } from "@threadfold/contracts"
import { recordedAnswers } from "../asking/answers.js"
import { formAnswers } from "../asking/form.js"
import { type Fact, fact } from "../stream/Fact.js"
import type { Answer } from "../wire/Message.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintText,
  hintTexts,
  isFields,
  mayHaveId,
  oneLine,
  rest,
  WrongShape,
} from "../wire/read.js"
import { choicesOf, questionsOf } from "./choices.js"
import { type Entry, onThread } from "./Entry.js"
import type { ServerRequestMethod } from "./methods.js"
import { changesOf, type OpenItems } from "./openItems.js"
import type { Target } from "./Thread.js"

/** A request that this process sent, until the process ends. */
export interface OpenRequest {
  readonly method: string
  readonly userInput: boolean
  /** Where its events belong, its answer's too. */
  readonly target: Target
  readonly native: { readonly threadId?: string; readonly turnId?: string; readonly itemId?: string }
  /** Ids of its questions whose answers are secret. */
  readonly secrets: ReadonlySet<string>
}

/** How a request is shown. */
export interface RequestEntry {
  readonly kind: RequestKind
  /** True: it is a question to the user, with event types of its own. */
  readonly userInput: boolean
  /** One line for a person. */
  readonly title: (params: Fields) => string | undefined
}

const ask = (kind: RequestKind, title: (params: Fields) => string | undefined): RequestEntry => ({
  kind,
  userInput: kind === "user_input",
  title,
})

const firstQuestion = (params: Fields): string | undefined =>
  hintArray(params, "questions")
    .flatMap((question) => (isFields(question) ? [hintText(question, "question")] : []))
    .find((question) => question !== undefined)

export const requestTable: { readonly [M in ServerRequestMethod]: RequestEntry } = {
  "item/commandExecution/requestApproval": ask(
    "command_approval",
    (params) => hintText(params, "command") ?? hintText(params, "reason"),
  ),
  "item/fileChange/requestApproval": ask(
    "file_change_approval",
    (params) => hintText(params, "reason") ?? hintText(params, "grantRoot"),
  ),
  "item/permissions/requestApproval": ask(
    "permissions",
    (params) => hintText(params, "reason") ?? hintText(params, "cwd"),
  ),
  "item/tool/requestUserInput": ask("user_input", firstQuestion),
  "item/tool/call": ask("tool_call", (params) => hintText(params, "tool")),
  "mcpServer/elicitation/request": ask(
    "elicitation",
    (params) => hintText(params, "message") ?? hintText(params, "title") ?? hintText(params, "serverName"),
  ),
  "account/chatgptAuthTokens/refresh": ask("auth", (params) => hintText(params, "reason")),
  "attestation/generate": ask("auth", () => undefined),
  "currentTime/read": ask("other", () => undefined),
  applyPatchApproval: ask(
    "file_change_approval",
    (params) => hintText(params, "reason") ?? Object.keys(hintFields(params, "fileChanges") ?? {}).join(", "),
  ),
  execCommandApproval: ask("command_approval", (params) => hintTexts(params, "command").join(" ")),
}

const entries: ReadonlyMap<string, RequestEntry> = new Map(Object.entries(requestTable))

/** What this version does not know is a question all the same: somebody waits for its answer. */
export const unknownRequest = ask("other", () => undefined)

/** The entry of a method. */
export const requestEntry = (method: string): RequestEntry => entries.get(method) ?? unknownRequest

/** The ids that a request names. Older requests call the thread a conversation and the item a call. */
export const requestIds = (params: Fields): OpenRequest["native"] => {
  const threadId = mayHaveId(params, "threadId") ?? mayHaveId(params, "conversationId")
  const turnId = mayHaveId(params, "turnId")
  const itemId = mayHaveId(params, "itemId") ?? mayHaveId(params, "callId")
  return {
    ...(threadId === undefined ? {} : { threadId }),
    ...(turnId === undefined ? {} : { turnId }),
    ...(itemId === undefined ? {} : { itemId }),
  }
}

const idMembers = ["threadId", "conversationId", "turnId", "itemId", "startedAtMs", "availableDecisions"]

const pathsOf = (changes: readonly ChangedFile[]): string => changes.map(({ path }) => path).join(", ")

/** The question as an event. */
export const opened = (
  method: string,
  entry: RequestEntry,
  requestId: string,
  params: Fields,
  ids: OpenRequest["native"],
  items: OpenItems | undefined,
): Fact => {
  const decisions = hintArray(params, "availableDecisions")
  const questions = questionsOf(method, params)
  const changes = entry.kind === "file_change_approval" ? changesOf(items, params, ids.itemId) : []
  return fact(
    entry.userInput ? "user-input.requested" : "request.opened",
    {
      kind: entry.kind,
      nativeKind: method,
      title: oneLine(entry.title(params) ?? (changes.length === 0 ? undefined : pathsOf(changes))),
      decisions: decisions.length === 0 ? undefined : decisions,
      choices: choicesOf(method, params),
      questions: questions.length === 0 ? undefined : questions,
      changes: changes.length === 0 ? undefined : changes,
      data: rest(params, idMembers),
    },
    { ...ids, requestId },
  )
}

/** Answers by question id: of questions to the user in Codex's form, of a form its content. */
const answersIn = (method: string, result: Fields): Answers | undefined => {
  if (method === "mcpServer/elicitation/request") return formAnswers(hintFields(result, "content"))
  const answers = method === "item/tool/requestUserInput" ? hintFields(result, "answers") : undefined
  if (answers === undefined) return undefined
  return Object.fromEntries(
    Object.entries(answers).map(([id, said]) => [id, isFields(said) ? hintTexts(said, "answers") : []]),
  )
}

/** The name of the decision: a word, the variant's name of an object, what the answer amounts to, or that there was one. */
const decisionOf = (method: string, result: Fields, answers: Answers | undefined): string => {
  const decision = result.decision ?? result.action
  if (typeof decision === "string" && decision !== "") return decision
  const [variant] = isFields(decision) ? Object.keys(decision) : []
  if (variant !== undefined) return variant
  switch (method) {
    // No answer to any question is Codex's way to decline them.
    case "item/tool/requestUserInput":
      return answers === undefined || Object.keys(answers).length === 0 ? "decline" : "answer"
    case "item/permissions/requestApproval":
      if (Object.keys(hintFields(result, "permissions") ?? {}).length === 0) return "decline"
      return result.scope === "session" ? "acceptForSession" : "accept"
    default:
      return "answered"
  }
}

/** The client's answer as an event. What is secret of it is not told. */
export const answered = (requestId: string, request: OpenRequest, answer: Answer): Fact => {
  const native = { ...request.native, requestId }
  if (!answer.ok) {
    const error = { code: answer.code ?? null, message: answer.message }
    return fact("request.answered", { decision: "error", data: { error } }, native)
  }
  const result = isFields(answer.result) ? answer.result : {}
  const answers = answersIn(request.method, result)
  return fact(
    "request.answered",
    {
      decision: decisionOf(request.method, result, answers),
      answers: answers === undefined ? undefined : recordedAnswers(answers, request.secrets),
      data: request.secrets.size > 0 ? undefined : (answer.result ?? undefined),
    },
    native,
  )
}

const resolvedId = (params: Fields): string => {
  const id = params.requestId
  if (typeof id === "string" || (typeof id === "number" && Number.isFinite(id))) return JSON.stringify(id)
  throw new WrongShape("requestId: expected a string or a number")
}

export const requestNotifications = {
  "serverRequest/resolved": onThread((params, { thread }, context) => {
    const requestId = resolvedId(params)
    const request = context.requests.get(requestId)
    const type = request?.userInput === true ? "user-input.resolved" : "request.resolved"
    return [fact(type, { decision: null }, { ...request?.native, threadId: thread.id, requestId })]
  }),
} as const satisfies Record<string, Entry>
