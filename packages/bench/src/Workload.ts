/**
 * The benchmark's load: turns as a recording has them, in many threads at once. Nine events of ten are deltas,
 * whose texts are a recording's own. Seeded by place and count alone, so that every run sees the same events.
 */
import { readFileSync } from "node:fs"
import { mintId } from "@threadfold/core"
import { type EventDraft, type Submission, sha256 } from "@threadfold/engine"
import { makeCodexTranslator, readRecording } from "@threadfold/providers"

export interface WorkloadOptions {
  readonly events: number
  /** Threads that send in turn. */
  readonly threads: number
  /** Events of one thread in one submission: what a driver submits at a time. */
  readonly burst: number
  /** Time of the first event, ms since the epoch. */
  readonly startAt: number
  /** A recording to take texts from. */
  readonly recording: string
}

/** Deltas of one message; with the events around them nine of ten are deltas. */
const DELTAS = 54

/** The pieces of text that a recording streams, one for each native frame. */
export const textsOf = (recording: string): readonly string[] => {
  const translator = makeCodexTranslator({ mode: "imported" })
  const texts: string[] = []
  for (const line of readRecording(readFileSync(recording, "utf8")).lines) {
    for (const { event } of translator.push(line).emitted) {
      const { payload } = event
      if (event.type !== "content.delta" || typeof payload !== "object" || payload === null) continue
      if ("delta" in payload && typeof payload.delta === "string") texts.push(...payload.delta.split(/(?<= )/))
    }
  }
  return texts
}

type Draft = { readonly type: string; readonly payload: unknown; readonly native: Readonly<Record<string, string>> }

/** One thread that never stops talking: an endless sequence of turns. */
function* speech(native: string, texts: readonly string[]): Generator<Draft> {
  yield {
    type: "session.started",
    payload: { provider: "codex", mode: "managed", usageMode: "cumulative-thread" },
    native: { threadId: native },
  }
  let word = 0
  for (let turn = 1; ; turn++) {
    const ids = { threadId: native, turnId: `turn-${turn}` }
    const item = { ...ids, itemId: `msg-${turn}` }
    yield { type: "turn.started", payload: {}, native: ids }
    yield { type: "item.started", payload: { kind: "agent_message", nativeKind: "agentMessage" }, native: item }
    let text = ""
    for (let delta = 0; delta < DELTAS; delta++) {
      const piece = texts[word++ % texts.length] ?? "word "
      text += piece
      yield { type: "content.delta", payload: { stream: "text", delta: piece, frames: 1 }, native: item }
    }
    yield {
      type: "item.completed",
      payload: { kind: "agent_message", nativeKind: "agentMessage", status: "completed", text },
      native: item,
    }
    const total = { inputTokens: 120 * turn, outputTokens: 30 * turn, totalTokens: 150 * turn }
    yield { type: "thread.token-usage.updated", payload: { mode: "cumulative-thread", total }, native: ids }
    yield { type: "turn.completed", payload: { outcome: "completed" }, native: ids }
  }
}

/** The submissions of a load, made as they are asked for. */
export function* submissions(options: WorkloadOptions): Generator<Submission> {
  const texts = textsOf(options.recording)
  const sources = Array.from({ length: options.threads }, (_, index) => {
    const native = `bench-${options.startAt}-${index}`
    return {
      streamId: mintId(sha256, options.startAt, `bench thread ${native}`),
      sessionId: mintId(sha256, options.startAt, `bench session ${native}`),
      speech: speech(native, texts),
      seq: 0,
    }
  })
  let made = 0
  for (let round = 0; made < options.events; round++) {
    const source = sources[round % sources.length]
    if (source === undefined) return
    const drafts: EventDraft[] = []
    for (let place = 0; place < options.burst && made < options.events; place++) {
      const next = source.speech.next()
      if (next.done === true) break
      made += 1
      source.seq += 1
      drafts.push({
        to: { streamId: source.streamId },
        sessionId: source.sessionId,
        actor: "provider",
        event: {
          type: next.value.type,
          payload: next.value.payload,
          native: next.value.native,
          channel: "agent",
          seq: source.seq,
          at: options.startAt + made,
          raw: JSON.stringify({ method: next.value.type, params: next.value.payload }),
        },
      })
    }
    yield { drafts }
  }
}
