/**
 * Whether a request can take an answer (rule 6). A driver states with the question which answers it takes, in the same words for
 * every agent. A wrong answer is therefore refused before anything is recorded or sent.
 */
import { type Answers, Asked, type Choice, type Question } from "@threadfold/contracts"
import { Either, Option, Predicate, Schema } from "effect"

/** An answer that was taken: the choice is null where it is not known what the request takes. */
export interface Taken {
  readonly answers: Answers | null
  /** Answers as they are recorded: without secrets. */
  readonly recorded: Answers | null
}

/** What the question takes, by its row. */
const askedOf = (data: unknown): Asked | null => Option.getOrNull(Schema.decodeUnknownOption(Asked)(data))

/** The name of a decision as the provider writes it: a string, or an object with one member, whose name it is. */
const nameOf = (decision: unknown): string | null => {
  if (typeof decision === "string") return decision
  if (!Predicate.isReadonlyRecord(decision)) return null
  const [name = null, ...more] = Object.keys(decision)
  return more.length === 0 ? name : null
}

const portable = ["accept", "decline", "cancel", "answer"] as const

/** The choices where only the provider's decisions are known: these, and the decisions that every agent understands. */
const fallback = (decisions: readonly unknown[]): readonly Choice[] => {
  const named = decisions.flatMap((one): readonly Choice[] => {
    const decision = nameOf(one)
    return decision === null ? [] : [{ decision, data: "optional" }]
  })
  return [...named, ...portable.map((decision): Choice => ({ decision, data: "optional" }))]
}

/** The choices of a request; null: it does not state them, so the agent decides whether an answer is right. */
export const choicesOf = (data: unknown): readonly Choice[] | null => {
  const asked = askedOf(data)
  const choices = asked?.choices ?? []
  if (choices.length > 0) return choices
  const decisions = asked?.decisions ?? []
  return decisions.length > 0 ? fallback(decisions) : null
}

/** Whether a person is asked to open an address. */
export const asksForAddress = (data: unknown): boolean => typeof askedOf(data)?.url === "string"

const quoted = (text: string): string => JSON.stringify(text)

/** `accept, "allow once" (accept), cancel`. */
const listed = (choices: readonly Choice[]): string =>
  [
    ...new Set(
      choices.map(({ decision, means }) =>
        means === undefined || means === null || means === decision ? decision : `${decision} (${means})`,
      ),
    ),
  ].join(", ")

const labels = ({ options }: Question): readonly string[] => (options ?? []).map(({ label }) => label)

/** `"q1" (Red, Blue)`. */
const described = (question: Question): string => {
  const offered = labels(question)
  if (offered.length === 0) return `${quoted(question.id)} (${question.type ?? "text"})`
  const other = question.other === true ? [...offered, "or another text"] : offered
  return `${quoted(question.id)} (${other.join(", ")})`
}

const shape = (questions: readonly Question[]): string =>
  `It takes data {"answers": {"<question id>": ["…"]}} for ${questions.map(described).join("; ")}.`

const isNumber = (text: string): boolean => text.trim() !== "" && Number.isFinite(Number(text))

/** Why a text is no answer to a question; null: it is one. */
const wrongText = (question: Question, text: string): string | null => {
  const { id, maxLength, maximum, minLength, minimum, other, type } = question
  const offered = labels(question)
  if (offered.length > 0 && other !== true && !offered.includes(text)) {
    return `${quoted(text)} is none of the answers to ${quoted(id)}`
  }
  if (type === "boolean" && text !== "true" && text !== "false") return `${quoted(id)} takes true or false`
  if (type === "number" || type === "integer") {
    if (!isNumber(text)) return `${quoted(id)} takes a number`
    const value = Number(text)
    if (type === "integer" && !Number.isInteger(value)) return `${quoted(id)} takes a whole number`
    if (value < (minimum ?? Number.NEGATIVE_INFINITY)) return `${quoted(id)} takes ${minimum} or more`
    if (value > (maximum ?? Number.POSITIVE_INFINITY)) return `${quoted(id)} takes ${maximum} or less`
    return null
  }
  const length = [...text].length
  if (length < (minLength ?? 0)) return `${quoted(id)} takes ${minLength} characters or more`
  if (length > (maxLength ?? Number.POSITIVE_INFINITY)) return `${quoted(id)} takes ${maxLength} characters or fewer`
  return null
}

/** Why these texts do not answer a question; null: they do. */
const wrongTexts = (question: Question, texts: readonly string[]): string | null => {
  if (texts.length === 0) return question.required === true ? `${quoted(question.id)} needs an answer` : null
  if (texts.length > 1 && question.multiple !== true) return `${quoted(question.id)} takes one answer`
  for (const text of texts) {
    const wrong = wrongText(question, text)
    if (wrong !== null) return wrong
  }
  return null
}

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === "string")

const isAnswers = (value: unknown): value is Answers =>
  Predicate.isReadonlyRecord(value) && Object.values(value).every(isTexts)

/** The answers are taken as they are: `Schema.Record` makes another object, without a question whose id is `__proto__`. */
const Given = Schema.Struct({ answers: Schema.declare(isAnswers) })

/** Stored in the log in place of a secret answer. */
export const SECRET = "(secret)"

const answersTo = (questions: readonly Question[], kind: string, data: unknown): Either.Either<Taken, string> => {
  const given = Schema.decodeUnknownOption(Given, { onExcessProperty: "error" })(data ?? { answers: {} })
  if (Option.isNone(given)) return Either.left(`The data is not of the form of answers. ${shape(questions)}`)
  const { answers } = given.value
  const ids = new Set(questions.map(({ id }) => id))
  for (const id of Object.keys(answers)) {
    if (!ids.has(id)) return Either.left(`There is no question ${quoted(id)}. ${shape(questions)}`)
  }
  const textsById = new Map(Object.entries(answers))
  for (const question of questions) {
    const wrong = wrongTexts(question, textsById.get(question.id) ?? [])
    if (wrong !== null) return Either.left(`${wrong}. ${shape(questions)}`)
  }
  // An empty form is allowed where nothing is required. An answer to a question is not allowed to be empty.
  if (kind === "user_input" && Object.values(answers).every((texts) => texts.length === 0)) {
    return Either.left(`Nothing is answered. ${shape(questions)}`)
  }
  // An agent may send an id twice. The answer is secret if one of the two questions is.
  const secret = new Set(questions.filter((question) => question.secret === true).map(({ id }) => id))
  const recorded = Object.fromEntries(
    Object.entries(answers).map(([id, texts]) => [id, secret.has(id) ? texts.map(() => SECRET) : texts]),
  )
  return Either.right({ answers, recorded })
}

/** Whether a decision is one that answers a form. */
const isAnswer = (decision: string): boolean => decision === "answer" || decision === "accept"
/** Whether data has the form of answers. */
const isGiven = Schema.is(Given)

const nothing: Taken = { answers: null, recorded: null }

/** The answer, if the request can take it; else the reason, and what it takes. */
export const take = (
  row: { readonly kind: string; readonly data?: unknown },
  decision: string,
  data: unknown,
): Either.Either<Taken, string> => {
  const choices = choicesOf(row.data)
  const questions = askedOf(row.data)?.questions ?? []
  // Where there are questions, they state which answers they take and which are secret, whatever choices there are.
  const answersQuestions = questions.length > 0 && (isAnswer(decision) || isGiven(data))
  if (choices === null) return answersQuestions ? answersTo(questions, row.kind, data) : Either.right(nothing)
  // To answer a form is to accept it.
  const word = decision === "answer" && questions.length > 0 ? "accept" : null
  const choice =
    choices.find((one) => one.decision === decision) ??
    choices.find(({ means }) => means === decision) ??
    choices.find(({ means }) => word !== null && means === word)
  if (choice === undefined) {
    return Either.left(`The request does not take ${quoted(decision)}. It takes ${listed(choices)}.`)
  }
  if (answersQuestions || (questions.length > 0 && isAnswer(choice.means ?? choice.decision))) {
    return answersTo(questions, row.kind, data)
  }
  const hasData = data !== undefined && data !== null
  if (choice.data === undefined || choice.data === null) {
    return hasData
      ? Either.left(`${quoted(decision)} takes no data. It takes ${listed(choices)}.`)
      : Either.right(nothing)
  }
  return choice.data === "required" && !hasData
    ? Either.left(`${quoted(decision)} needs data, in the agent's words.`)
    : Either.right(nothing)
}
