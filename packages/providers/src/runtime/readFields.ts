/**
 * Small typed readers for messages from outside. `need*` and `mayHave*` read what a message cannot do without: they refuse
 * a value of the wrong type. `hint*` read what only describes: they ignore such a value, so that a strange detail does not
 * cost the whole event.
 */
import { maxTokenCount } from "@threadfold/contracts"

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** Thrown where a message of a known method is not what the protocol says. {@link attempt} catches it. */
export class WrongShape extends Error {
  override readonly name = "WrongShape"
}

/** Runs a mapping. Returns the problem where the message is not what the protocol says. */
export const attempt = <A>(map: () => A): { readonly value: A } | { readonly problem: string } => {
  try {
    return { value: map() }
  } catch (error) {
    if (error instanceof WrongShape) return { problem: error.message }
    throw error
  }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A JSON object; null: the text is none. */
export const parseFields = (text: string): Fields | null => {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}

const own = (fields: Fields, key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined)

const refuse = (key: string, expected: string): never => {
  throw new WrongShape(`${key}: expected ${expected}`)
}

/** A string that must be there and must not be empty. */
export const needText = (fields: Fields, key: string): string => {
  const value = own(fields, key)
  return typeof value === "string" && value !== "" ? value : refuse(key, "a text")
}

/** A string that must be there. It may be empty. */
export const needString = (fields: Fields, key: string): string => {
  const value = own(fields, key)
  return typeof value === "string" ? value : refuse(key, "a string")
}

/** A boolean that must be there. */
export const needBoolean = (fields: Fields, key: string): boolean => {
  const value = own(fields, key)
  return typeof value === "boolean" ? value : refuse(key, "a boolean")
}

/** An object that must be there. */
export const needFields = (fields: Fields, key: string): Fields => {
  const value = own(fields, key)
  return isFields(value) ? value : refuse(key, "an object")
}

/** An array that must be there. */
export const needArray = (fields: Fields, key: string): readonly unknown[] => {
  const value = own(fields, key)
  return Array.isArray(value) ? value : refuse(key, "an array")
}

/** An id. Absent, null and empty all mean that there is none. Another type is refused. */
export const mayHaveId = (fields: Fields, key: string): string | undefined => {
  const value = own(fields, key)
  if (value === undefined || value === null || value === "") return undefined
  return typeof value === "string" ? value : refuse(key, "a string")
}

/** A string that may be absent or null. Another type is refused. */
export const mayHaveString = (fields: Fields, key: string): string | null => {
  const value = own(fields, key)
  if (value === undefined || value === null) return null
  return typeof value === "string" ? value : refuse(key, "a string")
}

/** An array of strings that may be absent or null (then it is empty). Another type is refused. */
export const mayHaveStrings = (fields: Fields, key: string): readonly string[] => {
  const value = own(fields, key)
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return refuse(key, "an array of strings")
  return value.map((entry: unknown) => (typeof entry === "string" ? entry : refuse(key, "an array of strings")))
}

/** A descriptive string, where there is one and it is not empty. */
export const hintText = (fields: Fields, key: string): string | undefined => {
  const value = own(fields, key)
  return typeof value === "string" && value !== "" ? value : undefined
}

/** A descriptive finite number, where there is one. */
export const hintNumber = (fields: Fields, key: string): number | undefined => {
  const value = own(fields, key)
  return typeof value === "number" && Number.isFinite(value) ? value : undefined
}

/** A descriptive object, where there is one. */
export const hintFields = (fields: Fields, key: string): Fields | undefined => {
  const value = own(fields, key)
  return isFields(value) ? value : undefined
}

/** A descriptive array. Empty where there is none. */
export const hintArray = (fields: Fields, key: string): readonly unknown[] => {
  const value = own(fields, key)
  return Array.isArray(value) ? value : []
}

/** The strings of a descriptive array. Other elements are left out. */
export const hintTexts = (fields: Fields, key: string): readonly string[] =>
  hintArray(fields, key).filter((entry) => typeof entry === "string")

/** A descriptive JSON value. Null counts as absent. */
export const hintJson = (fields: Fields, key: string): unknown => own(fields, key) ?? undefined

/** The object without the named members and without empty ones (null, empty array). Undefined when nothing is left. */
export const rest = (fields: Fields, without: readonly string[]): Fields | undefined => {
  let left: Record<string, unknown> | undefined
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    if (without.includes(key) || value === null || (Array.isArray(value) && value.length === 0)) continue
    left = withMember(left ?? {}, key, value)
  }
  return left
}

/** The object with other names. Of two members that get one name the later one is kept. */
export const renamed = (fields: Fields, nameOf: (name: string) => string): Fields => {
  let made: Record<string, unknown> = {}
  for (const key of Object.keys(fields)) made = withMember(made, nameOf(key), fields[key])
  return made
}

/** Adds a member, also one that is called `__proto__`, which an assignment would not. */
const withMember = (fields: Record<string, unknown>, key: string, value: unknown): Record<string, unknown> => {
  if (key === "__proto__") return { ...fields, [key]: value }
  fields[key] = value
  return fields
}

/** A text as one line for a list: white space is collapsed, at most 200 characters. Undefined when nothing is left. */
export const oneLine = (text: string | undefined): string | undefined => {
  const line = text?.replace(/\s+/g, " ").trim()
  if (line === undefined || line === "") return undefined
  const characters = [...line.slice(0, 500)]
  return characters.length <= 200 && line.length <= 500 ? line : `${characters.slice(0, 199).join("")}…`
}

/**
 * A count of tokens as events take it: whole, from 0 to 2^43. Another number becomes undefined (not known), so that it does
 * not cost the other counts of its message.
 */
export const asTokens = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isInteger(value) && value >= 0 && value <= maxTokenCount ? value : undefined

/** A count of tokens, where there is one. */
export const hintTokens = (fields: Fields, key: string): number | undefined => asTokens(hintNumber(fields, key))

/** The sum of the known counts. Undefined where none is known. */
export const sumTokens = (counts: readonly (number | undefined)[]): number | undefined => {
  const reported = counts.filter((count) => count !== undefined)
  return reported.length === 0 ? undefined : asTokens(reported.reduce((total, count) => total + count, 0))
}
