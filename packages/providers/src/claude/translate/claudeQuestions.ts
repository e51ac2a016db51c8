/** The decisions, questions and changes of Claude's requests, in words that are the same for every agent. */
import type { Answers, ChangedFile, Choice, PortableDecision, Question } from "@threadfold/contracts"
import { textDiff } from "../../questions/textDiff.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"

/** The question for permission. */
export const permissionMethod = "can_use_tool"
/** The form of a tool server. */
export const elicitationMethod = "elicitation"

const portable: readonly PortableDecision[] = ["accept", "acceptForSession", "decline", "cancel", "answer"]

/** Decisions as choices. Each may have data that the SDK accepts, such as a changed input or a message. */
export const choicesOf = (decisions: readonly string[]): readonly Choice[] =>
  decisions.map((decision) => {
    const means = portable.find((one) => one === decision)
    return {
      decision,
      ...(means === undefined ? {} : { means }),
      data: decision === "answer" ? ("required" as const) : ("optional" as const),
    }
  })

/** The form of an elicitation. */
export const formOf = (asked: Fields): Fields | undefined =>
  hintFields(asked, "requested_schema") ?? hintFields(asked, "requestedSchema")

/** The questions of `AskUserQuestion`. The text of a question is its id. Each also accepts a text that it does not offer. */
export const userQuestions = (input: Fields): readonly Question[] =>
  hintArray(input, "questions").flatMap((question): readonly Question[] => {
    const text = isFields(question) ? hintText(question, "question") : undefined
    if (text === undefined || !isFields(question)) return []
    const header = hintText(question, "header")
    const options = hintArray(question, "options").flatMap((option) => {
      const label = isFields(option) ? hintText(option, "label") : undefined
      const description = isFields(option) ? hintText(option, "description") : undefined
      return label === undefined ? [] : [{ label, ...(description === undefined ? {} : { description }) }]
    })
    return [
      {
        id: text,
        text,
        ...(header === undefined ? {} : { header }),
        ...(options.length === 0 ? {} : { options }),
        ...(question.multiSelect === true ? { multiple: true } : {}),
        other: true,
      },
    ]
  })

/** Separates the answers to a question that accepts several. */
const SEPARATOR = ", "

/** Answers by question id in Claude's form: one text per question. */
export const claudeAnswers = (answers: Answers): Fields =>
  Object.fromEntries(
    Object.entries(answers).flatMap(([id, texts]) => (texts.length === 0 ? [] : [[id, texts.join(SEPARATOR)]])),
  )

/** Claude's answers by question id. Undefined: there are none. */
export const answersIn = (input: Fields): Answers | undefined => {
  const answers = hintFields(input, "answers")
  if (answers === undefined) return undefined
  const multiple = new Set(userQuestions(input).flatMap((one) => (one.multiple === true ? [one.id] : [])))
  return Object.fromEntries(
    Object.entries(answers).flatMap(([id, text]) =>
      typeof text === "string" ? [[id, multiple.has(id) ? text.split(SEPARATOR) : [text]]] : [],
    ),
  )
}

/** The file that a tool will change, and its diff. */
export const changesOf = (input: Fields): readonly ChangedFile[] => {
  const path = hintText(input, "file_path") ?? hintText(input, "notebook_path")
  if (path === undefined) return []
  const replaced = [input, ...hintArray(input, "edits").filter(isFields)].flatMap((edit) =>
    typeof edit.old_string === "string" && typeof edit.new_string === "string"
      ? [textDiff(edit.old_string, edit.new_string)]
      : [],
  )
  const written = [input.content, input.new_source].find((one) => typeof one === "string")
  if (replaced.length > 0) return [{ path, kind: "update", diff: replaced.join("\n") }]
  // The tool does not say whether the file exists already.
  return [{ path, ...(typeof written === "string" ? { diff: textDiff("", written) } : {}) }]
}
