/** The requests of the server (approvals, questions, tool callbacks), and the client's answers to them. */
import type { Answers, ChangedFile, PortableDecision, RequestKind } from "@threadfold/contracts"
import { formAnswers } from "../../questions/elicitationForm.js"
import { canonicalJson, recordedAnswers } from "../../questions/portableAnswers.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { Answer } from "../../runtime/Message.js"
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
} from "../../runtime/readFields.js"
import type { OpenRequest } from "./CodexThread.js"
import { choicesOf, questionsOf } from "./codexChoices.js"
import { decide } from "./codexDecisions.js"
import type { ServerRequestMethod } from "./codexMethods.js"
import { type Entry, onThread } from "./Entry.js"
import { changesOf, type OpenItems } from "./openItems.js"

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

/** The entry of an unknown method. It is shown as a request, because the server waits for an answer. */
export const unknownRequest = ask("other", () => undefined)

/** The entry of a method. */
export const requestEntry = (method: string): RequestEntry => entries.get(method) ?? unknownRequest

/** The ids that a request names. In older requests the thread is `conversationId` and the item is `callId`. */
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

/** The request as a fact. */
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
      url: entry.kind === "elicitation" && params.mode === "url" ? hintText(params, "url") : undefined,
      data: rest(params, idMembers),
    },
    { ...ids, requestId },
  )
}

/** The answers by question id: from Codex's form of answers, or from the content of an elicitation. */
const answersIn = (method: string, result: Fields): Answers | undefined => {
  if (method === "mcpServer/elicitation/request") return formAnswers(hintFields(result, "content"))
  const answers = method === "item/tool/requestUserInput" ? hintFields(result, "answers") : undefined
  if (answers === undefined) return undefined
  return Object.fromEntries(
    Object.entries(answers).map(([id, said]) => [id, isFields(said) ? hintTexts(said, "answers") : []]),
  )
}

/** The decisions of older approvals, in our words. */
const olderWords: ReadonlyMap<string, PortableDecision> = new Map<string, PortableDecision>([
  ["approved", "accept"],
  ["approved_for_session", "acceptForSession"],
  ["denied", "decline"],
  ["abort", "cancel"],
])

/** The decision of an answer: a word, the name of an object's variant, or what the content of the answer means. */
const decisionOf = (method: string, result: Fields, answers: Answers | undefined): string => {
  const decision = result.decision ?? result.action
  const [variant] = isFields(decision) ? Object.keys(decision) : []
  const word = typeof decision === "string" && decision !== "" ? decision : variant
  if (word !== undefined) return olderWords.get(word) ?? word
  switch (method) {
    // Codex takes an answer without answers as a refusal.
    case "item/tool/requestUserInput":
      return answers === undefined || Object.keys(answers).length === 0 ? "decline" : "answer"
    case "item/permissions/requestApproval":
      if (Object.keys(hintFields(result, "permissions") ?? {}).length === 0) return "decline"
      return result.scope === "session" ? "acceptForSession" : "accept"
    default:
      return "answer"
  }
}

/** Whether the decision is the whole answer: it is its only member, or the decision alone would give the same answer. */
const isPlain = ({ method, params }: OpenRequest, decision: string, answer: Fields): boolean => {
  const members = Object.values(answer).filter((member) => member !== null)
  if (members.length === 1 && members[0] === (answer.decision ?? answer.action) && !isFields(members[0])) return true
  const alone = decide({ method, params }, decision, null)
  // The default scope of granted permissions is the turn.
  const whole = method === "item/permissions/requestApproval" ? { scope: "turn", ...answer } : answer
  return "result" in alone && canonicalJson(alone.result) === canonicalJson(whole)
}

/**
 * The client's answer as a fact, in the form of our own answers: the decision, the answers by question id, and the rest of the
 * answer as the provider has it. Secret answers are left out.
 */
export const answered = (requestId: string, request: OpenRequest, answer: Answer): Fact => {
  const native = { ...request.native, requestId }
  const by = "client"
  if (!answer.ok) {
    const { code = null, message } = answer
    const declined = decide(request, "decline", null)
    if ("error" in declined && declined.error.code === code && declined.error.message === message) {
      return fact("request.answered", { decision: "decline", by }, native)
    }
    return fact("request.answered", { decision: "error", by, data: { error: { code, message } } }, native)
  }
  const result = isFields(answer.result) ? answer.result : {}
  const given = answersIn(request.method, result)
  const decision = decisionOf(request.method, result, given)
  const hasForm = questionsOf(request.method, request.params).length > 0
  const answers = hasForm && (decision === "answer" || decision === "accept") ? given : undefined
  const isWhole = answers !== undefined || request.secrets.size > 0 || isPlain(request, decision, result)
  return fact(
    "request.answered",
    {
      decision,
      by,
      answers: answers === undefined ? undefined : recordedAnswers(answers, request.secrets),
      data: isWhole ? undefined : (answer.result ?? undefined),
    },
    native,
  )
}

const resolvedId = (params: Fields): string => {
  const id = params.requestId
  if (typeof id === "string" || (typeof id === "number" && Number.isFinite(id))) return JSON.stringify(id)
  throw new WrongShape("requestId: expected a string or a number")
}

/** What the server tells its clients about its requests: that one is over. */
export const resolvedEntries = {
  "serverRequest/resolved": onThread((params, { thread }, context) => {
    const requestId = resolvedId(params)
    const request = context.requests.get(requestId)
    const type = request?.userInput === true ? "user-input.resolved" : "request.resolved"
    return [fact(type, { decision: null }, { ...request?.native, threadId: thread.id, requestId })]
  }),
} as const satisfies Record<string, Entry>
