/** Questions of the agent and what became of them (rule 6 of the fold). */
import type { RequestKind } from "@threadfold/contracts"
import type { ExpectedRequest } from "./OracleExpectation.js"
import { get, text } from "./readWire.js"

const kinds: Readonly<Record<string, RequestKind>> = {
  "item/commandExecution/requestApproval": "command_approval",
  execCommandApproval: "command_approval",
  "item/fileChange/requestApproval": "file_change_approval",
  applyPatchApproval: "file_change_approval",
  "item/permissions/requestApproval": "permissions",
  "item/tool/call": "tool_call",
  "item/tool/requestUserInput": "user_input",
  "mcpServer/elicitation/request": "elicitation",
}

export type RequestNotes = { -readonly [K in keyof ExpectedRequest]: ExpectedRequest[K] } & {
  readonly nativeTurnId: string | null
  /** Session that asked: ids restart with the process. */
  readonly epoch: number
}

export const newRequest = (id: string, method: string, params: unknown, epoch: number): RequestNotes => ({
  nativeRequestId: id,
  kind: kinds[method] ?? "other",
  status: "open",
  decision: null,
  answers: null,
  nativeTurnId: text(get(params, "turnId")),
  epoch,
})

/** A decision is a word, or an object whose one field is the word; other answers name none. */
const decisionIn = (result: unknown): string | null => {
  const decision = get(result, "decision")
  if (typeof decision === "string") return decision
  return typeof decision === "object" && decision !== null ? (Object.keys(decision)[0] ?? null) : null
}

/** Answers to questions, by question: `{"answers": {"q": {"answers": ["…"]}}}`. */
const answersIn = (result: unknown): ExpectedRequest["answers"] => {
  const answers = get(result, "answers")
  if (typeof answers !== "object" || answers === null) return null
  return Object.fromEntries(Object.entries(answers).map(([id, said]) => [id, get(said, "answers")]))
}

/** The client's answer to a question that is open. */
export const noteAnswer = (request: RequestNotes, result: unknown): void => {
  request.status = "answered"
  request.decision = decisionIn(result)
  request.answers = answersIn(result)
}

/** What is open ends so; what has ended stays as it is. */
export const endRequest = (request: RequestNotes, status: "cancelled" | "expired"): void => {
  if (request.status === "open") request.status = status
}
