/** From the decision of an order to the answer that an agent expects, and the agent's refusals in words for a person. */

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
  /** Of a question for permission: option → kind, in the agent's order. */
  readonly options: ReadonlyMap<string, string>
  /** Of an elicitation: the schema of its form. */
  readonly form?: Fields | undefined
}

/** The result to answer with, or why the decision is none that can be answered with. */
export type Decided = { readonly result: Fields } | { readonly problem: string }

/** What the protocol wants of a client that gives a question up. */
const cancelled: Fields = { outcome: { outcome: "cancelled" } }

const select = (optionId: string): Decided => ({ result: { outcome: { outcome: "selected", optionId } } })

const permission = ({ options }: OpenQuestion, decision: string): Decided => {
  // What the agent offers comes first: an option may be named like one of our words.
  if (options.has(decision)) return select(decision)
  if (decision === "cancel") return { result: cancelled }
  const option = optionFor(options, decision)
  if (option !== undefined) return select(option)
  return {
    problem: `The agent does not offer "${decision}" here. It offers: ${[...options.keys(), "cancel"].join(", ")}.`,
  }
}

/**
 * True: the decision stops the turn, as `cancel` does elsewhere. The protocol knows the answer that nobody decided only as
 * part of that: alone, it would let an agent go on with another try.
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

/** The answer to a question. `data`: the whole answer, where a decision is not enough. */
export const decide = (question: OpenQuestion, decision: string, data: unknown): Decided => {
  if (question.method === elicitationMethod) return elicitation(question, decision, data)
  if (decision === "answer" && isFields(data)) return { result: data }
  return permission(question, decision)
}

/** The answer that gives a question up. */
export const giveUp = ({ method }: OpenQuestion): Fields =>
  method === elicitationMethod ? { action: "cancel" } : cancelled

/** JSON-RPC code by which an agent says that it wants a login first. */
const authRequired = -32000

/** A refusal in words for a person. `login`: how this agent lets one sign in, as far as it says so. */
export const refusal = ({ answer, errorData }: Answered, login: string): string => {
  if (answer.ok) return ""
  const details =
    typeof errorData === "string" ? errorData : isFields(errorData) ? hintText(errorData, "details") : undefined
  const said = details === undefined || details === answer.message ? answer.message : `${answer.message}: ${details}`
  return answer.code === authRequired ? `The agent wants you to sign in first (${said}). ${login}` : said
}
