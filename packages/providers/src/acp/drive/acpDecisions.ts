/** Translates decisions into the answers that an agent expects, and refusals of the agent into words for a person. */

import { formContent } from "../../questions/elicitationForm.js"
import { portableAnswers } from "../../questions/portableAnswers.js"
import { type Fields, hintText, isFields } from "../../runtime/readFields.js"
import { elicitationMethod, permissionMethod } from "../translate/acpProtocol.js"
import { optionFor } from "../translate/acpQuestions.js"
import type { Answered } from "./Peer.js"

/** A question of the agent that waits for an answer. */
export interface OpenQuestion {
  readonly method: string
  /** The session that asks; undefined: none. */
  readonly nativeThreadId: string | undefined
  /** For a request for permission: option → kind, in the agent's order. */
  readonly options: ReadonlyMap<string, string>
  /** For an elicitation: the schema of its form. */
  readonly form?: Fields | undefined
}

/** The result to send, or why the decision has none. */
export type Decided = { readonly result: Fields } | { readonly problem: string }

/** The answer with which a client gives up a request for permission. */
const cancelled: Fields = { outcome: { outcome: "cancelled" } }

const select = (optionId: string): Decided => ({ result: { outcome: { outcome: "selected", optionId } } })

const permission = ({ options }: OpenQuestion, decision: string): Decided => {
  // The agent's options come first: one of them may have the name of one of our words.
  if (options.has(decision)) return select(decision)
  if (decision === "cancel") return { result: cancelled }
  const option = optionFor(options, decision)
  if (option !== undefined) return select(option)
  return {
    problem: `The agent does not offer "${decision}" here. It offers: ${[...options.keys(), "cancel"].join(", ")}.`,
  }
}

/**
 * Whether the decision stops the turn, as `cancel` does for other agents. In this protocol the answer `cancelled` belongs to a
 * cancelled turn. Without the cancel an agent may go on and try again.
 */
export const stopsTurn = ({ method, options }: OpenQuestion, decision: string): boolean =>
  method === permissionMethod && decision === "cancel" && !options.has(decision)

const elicitation = ({ form }: OpenQuestion, decision: string, data: unknown): Decided => {
  const answers = portableAnswers(data)
  const content = answers === undefined ? data : formContent(form, answers)
  switch (decision) {
    case "accept":
    case "answer":
      return { result: isFields(content) ? { action: "accept", content } : { action: "accept" } }
    case "decline":
    case "cancel":
      return { result: { action: decision } }
    default:
      return {
        problem: `"${decision}" is no answer to this question. Possible are: accept (with data), decline, cancel.`,
      }
  }
}

/** Translates a decision. `data`: the whole answer, where a decision is not enough. */
export const decide = (question: OpenQuestion, decision: string, data: unknown): Decided => {
  if (question.method === elicitationMethod) return elicitation(question, decision, data)
  if (decision === "answer" && isFields(data)) return { result: data }
  return permission(question, decision)
}

/** The answer that gives up a question. */
export const giveUp = ({ method }: OpenQuestion): Fields =>
  method === elicitationMethod ? { action: "cancel" } : cancelled

/** The JSON-RPC code of an agent that needs a login first. */
const authRequired = -32000

/** A refusal as text for a person. `login`: how a person can sign in to this agent. */
export const refusal = ({ answer, errorData }: Answered, login: string): string => {
  if (answer.ok) return ""
  const details =
    typeof errorData === "string" ? errorData : isFields(errorData) ? hintText(errorData, "details") : undefined
  const said = details === undefined || details === answer.message ? answer.message : `${answer.message}: ${details}`
  return answer.code === authRequired ? `The agent wants you to sign in first (${said}). ${login}` : said
}
