/** The process that the SDK asks us to start. */
import { Effect } from "effect"
import { ConnectionLost } from "../../ProviderDriver.js"
import { type Fields, hintFields, hintText, hintTexts, isFields } from "../../runtime/readFields.js"

export interface Spawn {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Its whole environment, without our marks. */
  readonly env: Readonly<Record<string, string>>
}

const textsIn = (fields: Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  )

/** Reads the SDK's `SpawnOptions`. */
export const readSpawn = (wanted: unknown): Effect.Effect<Spawn, ConnectionLost> => {
  const fields = isFields(wanted) ? wanted : {}
  const command = hintText(fields, "command")
  if (command === undefined) {
    const message = "The Claude Agent SDK names no program to start. Install version 0.3 of it, or a later one."
    return new ConnectionLost({ provider: "claude", message })
  }
  const cwd = hintText(fields, "cwd")
  return Effect.succeed({
    command,
    args: hintTexts(fields, "args"),
    env: textsIn(hintFields(fields, "env") ?? {}),
    ...(cwd === undefined ? {} : { cwd }),
  })
}
