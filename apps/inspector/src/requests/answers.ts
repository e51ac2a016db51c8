/** What a question of an agent takes, and the answer that a form makes. Pure functions; the server looks at every answer again. */
import type { Asked, Choice, Question, RequestDetail } from "@threadfold/contracts"
import { entryOf, visible } from "../format/format.js"

/** How a choice looks: what it does to the work of the agent. */
export type ChoiceTone = "accept" | "decline" | "neutral"

/** One button of a question. */
export interface ShownChoice {
  readonly decision: string
  readonly label: string
  readonly tone: ChoiceTone
  /** It carries the answers of the form. */
  readonly fills: boolean
  /** It takes an answer in the agent's words beside the decision. */
  readonly data: "optional" | "required" | null
}

/** What a form holds: the texts of each question by its id. */
export type Form = Readonly<Record<string, readonly string[]>>

/** The texts that a form holds for a question; an id is a word of the agent, and may be one that every object has. */
export const textsOf = (form: Form, id: string): readonly string[] => entryOf(form, id) ?? []

/** How a question is answered, and all of it in the agent's words. */
export type AskedData = Asked & { readonly data?: unknown }

const isAsked = (data: unknown): data is AskedData => typeof data === "object" && data !== null && !Array.isArray(data)

/** What the server says of a question, in the form that is the same for every agent. */
export const askedOf = ({ data }: Pick<RequestDetail, "data">): AskedData => (isAsked(data) ? data : {})

const labels: Readonly<Record<string, string>> = {
  accept: "Accept",
  acceptForSession: "Accept for this session",
  decline: "Decline",
  cancel: "Cancel",
  answer: "Answer",
}

const tones: Readonly<Record<string, ChoiceTone>> = {
  accept: "accept",
  acceptForSession: "accept",
  answer: "accept",
  decline: "decline",
  cancel: "decline",
}

/** The name of a decision as the provider writes it: a word, or an object with one member, whose name it is. */
const nameOf = (decision: unknown): readonly string[] => {
  if (typeof decision === "string") return [decision]
  if (typeof decision !== "object" || decision === null || Array.isArray(decision)) return []
  const names = Object.keys(decision)
  return names.length === 1 ? names : []
}

/** What can be chosen where the agent says nothing of it: the words that every agent understands. */
const portable = ["accept", "decline", "cancel"].map((decision): Choice => ({ decision, means: null }))

const choicesIn = ({ choices, decisions }: Asked): readonly Choice[] => {
  if (choices !== undefined && choices !== null && choices.length > 0) return choices
  const named = (decisions ?? []).flatMap(nameOf).map((decision): Choice => ({ decision, data: "optional" }))
  return named.length > 0 ? named : portable
}

/** The buttons of a question, in the agent's order. */
export const choicesOf = (request: Pick<RequestDetail, "data">): readonly ShownChoice[] => {
  const asked = askedOf(request)
  const hasQuestions = (asked.questions ?? []).length > 0
  return choicesIn(asked).map(({ data, decision, label, means }) => {
    const word = means ?? decision
    const fills = hasQuestions && (word === "accept" || word === "answer")
    return {
      decision,
      label: visible(label ?? entryOf(labels, word) ?? decision),
      tone: entryOf(tones, word) ?? "neutral",
      fills,
      data: fills ? null : (data ?? null),
    }
  })
}

/** The button that a key for accepting or declining presses. */
export const choiceFor = (choices: readonly ShownChoice[], tone: "accept" | "decline"): ShownChoice | null =>
  choices.find((choice) => choice.tone === tone) ?? null

/** An answer that a question offers: what is sent, and how it is shown. */
export interface ShownOption {
  readonly label: string
  readonly shown: string
  readonly description: string
}

/** The answers that a question offers. */
export const optionsOf = (question: Question): readonly ShownOption[] => {
  const options = (question.options ?? []).map(({ description, label }) => ({
    label,
    shown: visible(label),
    description: visible(description ?? ""),
  }))
  if (options.length > 0 || question.type !== "boolean") return options
  return [
    { label: "true", shown: "Yes", description: "" },
    { label: "false", shown: "No", description: "" },
  ]
}

const isNumber = (text: string): boolean => text.trim() !== "" && Number.isFinite(Number(text))

const wrongText = (question: Question, text: string): string | null => {
  const { maxLength, maximum, minLength, minimum, other, type } = question
  const offered = optionsOf(question)
  if (offered.length > 0 && other !== true && !offered.some(({ label }) => label === text)) return "Choose an answer."
  if (type === "number" || type === "integer") {
    if (!isNumber(text)) return "Write a number."
    const value = Number(text)
    if (type === "integer" && !Number.isInteger(value)) return "Write a whole number."
    if (minimum != null && value < minimum) return `${minimum} or more.`
    if (maximum != null && value > maximum) return `${maximum} or less.`
    return null
  }
  const length = [...text].length
  if (minLength != null && length < minLength) return `${minLength} characters or more.`
  if (maxLength != null && length > maxLength) return `${maxLength} characters or fewer.`
  return null
}

/** What is wrong with the answer to a question; null: nothing. */
export const wrongIn = (question: Question, texts: readonly string[] = []): string | null => {
  if (texts.length === 0) return question.required === true ? "Needs an answer." : null
  return texts.map((text) => wrongText(question, text)).find((wrong) => wrong !== null) ?? null
}

/** What is wrong with a form, by question; empty: nothing. */
export const wrongsOf = (
  { data, kind }: Pick<RequestDetail, "data" | "kind">,
  form: Form,
): ReadonlyMap<string, string> => {
  const questions = askedOf({ data }).questions ?? []
  const wrongs = new Map<string, string>()
  for (const question of questions) {
    const wrong = wrongIn(question, textsOf(form, question.id))
    if (wrong !== null) wrongs.set(question.id, wrong)
  }
  const [first] = questions
  const isEmpty = questions.every(({ id }) => textsOf(form, id).length === 0)
  if (kind === "user_input" && isEmpty && first !== undefined && wrongs.size === 0) {
    wrongs.set(first.id, "Needs an answer.")
  }
  return wrongs
}

/** What is sent for a form: questions without an answer are left out. */
export const answersOf = ({ data }: Pick<RequestDetail, "data">, form: Form): { readonly answers: Form } => ({
  answers: Object.fromEntries(
    (askedOf({ data }).questions ?? []).flatMap(({ id }) => {
      const texts = textsOf(form, id)
      return texts.length === 0 ? [] : [[id, texts]]
    }),
  ),
})

/** A form with another answer to a question: a chosen one is taken back, or replaces the one before unless it takes several. */
export const withChoice = (form: Form, { id, multiple }: Question, label: string): Form => {
  const now = textsOf(form, id)
  const isChosen = now.includes(label)
  if (multiple === true) return { ...form, [id]: isChosen ? now.filter((one) => one !== label) : [...now, label] }
  return { ...form, [id]: isChosen ? [] : [label] }
}

/** A form with a text of the person's own to a question. With several answers it stands beside those that are chosen. */
export const withText = (form: Form, question: Question, text: string): Form => {
  const offered = optionsOf(question).map(({ label }) => label)
  const chosen = question.multiple === true ? textsOf(form, question.id).filter((one) => offered.includes(one)) : []
  return { ...form, [question.id]: text === "" ? chosen : [...chosen, text] }
}

/** The text of the person's own in an answer. */
export const ownText = (form: Form, question: Question): string => {
  const offered = optionsOf(question).map(({ label }) => label)
  return textsOf(form, question.id).find((one) => !offered.includes(one)) ?? ""
}

const deciders: Readonly<Record<string, string>> = {
  client: "a client",
  policy: "the policy of this server",
  elsewhere: "another program of the agent",
}

/** How a question ended: what was decided and by whom; null: it is open. */
export const outcomeOf = ({
  cause,
  data,
  decidedBy,
  decision,
  status,
}: Pick<RequestDetail, "cause" | "data" | "decidedBy" | "decision" | "status">): string | null => {
  const by = decidedBy === null ? "" : ` by ${visible(entryOf(deciders, decidedBy) ?? decidedBy)}`
  const named = decision === null ? null : choicesOf({ data }).find((choice) => choice.decision === decision)?.label
  const what = decision === null ? "" : `: ${named ?? visible(entryOf(labels, decision) ?? decision)}`
  switch (status) {
    case "open":
      return null
    case "answering":
      return `An answer is on its way to the agent${what}${by}`
    case "answered":
      return decision === null ? `Answered elsewhere${by}` : `Answered${what}${by}`
    case "cancelled":
      return `The agent took it back${cause === null ? "" : ` (${visible(cause)})`}`
    case "expired":
      return `It ended without an answer${cause === null ? "" : ` (${visible(cause)})`}`
    default:
      return status
  }
}
