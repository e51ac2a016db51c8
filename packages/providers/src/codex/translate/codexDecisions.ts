/**
 * Translates decisions into Codex's answers. Every question accepts `accept`, `decline`, `cancel`, and `answer` with the whole
 * answer as data.
 */
import type { Answers } from "@threadfold/contracts"
import { formContent } from "../../questions/elicitationForm.js"
import { portableAnswers } from "../../questions/portableAnswers.js"
import { type Fields, hintArray, hintFields, isFields } from "../../runtime/readFields.js"
import { formOf } from "./codexChoices.js"

/** A question that waits for its answer. */
export interface Question {
  readonly method: string
  readonly params: Fields
}

/** The answer to send: a result, or an error where the question has no result that declines. */
export type Response =
  | { readonly result: Fields }
  | { readonly error: { readonly code: number; readonly message: string } }

/** The answer to send, or why none is sent, in one sentence for a person. */
export type Decided = Response | { readonly refused: string }

/** The result of a decision. Undefined: this question has no such decision. */
type Decide = (decision: string, params: Fields) => Fields | undefined

const needsData = (kind: string): string => `This ${kind} needs an answer with data, not a decision alone.`

const approvalWords: ReadonlySet<string> = new Set(["accept", "acceptForSession", "decline", "cancel"])

/** The decision of an approval. An offered decision with data is named by its one member. */
const approval: Decide = (decision, params) => {
  if (approvalWords.has(decision)) return { decision }
  const offered = hintArray(params, "availableDecisions").find((one) =>
    isFields(one) ? Object.hasOwn(one, decision) : one === decision,
  )
  return offered === undefined ? undefined : { decision: offered }
}

const granted = (params: Fields): Fields =>
  Object.fromEntries(
    Object.entries(hintFields(params, "permissions") ?? {}).filter(([, permission]) => permission !== null),
  )

const permissions: Decide = (decision, params) => {
  switch (decision) {
    case "accept":
      return { permissions: granted(params), scope: "turn" }
    case "acceptForSession":
      return { permissions: granted(params), scope: "session" }
    case "decline":
    case "cancel":
      return { permissions: {}, scope: "turn" }
    default:
      return undefined
  }
}

const elicitation: Decide = (decision) => {
  switch (decision) {
    case "accept":
      return { action: "accept", content: {}, _meta: null }
    case "decline":
    case "cancel":
      return { action: decision, content: null, _meta: null }
    default:
      return undefined
  }
}

/** Codex takes an answer without answers as a refusal of all questions. */
const userInput: Decide = (decision) => (decision === "decline" || decision === "cancel" ? { answers: {} } : undefined)

const toolCall: Decide = (decision) =>
  decision === "decline" || decision === "cancel"
    ? { contentItems: [{ type: "inputText", text: "The user declined this call." }], success: false }
    : undefined

const legacyWords: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["accept", "approved"],
  ["acceptForSession", "approved_for_session"],
  ["decline", { denied: { rejection: "declined by the user" } }],
  ["cancel", "abort"],
])

const legacy: Decide = (decision) => (legacyWords.has(decision) ? { decision: legacyWords.get(decision) } : undefined)

const deciders: ReadonlyMap<string, Decide> = new Map([
  ["item/commandExecution/requestApproval", approval],
  ["item/fileChange/requestApproval", approval],
  ["item/permissions/requestApproval", permissions],
  ["item/tool/requestUserInput", userInput],
  ["item/tool/call", toolCall],
  ["mcpServer/elicitation/request", elicitation],
  ["applyPatchApproval", legacy],
  ["execCommandApproval", legacy],
])

/** A code of JSON-RPC's range for errors of an application. */
const declinedCode = -32_000

/** Answers by question id, in Codex's form. Undefined: this request has no questions. */
const answering = ({ method, params }: Question, answers: Answers): Fields | undefined => {
  switch (method) {
    case "item/tool/requestUserInput":
      return { answers: Object.fromEntries(Object.entries(answers).map(([id, texts]) => [id, { answers: texts }])) }
    case "mcpServer/elicitation/request":
      return { action: "accept", content: formContent(formOf(params), answers), _meta: null }
    default:
      return undefined
  }
}

/** The decisions that accept. Only these take data. */
const yesWords: ReadonlySet<string> = new Set(["accept", "acceptForSession", "answer"])

/** The whole answer in Codex's form. The bare content of a form is accepted, too. */
const whole = ({ method }: Question, data: Fields): Fields =>
  method === "mcpServer/elicitation/request" && !Object.hasOwn(data, "action")
    ? { action: "accept", content: data, _meta: null }
    : data

const withData = (question: Question, data: Fields): Decided => {
  const answers = portableAnswers(data)
  const said = answers === undefined ? undefined : answering(question, answers)
  if (said === undefined && question.method === "item/tool/requestUserInput" && !isFields(data.answers)) {
    return { refused: 'An answer needs its answers: {"answers": {"the question\'s id": ["what is answered"]}}.' }
  }
  return { result: said ?? whole(question, data) }
}

/** Translates a decision into Codex's answer. */
export const decide = (question: Question, decision: string, data: unknown): Decided => {
  if (data !== undefined && data !== null) {
    if (!isFields(data)) return { refused: "The data of an answer is an object." }
    // A refusal takes no data, so its data is ignored.
    if (yesWords.has(decision)) return withData(question, data)
  }
  const decider = deciders.get(question.method)
  const result = decider?.(decision, question.params)
  if (result !== undefined) return { result }
  if (decision === "answer") return { refused: needsData("question") }
  if (decider === undefined && (decision === "decline" || decision === "cancel")) {
    return { error: { code: declinedCode, message: "declined by the user" } }
  }
  if (decision === "accept") return { refused: needsData("question") }
  return { refused: `This question knows no decision ${decision}.` }
}
