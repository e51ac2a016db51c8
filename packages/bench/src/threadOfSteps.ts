/** A load of one thread whose turns are short steps: three commands and an attempt of a model. Nearly every event changes a row. */
import { mintId } from "@threadfold/core"
import { type EventDraft, type Submission, sha256 } from "@threadfold/engine"

export interface ThreadOfSteps {
  readonly threadId: string
  readonly submissions: Iterable<Submission>
}

type Step = readonly [type: string, payload: object, native: Readonly<Record<string, string>>]

/** What a command prints, characters. */
const output = "src/index.ts src/main.ts README.md\n".repeat(10)

function* turnsOf(): Generator<Step> {
  yield ["session.started", { provider: "codex", mode: "managed" }, {}]
  for (let turn = 1; ; turn++) {
    const native = { turnId: `turn-${turn}` }
    yield ["turn.started", {}, native]
    for (let command = 1; command <= 3; command++) {
      const item = { ...native, itemId: `command-${turn}-${command}` }
      yield ["item.started", { kind: "command", nativeKind: "commandExecution", title: "ls" }, item]
      yield ["item.completed", { kind: "command", status: "completed", text: output }, item]
    }
    const attempt = { ...native, inferenceId: `attempt-${turn}` }
    yield ["inference.started", { model: "m" }, attempt]
    yield ["inference.completed", { responseId: `response-${turn}` }, attempt]
    yield ["turn.completed", { outcome: "completed" }, native]
  }
}

/** So many events of such a thread, in submissions of up to 64. */
export const threadOfSteps = (events: number, startAt: number): ThreadOfSteps => {
  const threadId = mintId(sha256, startAt, "bench thread of steps")
  const sessionId = mintId(sha256, startAt, "bench session of steps")
  function* submissions(): Generator<Submission> {
    let drafts: EventDraft[] = []
    let seq = 0
    for (const [type, payload, native] of turnsOf()) {
      if (seq === events) break
      seq += 1
      const event = { type, payload, native, channel: "agent", seq, at: startAt + seq }
      drafts.push({ to: { streamId: threadId }, sessionId, actor: "provider", event })
      if (drafts.length < 64) continue
      yield { drafts }
      drafts = []
    }
    if (drafts.length > 0) yield { drafts }
  }
  return { threadId, submissions: submissions() }
}
