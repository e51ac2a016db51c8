/**
 * Small typed readers for messages that came from outside. What a message cannot do without is read by `need*` and
 * `mayHave*`, which refuse a value of the wrong type; what merely describes is read by `hint*`, which ignores one, so that a
 * strange detail never costs us the event it decorates.
 */

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** A message of a known method that is not what the protocol says. Caught by {@link attempt} alone. */
export class WrongShape extends Error {
  override readonly name = "WrongShape"
}

/** Runs a mapping; a message that is not what the protocol says comes back as the reason, never as a throw. */
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

const own = (fields: Fields, key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined)

const refuse = (key: string, expected: string): never => {
  throw new WrongShape(`${key}: expected ${expected}`)
}

/** A string that must be there and not be empty: an empty id or name says nothing. */
export const needText = (fields: Fields, key: string): string => {
  const value = own(fields, key)
  return typeof value === "string" && value !== "" ? value : refuse(key, "a text")
}

/** A string that must be there; may be empty. */
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

/** An id that may be absent, null or empty, all of which name nothing; of another type it is refused. */
export const mayHaveId = (fields: Fields, key: string): string | undefined => {
  const value = own(fields, key)
  if (value === undefined || value === null || value === "") return undefined
  return typeof value === "string" ? value : refuse(key, "a string")
}

/** A string that may be absent or null; of another type it is refused. */
export const mayHaveString = (fields: Fields, key: string): string | null => {
  const value = own(fields, key)
  if (value === undefined || value === null) return null
  return typeof value === "string" ? value : refuse(key, "a string")
}

/** Strings that may be absent or null (then none); anything else in them is refused. */
export const mayHaveStrings = (fields: Fields, key: string): readonly string[] => {
  const value = own(fields, key)
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return refuse(key, "an array of strings")
  return value.map((entry: unknown) => (typeof entry === "string" ? entry : refuse(key, "an array of strings")))
}

/** A descriptive string, where there is one that says something. */
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

/** A descriptive array; empty where there is none. */
export const hintArray = (fields: Fields, key: string): readonly unknown[] => {
  const value = own(fields, key)
  return Array.isArray(value) ? value : []
}

/** Descriptive strings; whatever else stands between them is left out. */
export const hintTexts = (fields: Fields, key: string): readonly string[] =>
  hintArray(fields, key).filter((entry) => typeof entry === "string")

/** A descriptive JSON value; null counts as absent. */
export const hintJson = (fields: Fields, key: string): unknown => own(fields, key) ?? undefined

/** The object without the named members and without those that say nothing (null, empty array); undefined when nothing is left. */
export const rest = (fields: Fields, without: readonly string[]): Fields | undefined => {
  const entries = Object.entries(fields).filter(
    ([key, value]) => !without.includes(key) && value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** One line for a list: white space collapsed, at most 200 characters. Undefined when nothing is left. */
export const oneLine = (text: string | undefined): string | undefined => {
  const line = text?.replace(/\s+/g, " ").trim()
  if (line === undefined || line === "") return undefined
  const characters = [...line.slice(0, 500)]
  return characters.length <= 200 && line.length <= 500 ? line : `${characters.slice(0, 199).join("")}…`
}
