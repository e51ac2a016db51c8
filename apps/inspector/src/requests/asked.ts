/** What a request asks, read out of its `data`, whose form is open: what is not as it should be is left out, never guessed. */
import type { Choice, Question } from "@threadfold/contracts"

/** A file that an approval is about. */
export interface AskedFile {
  readonly path: string
  readonly kind: string | null
  readonly diff: string | null
}

export interface AskedOf {
  readonly choices: readonly Choice[]
  readonly questions: readonly Question[]
  readonly changes: readonly AskedFile[]
  /** The address that a person is asked to open. */
  readonly url: string | null
  /** All arguments, in the provider's words; null: none. */
  readonly native: unknown
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const recordsOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isRecord) : []

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null)

const isChoice = (value: Readonly<Record<string, unknown>>): boolean => typeof value.decision === "string"
const isQuestion = (value: Readonly<Record<string, unknown>>): boolean => typeof value.id === "string"

/** Words that every agent's request takes where it names no choices. */
const portable: readonly Choice[] = [
  { decision: "accept", means: "accept" },
  { decision: "acceptForSession", means: "acceptForSession" },
  { decision: "decline", means: "decline" },
  { decision: "cancel", means: "cancel" },
]

export const askedOf = (data: unknown): AskedOf => {
  const of = isRecord(data) ? data : {}
  // The shapes are those of the contracts; their other fields may be absent.
  const choices = recordsOf(of.choices).filter(isChoice) as unknown as readonly Choice[]
  const questions = recordsOf(of.questions).filter(isQuestion) as unknown as readonly Question[]
  return {
    choices: choices.length === 0 ? portable : choices,
    questions,
    changes: recordsOf(of.changes).flatMap((file) => {
      const path = textOf(file.path)
      return path === null ? [] : [{ path, kind: textOf(file.kind), diff: textOf(file.diff) }]
    }),
    url: textOf(of.url),
    native: of.data ?? null,
  }
}

const labels: Readonly<Record<string, string>> = {
  accept: "Accept",
  acceptForSession: "Accept for this session",
  decline: "Decline",
  cancel: "Decline and stop",
  answer: "Answer",
}

/** How a choice is written on its button. */
export const choiceLabel = ({ decision, label, means }: Choice): string =>
  label ?? labels[means ?? decision] ?? decision

/** The decision that stands for a portable word; null: the request takes none of this kind. */
export const decisionFor = (choices: readonly Choice[], word: string): string | null =>
  choices.find(({ decision, means }) => means === word || decision === word)?.decision ?? null

/** The one line of a command that is asked about, out of the provider's words; null: there is none. */
export const commandOf = (native: unknown): string | null => {
  if (!isRecord(native)) return null
  const input = isRecord(native.input) ? native.input : native
  const command = input.command ?? native.command
  if (typeof command === "string") return command
  return Array.isArray(command) && command.every((part) => typeof part === "string") ? command.join(" ") : null
}

/** Why an answer to a question cannot be sent; null: it can. */
export const answerProblem = (question: Question, answers: readonly string[]): string | null => {
  const given = answers.filter((one) => one !== "")
  if (given.length === 0) return question.required === true ? "This must be answered." : null
  for (const one of given) {
    const number = Number(one)
    if (question.type === "number" && !Number.isFinite(number)) return "A number is expected."
    if (question.type === "integer" && !Number.isInteger(number)) return "A whole number is expected."
    if (question.type === "boolean" && !["true", "false"].includes(one)) return "true or false is expected."
    if (typeof question.minimum === "number" && number < question.minimum)
      return `At least ${question.minimum} is expected.`
    if (typeof question.maximum === "number" && number > question.maximum)
      return `At most ${question.maximum} is expected.`
    if (typeof question.minLength === "number" && one.length < question.minLength)
      return `At least ${question.minLength} characters are expected.`
    if (typeof question.maxLength === "number" && one.length > question.maxLength)
      return `At most ${question.maxLength} characters are expected.`
  }
  return null
}
