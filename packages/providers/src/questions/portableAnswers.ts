/** Answers by question id, in the one form that is the same for every agent: `{"answers": {"<question id>": ["…"]}}`. */
import type { Answers, Question } from "@threadfold/contracts"
import { hintFields, isFields } from "../runtime/readFields.js"

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string")

/** The answers that an order's data holds; undefined: it holds none in this form. */
export const portableAnswers = (data: unknown): Answers | undefined => {
  const answers = isFields(data) ? hintFields(data, "answers") : undefined
  if (answers === undefined) return undefined
  const texts = Object.entries(answers)
  const read = texts.flatMap(([id, value]): [string, readonly string[]][] => (isTexts(value) ? [[id, value]] : []))
  return read.length === texts.length ? Object.fromEntries(read) : undefined
}

/** Ids of the questions whose answers are secret. */
export const secretsOf = (questions: readonly Question[]): ReadonlySet<string> =>
  new Set(questions.flatMap(({ id, secret }) => (secret === true ? [id] : [])))

/** What stands in the log for a secret answer; the same as what a command records (`decide/answer.ts` in `core`). */
const SECRET = "(secret)"

/** Answers as they are recorded: without secrets. */
export const recordedAnswers = (answers: Answers, secrets: ReadonlySet<string>): Answers =>
  secrets.size === 0
    ? answers
    : Object.fromEntries(
        Object.entries(answers).map(([id, texts]) => [id, secrets.has(id) ? texts.map(() => SECRET) : texts]),
      )
