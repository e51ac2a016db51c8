/** Gives equal values one text. Content is compared, and rows are hashed, in this form. */

/**
 * Canonical JSON: no spaces, and the members of every object in the order of their names (by UTF-16 units). Everything else is as
 * `JSON.stringify` writes it: numbers in their shortest form, -0 as 0, an absent (`undefined`) member left out. What JSON cannot
 * hold (NaN, an infinity, `undefined` in an array or by itself) is null. It does not call `toJSON`, because it is meant for plain
 * data.
 */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(",")}}`
}

/** Whether a value is an object of JSON, or a list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null
