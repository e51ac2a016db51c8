/** Translates decisions into the SDK's answers to a request for permission, a question to the user, or a form. */

import type { AnswerRequest } from "../../ProviderDriver.js"
import { formContent } from "../../questions/elicitationForm.js"
import { portableAnswers } from "../../questions/portableAnswers.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { claudeAnswers, elicitationMethod, formOf } from "./claudeQuestions.js"
import { questionTool } from "./claudeTools.js"

/** The answer in an answer request. */
type Answer = Pick<AnswerRequest, "data" | "decision">

/** The answer for the SDK, or why there is none. */
export type Decision = { readonly value: unknown } | { readonly problem: string }

const offered = (names: readonly string[]): string => `This question is answered with ${names.join(", ")}.`

const permissionNames = ["accept", "acceptForSession", "acceptAlways", "decline", "cancel"]

const form = (asked: Fields, { data, decision }: Answer): Decision => {
  const answers = portableAnswers(data)
  const given = isFields(data) ? (hintFields(data, "content") ?? data) : undefined
  const content = answers === undefined ? given : formContent(formOf(asked), answers)
  switch (decision) {
    case "accept":
    case "answer":
      return { value: { action: "accept", ...(content === undefined ? {} : { content }) } }
    case "decline":
    case "cancel":
      return { value: { action: decision } }
    default:
      return { problem: offered(["accept", "decline", "cancel"]) }
  }
}

const denials: ReadonlyMap<string, { readonly message: string; readonly interrupt?: boolean }> = new Map([
  ["decline", { message: "The user declined this. Go on without it, or ask what to do instead." }],
  ["cancel", { message: "The user cancelled this.", interrupt: true }],
])

/** The rules that this decision adds, from the agent's suggestions. */
const rulesOf = (asked: Fields, decision: string): readonly unknown[] => {
  const suggestions = hintArray(asked, "permission_suggestions")
  if (decision === "acceptAlways") return suggestions
  if (decision !== "acceptForSession") return []
  return suggestions.map((one) => (isFields(one) ? { ...one, destination: "session" } : one))
}

/** Answers to questions in Claude's form, by the text of the question. */
const answersIn = (data: Fields): Fields | undefined => {
  const answers = portableAnswers(data)
  return answers === undefined ? hintFields(data, "answers") : claudeAnswers(answers)
}

const permission = (asked: Fields, { data: given, decision }: Answer): Decision => {
  const data = isFields(given) ? given : {}
  const input = hintFields(data, "updatedInput") ?? hintFields(asked, "input") ?? {}
  const isQuestion = asked.tool_name === questionTool
  const denial = denials.get(decision)
  if (denial !== undefined) {
    return { value: { behavior: "deny", ...denial, message: hintText(data, "message") ?? denial.message } }
  }
  const updatedPermissions = [...hintArray(data, "updatedPermissions"), ...rulesOf(asked, decision)]
  const allowed = (updatedInput: Fields): Decision => ({
    value: {
      behavior: "allow",
      updatedInput,
      ...(updatedPermissions.length === 0 ? {} : { updatedPermissions }),
    },
  })
  const answers = answersIn(data)
  switch (decision) {
    case "answer":
      if (!isQuestion) return { problem: offered(permissionNames) }
      return answers === undefined
        ? { problem: 'An answer needs its answers: {"answers": {"the question": ["what is answered"]}}.' }
        : allowed({ ...input, answers })
    case "accept":
    case "acceptForSession":
    case "acceptAlways":
      return allowed(answers === undefined ? input : { ...input, answers })
    default:
      return { problem: offered(isQuestion ? ["answer", "decline", "cancel"] : permissionNames) }
  }
}

/** Translates a decision into the answer for the SDK. */
export const decide = (asked: Fields, answer: Answer): Decision =>
  asked.subtype === elicitationMethod ? form(asked, answer) : permission(asked, answer)
