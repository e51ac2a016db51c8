/**
 * Talks to an agent in a terminal: prints what it says as it comes, and asks what it asks.
 *
 *   URL=http://127.0.0.1:7420 TOKEN=$(cat "$THREADFOLD_DATA_DIR/token") npx tsx terminal.ts codex "Say hello"
 */
import { createInterface } from "node:readline/promises"
import { fileURLToPath } from "node:url"
import { type Connection, connect, Problem, viewOf } from "@threadfold/client"

export interface Terminal {
  readonly say: (text: string) => void
  /** The decision on a question, for example `accept` or `decline`. */
  readonly ask: (question: string) => Promise<string>
}

/** Sends a message to a new thread and shows the turn to its end; how it ended. */
export const talk = async (
  connection: Connection,
  { agent, cwd, text }: { readonly agent: string; readonly cwd: string; readonly text: string },
  { ask, say }: Terminal,
): Promise<string | null> => {
  const client = connect(connection)
  const { threadId } = await client.createThread({ agent, cwd })
  const { turnId } = await client.sendMessage(threadId, { text })
  const said = new Map<string, number>()
  const asked = new Set<string>()
  for await (const { state } of client.followThread(threadId)) {
    const { items = [], requests = [], turns = [] } = viewOf(state) ?? {}
    for (const { itemId, kind, text } of items) {
      if (kind !== "agent_message" || text === null) continue
      say(text.slice(said.get(itemId) ?? 0))
      said.set(itemId, text.length)
    }
    for (const { kind, requestId, status, title } of requests) {
      if (status !== "open" || asked.has(requestId)) continue
      asked.add(requestId)
      await client.respond(requestId, { decision: await ask(title ?? kind) })
    }
    const turn = turns.find((one) => one.turnId === turnId)
    if (turn?.status === "ended" && turn.settled) return turn.outcome
  }
  return null
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , agent = "codex", text = "Say hello"] = process.argv
  const { TOKEN: token = "", URL: url = "http://127.0.0.1:7420" } = process.env
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const terminal: Terminal = {
    say: (piece) => process.stdout.write(piece),
    ask: (question) => lines.question(`\n${question} (accept, decline): `),
  }
  try {
    console.log(`\n${await talk({ url, token }, { agent, cwd: process.cwd(), text }, terminal)}`)
  } catch (error) {
    console.error(error instanceof Problem ? `${error.slug}: ${error.detail}` : error)
    process.exitCode = 1
  }
  lines.close()
}
