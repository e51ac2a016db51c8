/**
 * Places in the conversation that the agent has stored: a file of lines for each session, where each line names the one that it goes on
 * from. The SDK reads the same files, but of its own environment only, which need not be the agent's.
 */
import { createReadStream, readdirSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { readWireJson } from "@threadfold/contracts"
import { Effect } from "effect"
import { hintText, isFields } from "../../runtime/readFields.js"

/** The place before a message. `before`: id of the entry that it goes on from; null: the conversation begins with it. */
export interface StoredPlace {
  readonly before: string | null
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** The file of a session, below the folder where the agent keeps its files; null: there is none. */
const sessionFile = (env: Readonly<Record<string, string>>, sessionId: string): string | null => {
  const projects = join(env.CLAUDE_CONFIG_DIR ?? join(env.HOME ?? homedir(), ".claude"), "projects")
  const folders = statSync(projects, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(projects) : []
  return folders.map((folder) => join(projects, folder, `${sessionId}.jsonl`)).find(isFile) ?? null
}

const search = async (file: string, messageId: string): Promise<StoredPlace | null> => {
  const input = createReadStream(file)
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      // Most lines are long, and one is wanted.
      if (!line.includes(messageId)) continue
      const entry = readWireJson(line)
      if (isFields(entry) && entry.uuid === messageId && entry.type === "user") {
        return { before: hintText(entry, "parentUuid") ?? null }
      }
    }
    return null
  } finally {
    input.destroy()
  }
}

/** The place before a message of the user in a stored session; null: it is not stored there, or cannot be read. */
export const placeBefore = (
  env: Readonly<Record<string, string>>,
  sessionId: string,
  messageId: string,
): Effect.Effect<StoredPlace | null> =>
  Effect.tryPromise(async () => {
    const file = sessionFile(env, sessionId)
    return file === null ? null : await search(file, messageId)
  }).pipe(Effect.orElseSucceed(() => null))
