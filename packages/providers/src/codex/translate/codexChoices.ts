/** The decisions and questions of each request of Codex, in words that are the same for every agent. */
import type { Choice, PortableDecision, Question } from "@threadfold/contracts"
import { formQuestions } from "../../questions/elicitationForm.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"

const choices = (...words: readonly PortableDecision[]): readonly Choice[] =>
  words.map((decision) => ({ decision, means: decision }))

const refusals = choices("decline", "cancel")
const approval = choices("accept", "acceptForSession", "decline", "cancel")

/** The name of an offered decision. It is a word, or an object whose one member has the name. */
const nameOf = (decision: unknown): string | undefined => {
  if (typeof decision === "string") return decision
  return isFields(decision) ? Object.keys(decision)[0] : undefined
}

/** The offered decisions in their order, then the plain words, which are always accepted. */
const offeredOr = (params: Fields): readonly Choice[] => {
  const plain = new Map(approval.map((choice) => [choice.decision, choice]))
  const offered = hintArray(params, "availableDecisions").flatMap((one): readonly Choice[] => {
    const decision = nameOf(one)
    return decision === undefined ? [] : [plain.get(decision) ?? { decision }]
  })
  const names = new Set(offered.map(({ decision }) => decision))
  return [...offered, ...approval.filter(({ decision }) => !names.has(decision))]
}

const withAnswer: readonly Choice[] = [{ decision: "answer", means: "answer", data: "required" }, ...refusals]

/** The decisions that a request accepts. */
export const choicesOf = (method: string, params: Fields): readonly Choice[] => {
  switch (method) {
    case "item/commandExecution/requestApproval":
    case "item/fileChange/requestApproval":
      return offeredOr(params)
    case "applyPatchApproval":
    case "execCommandApproval":
      return approval
    case "item/permissions/requestApproval":
      // Data may grant less than was asked for.
      return approval.map((choice) => (refusals.includes(choice) ? choice : { ...choice, data: "optional" }))
    case "mcpServer/elicitation/request":
      return [{ decision: "accept", means: "accept", data: "optional" }, ...refusals]
    default:
      return withAnswer
  }
}

const userQuestion = (question: unknown): readonly Question[] => {
  const id = isFields(question) ? hintText(question, "id") : undefined
  if (id === undefined || !isFields(question)) return []
  const header = hintText(question, "header")
  const text = hintText(question, "question")
  const options = hintArray(question, "options").flatMap((option) => {
    const label = isFields(option) ? hintText(option, "label") : undefined
    const description = isFields(option) ? hintText(option, "description") : undefined
    return label === undefined ? [] : [{ label, ...(description === undefined ? {} : { description }) }]
  })
  return [
    {
      id,
      ...(header === undefined ? {} : { header }),
      ...(text === undefined ? {} : { text }),
      ...(options.length === 0 ? {} : { options }),
      ...(question.multiple === true || question.multiSelect === true ? { multiple: true } : {}),
      ...(question.isOther === true ? { other: true } : {}),
      ...(question.isSecret === true ? { secret: true } : {}),
    },
  ]
}

/** The form of an elicitation. */
export const formOf = (params: Fields): Fields | undefined => hintFields(params, "requestedSchema")

/** The questions of a request, which an answer fills. */
export const questionsOf = (method: string, params: Fields): readonly Question[] => {
  switch (method) {
    case "item/tool/requestUserInput":
      return hintArray(params, "questions").flatMap(userQuestion)
    case "mcpServer/elicitation/request":
      return formQuestions(formOf(params))
    default:
      return []
  }
}
