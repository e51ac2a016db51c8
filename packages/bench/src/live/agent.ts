/**
 * An agent that streams, for `threadfold bench live`: it implements as much of the Codex app-server protocol as a thread and a turn
 * need, and then sends pieces of an answer at a rate, for all its threads together. Every piece has the time of its sending.
 *
 * Arguments: frames per second, seconds for which it streams.
 */
import { createInterface } from "node:readline"
import { v7 } from "uuid"

const [perSecond = 2_000, seconds = 10] = process.argv.slice(2).map(Number)

interface Call {
  readonly id?: number | string
  readonly method?: string
  readonly params?: { readonly cwd?: string; readonly threadId?: string }
}

interface Turn {
  readonly threadId: string
  readonly turnId: string
  readonly itemId: string
  text: string
}

const write = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`)
const notify = (method: string, params: object): void => write({ method, params, emittedAtMs: Date.now() })
const turns: Turn[] = []

const threadOf = (id: string, cwd: string) => ({
  id,
  sessionId: id,
  preview: "",
  ephemeral: false,
  modelProvider: "bench",
  createdAt: Math.floor(Date.now() / 1000),
  updatedAt: Math.floor(Date.now() / 1000),
  status: { type: "idle" },
  cwd,
  cliVersion: "0.0.0",
  source: "vscode",
  turns: [],
})

const turnOf = (id: string, status: string) => ({ id, items: [], status, error: null })
const message = (turn: Turn) => ({ type: "agentMessage", id: turn.itemId, text: turn.text, phase: null })

const begin = (threadId: string): string => {
  const turn: Turn = { threadId, turnId: v7(), itemId: `msg-${turns.length}`, text: "" }
  turns.push(turn)
  return turn.turnId
}

const announce = (turnId: string): void => {
  const turn = turns.find((one) => one.turnId === turnId)
  if (turn === undefined) return
  const { threadId } = turn
  notify("turn/started", { threadId, turn: turnOf(turnId, "inProgress") })
  notify("item/started", { threadId, turnId, item: message(turn) })
}

const end = (turn: Turn): void => {
  const { threadId, turnId } = turn
  notify("item/completed", { threadId, turnId, item: message(turn) })
  notify("turn/completed", { threadId, turn: turnOf(turnId, "completed") })
}

/** The text of a piece: the time of its sending, ms since the epoch, and some words. */
const piece = (): string => `${(performance.timeOrigin + performance.now()).toFixed(3)};lorem ipsum `

let began = 0
let sent = 0
/** Sends what is due by now; the rate is kept however late a timer comes. */
const stream = (): void => {
  const now = performance.now()
  if (began === 0) began = now
  const due = Math.min(Math.floor(((now - began) / 1_000) * perSecond), perSecond * seconds)
  for (; sent < due; sent += 1) {
    const turn = turns[sent % turns.length]
    if (turn === undefined) return
    const delta = piece()
    turn.text += delta
    notify("item/agentMessage/delta", { threadId: turn.threadId, turnId: turn.turnId, itemId: turn.itemId, delta })
  }
  if (sent >= perSecond * seconds) return turns.forEach(end)
  setTimeout(stream, 1)
}

const answer = ({ id, method, params }: Call): void => {
  switch (method) {
    case "initialize":
      return write({ id, result: { userAgent: "bench/0.169.0" } })
    case "thread/start": {
      const thread = threadOf(v7(), params?.cwd ?? "/")
      write({ id, result: { thread, model: "bench", modelProvider: "bench", cwd: thread.cwd } })
      return notify("thread/started", { thread })
    }
    case "turn/start": {
      const turnId = begin(params?.threadId ?? "")
      write({ id, result: { turn: turnOf(turnId, "inProgress") } })
      return announce(turnId)
    }
    // The benchmark's signal that every thread has its turn.
    case "turn/steer":
      write({ id, result: { turnId: turns[0]?.turnId } })
      return stream()
    default:
      if (id !== undefined && method !== undefined) write({ id, result: {} })
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const call: Call = JSON.parse(line)
  answer(call)
})
