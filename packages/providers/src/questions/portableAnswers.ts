/** Answers by question id, in the form that is the same for every agent: `{"answers": {"<question id>": ["…"]}}`. */
import type { Answers, Question } from "@threadfold/contracts"
import { hintFields, isFields } from "../runtime/readFields.js"

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string")

/** The answers that the data of an answer request holds. Undefined: it holds none in this form. */
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

/** The text that replaces a secret answer in the log. A command records the same text (`decide/answer.ts` in `core`). */
const SECRET = "(secret)"

/** The answers to record: without secret ones. */
export const recordedAnswers = (answers: Answers, secrets: ReadonlySet<string>): Answers =>
  secrets.size === 0
    ? answers
    : Object.fromEntries(
        Object.entries(answers).map(([id, texts]) => [id, secrets.has(id) ? texts.map(() => SECRET) : texts]),
      )

/**
 * JSON text that is equal for equal content: without null members, and with sorted members. It shows whether a recorded answer
 * equals the answer that the decision alone would give.
 */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    isFields(member)
      ? Object.fromEntries(
          Object.entries(member)
            .filter(([, one]) => one !== null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : member,
  )
