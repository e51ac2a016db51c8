/**
 * An answer to a question of Codex, in Codex's words. Three decisions are understood for every question: `accept`,
 * `decline`, `cancel`; and `answer`, with the whole answer as data.
 */
import { type Fields, hintArray, hintFields, isFields } from "../../wire/read.js"

/** A question that waits for its answer. */
export interface Question {
  readonly method: string
  readonly params: Fields
}

/** What is sent: a result, or an error where the question knows no other way to say no. */
export type Response =
  | { readonly result: Fields }
  | { readonly error: { readonly code: number; readonly message: string } }

/** Or why nothing is: one sentence for a person. */
export type Decided = Response | { readonly refused: string }

/** The result of a decision; undefined: this question knows no such decision. */
type Decide = (decision: string, params: Fields) => Fields | undefined

const needsData = (kind: string): string => `This ${kind} needs an answer with data, not a decision alone.`

const approvalWords: ReadonlySet<string> = new Set(["accept", "acceptForSession", "decline", "cancel"])

/** An offered decision that holds data goes by the name of its one member. */
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

/** No answer to any question is the way to decline them all. */
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

/** JSON-RPC's range for errors of an application. */
const declinedCode = -32_000

/** `{question id: text or texts}`, as a person writes it, in Codex's form. */
const answersOf = (data: Fields): Fields => ({
  answers: Object.fromEntries(
    Object.entries(data).map(([id, said]) => [
      id,
      isFields(said) ? said : { answers: Array.isArray(said) ? said : [said] },
    ]),
  ),
})

/** Data is the whole answer. The content of a form, and answers by question, are understood without what is around them. */
const whole = ({ method }: Question, decision: string, data: Fields): Fields => {
  if (method === "item/tool/requestUserInput" && !isFields(data.answers)) return answersOf(data)
  if (method === "mcpServer/elicitation/request" && !Object.hasOwn(data, "action")) {
    return { action: decision === "answer" ? "accept" : decision, content: data, _meta: null }
  }
  return data
}

/** Puts a decision into Codex's words. */
export const decide = (question: Question, decision: string, data: unknown): Decided => {
  if (data !== undefined && data !== null) {
    return isFields(data)
      ? { result: whole(question, decision, data) }
      : { refused: "The data of an answer is an object." }
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
