/** What a question of an agent is about, found in its own words: the command, and where it runs. */

/** How deep the words of an agent are looked through: some put the arguments into a call, and that into a message. */
const deepest = 4

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** An argument as a shell reads it. */
const quoted = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`

const asCommand = (value: unknown): string | null => {
  if (typeof value === "string" && value !== "") return value
  if (!Array.isArray(value) || value.length === 0 || !value.every((one) => typeof one === "string")) return null
  return value.map(quoted).join(" ")
}

/** The first value of a name, the nearest to the top, that `read` takes. */
const find = <A>(value: unknown, name: string, read: (found: unknown) => A | null): A | null => {
  let level: readonly unknown[] = [value]
  for (let depth = 0; depth < deepest && level.length > 0; depth += 1) {
    const records = level.filter(isRecord)
    for (const record of records) {
      const found = read(record[name])
      if (found !== null) return found
    }
    level = records.flatMap((record) => Object.values(record))
  }
  return null
}

const asText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null)

/** The command that is asked for, whole; null: none is named. */
export const commandIn = (data: unknown): string | null => find(data, "command", asCommand)

/** Where it runs; null: not said. */
export const folderIn = (data: unknown): string | null => find(data, "cwd", asText)

/** Why the agent asks; null: it does not say. */
export const reasonIn = (data: unknown): string | null => find(data, "reason", asText)
