/**
 * Forms of tool servers: an object schema of plain members, as in an elicitation of MCP. The members become questions,
 * answers by question id become the content of the form, and content becomes answers again.
 */
import type { Answers, Question, QuestionOption } from "@threadfold/contracts"
import { type Fields, hintArray, hintFields, hintNumber, hintText, isFields } from "../runtime/readFields.js"

const types = ["number", "integer", "boolean"] as const

/** The values that a member offers: constants with titles, or plain values with or without names. */
const offered = (member: Fields): readonly QuestionOption[] => {
  const titled = [...hintArray(member, "oneOf"), ...hintArray(member, "anyOf")].flatMap((one): QuestionOption[] =>
    isFields(one) && typeof one.const === "string"
      ? [{ label: one.const, ...(typeof one.title === "string" ? { description: one.title } : {}) }]
      : [],
  )
  if (titled.length > 0) return titled
  const names = hintArray(member, "enumNames")
  return hintArray(member, "enum").flatMap((value, index): QuestionOption[] => {
    if (typeof value !== "string" && typeof value !== "number") return []
    const name = names[index]
    return [{ label: String(value), ...(typeof name === "string" ? { description: name } : {}) }]
  })
}

const bounds = (member: Fields): Partial<Question> =>
  Object.fromEntries(
    (["minimum", "maximum", "minLength", "maxLength"] as const).flatMap((name) => {
      const value = hintNumber(member, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )

const question = (id: string, member: Fields, required: boolean): Question => {
  const isList = member.type === "array"
  const options = offered(isList ? (hintFields(member, "items") ?? {}) : member)
  const type = types.find((one) => one === member.type)
  const header = hintText(member, "title")
  const text = hintText(member, "description")
  return {
    id,
    ...(header === undefined ? {} : { header }),
    ...(text === undefined ? {} : { text }),
    ...(type === undefined ? {} : { type }),
    ...(options.length === 0 ? {} : { options }),
    ...(isList ? { multiple: true } : {}),
    ...(required ? { required: true } : {}),
    ...(isList ? {} : bounds(member)),
  }
}

/** The members of a form as questions, in the form's order. */
export const formQuestions = (schema: Fields | undefined): readonly Question[] => {
  if (schema === undefined) return []
  const required = new Set(hintArray(schema, "required"))
  return Object.entries(hintFields(schema, "properties") ?? {}).flatMap(([id, member]) =>
    isFields(member) ? [question(id, member, required.has(id))] : [],
  )
}

const valueOf = (member: Fields, texts: readonly string[]): unknown => {
  const [text = ""] = texts
  switch (member.type) {
    case "array":
      return texts
    case "number":
    case "integer":
      return Number(text)
    case "boolean":
      return text === "true"
    default:
      return text
  }
}

/** Answers by question id as the content of the form, each in the type that the form demands. */
export const formContent = (schema: Fields | undefined, answers: Answers): Fields => {
  const members = hintFields(schema ?? {}, "properties") ?? {}
  return Object.fromEntries(
    Object.entries(answers).flatMap(([id, texts]) => {
      const member = Object.hasOwn(members, id) ? members[id] : undefined
      return texts.length === 0 ? [] : [[id, valueOf(isFields(member) ? member : {}, texts)]]
    }),
  )
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** The content of a form as answers by question id. Undefined: there is no content. */
export const formAnswers = (content: Fields | undefined): Answers | undefined => {
  if (content === undefined) return undefined
  const answers = Object.entries(content)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([id, value]): [string, readonly string[]] => [id, Array.isArray(value) ? value.map(textOf) : [textOf(value)]])
  return Object.fromEntries(answers)
}
