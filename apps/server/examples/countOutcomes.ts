/**
 * Threadfold in a process of one's own, with tables of one's own: how often the turns of each folder ended how.
 * `openThreadfold` opens the data directory, `@threadfold/client` calls it, and the projection follows its log.
 */
import { connect } from "@threadfold/client"
import { type OpenOptions, type OwnProjectionSpec, openThreadfold } from "@threadfold/server"

/** A field of a payload that is a text; of a purged thread payloads are empty. */
const textOf = (payload: unknown, name: string): string | null => {
  const value: unknown = typeof payload === "object" && payload !== null ? Reflect.get(payload, name) : null
  return typeof value === "string" ? value : null
}

/** Follows from the events alone, so that `rebuild` and `check` lead to the same rows. */
export const outcomes: OwnProjectionSpec = {
  name: "outcomes",
  version: 1,
  tables: [
    "CREATE TABLE folders (thread_id TEXT PRIMARY KEY, folder TEXT NOT NULL)",
    "CREATE TABLE ended (thread_id TEXT, outcome TEXT, turns INTEGER NOT NULL, PRIMARY KEY (thread_id, outcome))",
  ],
  types: ["thread.created", "turn.completed", "thread.purged"],
  fold: ({ payload, streamId, type }, { run }) => {
    if (type === "thread.created") {
      run("INSERT OR REPLACE INTO folders VALUES (?, ?)", streamId, textOf(payload, "cwd") ?? "")
    }
    if (type === "turn.completed") {
      const outcome = textOf(payload, "outcome") ?? "unknown"
      run("INSERT INTO ended VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET turns = turns + 1", streamId, outcome)
    }
    if (type === "thread.purged") {
      run("DELETE FROM folders WHERE thread_id = ?", streamId)
      run("DELETE FROM ended WHERE thread_id = ?", streamId)
    }
  },
}

/** Has an agent work in a folder, and tells how the turns there ended. */
export const workIn = async (options: OpenOptions, folder: string, text: string) => {
  const threadfold = await openThreadfold({ ...options, projections: [outcomes] })
  try {
    const client = connect(threadfold)
    const [agent] = threadfold.agents
    if (agent === undefined) throw new Error("No agent is installed: `threadfold doctor` says how to get one.")
    const { threadId } = await client.createThread({ agent, cwd: folder })
    const { turnId } = await client.sendMessage(threadId, { text })
    if (turnId !== null) await client.waitForTurn(turnId)

    const projection = threadfold.projection("outcomes")
    const { sequence } = await client.run((api) => api.threads.get({ path: { threadId }, urlParams: { limit: 1 } }))
    await projection.reached(sequence)
    const rows = await projection.query(
      "SELECT outcome, sum(turns) AS turns FROM ended JOIN folders USING (thread_id) WHERE folder = ? GROUP BY outcome",
      folder,
    )
    return { rows, check: await projection.check() }
  } finally {
    await threadfold.close()
  }
}
