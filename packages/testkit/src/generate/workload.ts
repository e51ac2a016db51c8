/**
 * A seeded, endless-looking supply of realistic events for benchmarks and soaks: agents that stream answers, run
 * commands and count tokens. It streams: memory depends on the number of threads alone.
 */
import type { Channel, NativeRef, OrchestrationEventType, ProviderEventType } from "@threadfold/contracts"
import type { GeneratedEvent } from "./GeneratedEvent.js"
import { generatedEpoch, namedUuid } from "./ids.js"
import { type Random, seededRandom } from "./Random.js"
import { readWorkloadTexts, type WorkloadTexts } from "./WorkloadTexts.js"

export interface WorkloadOptions {
  /** How many events in all. */
  readonly events: number
  /** Threads that speak in turn. Default 50. */
  readonly threads?: number
  /** Share of `content.delta` among the events of a turn, in [0, 0.99]. Default 0.9. */
  readonly deltaShare?: number
  /** The same seed gives the same events. Default 1. */
  readonly seed?: number
  /** False leaves out the native messages. Default true. */
  readonly raw?: boolean
}

/** Events of a turn that are no deltas: see `turn` below. */
const fixedPerTurn = 13

interface Source {
  readonly random: Random
  readonly texts: WorkloadTexts
  readonly deltas: number
  readonly raw: boolean
  /** Source time, ms since the epoch. */
  time: number
}

const pick = (source: Source, list: readonly string[]): string => list[source.random.below(list.length)] ?? ""

type Tell = (
  type: ProviderEventType | OrchestrationEventType,
  payload: unknown,
  native: NativeRef,
  channel?: Channel,
) => GeneratedEvent

/** The events of one thread, from its start on, for ever. */
function* thread(source: Source, number: number): Generator<GeneratedEvent> {
  const nativeThreadId = namedUuid(`workload/${number}`)
  const seqs = { agent: 0, client: 0 }
  const tell: Tell = (type, payload, native, channel = "agent") => {
    const side = channel === "client" ? "client" : "agent"
    seqs[side] += 1
    source.time += 1 + source.random.below(3)
    const named = { threadId: nativeThreadId, ...native }
    const event = { type, channel, seq: seqs[side], at: source.time, native: named, payload }
    return {
      stream: `thread-${number}`,
      session: `s${number}`,
      connection: `c${number}`,
      actor: side === "client" ? "client" : "provider",
      event: source.raw ? { ...event, raw: JSON.stringify({ method: type, params: { ...named, payload } }) } : event,
    }
  }
  yield tell("session.started", { provider: "codex", mode: "managed", usageMode: "cumulative-thread" }, {})
  yield tell("thread.started", { provider: "codex", cwd: "/workspace", model: "mock-model" }, {})
  for (let turnNumber = 1; ; turnNumber++) yield* turn(source, tell, `workload/${number}/${turnNumber}`, turnNumber)
}

/** One turn: a question, a command with its output, a streamed answer, and the count of tokens. */
function* turn(source: Source, tell: Tell, name: string, number: number): Generator<GeneratedEvent> {
  const turnId = namedUuid(`${name}/turn`)
  const callId = String(number)
  const prompt = pick(source, source.texts.prompts)
  yield tell("turn.requested", { text: prompt, origin: "client", handedOver: true }, { callId }, "client")
  yield tell("turn.accepted", {}, { callId, turnId })
  yield tell("session.state.changed", { state: "running", nativeState: "active" }, {})
  yield tell("turn.started", {}, { turnId })

  const asked = { turnId, itemId: namedUuid(`${name}/user`) }
  yield tell("item.started", { kind: "user_message", nativeKind: "userMessage" }, asked)
  yield tell("item.completed", { kind: "user_message", status: "completed", text: prompt }, asked)

  const ran = { turnId, itemId: `call_${number}` }
  const title = pick(source, source.texts.commands)
  yield tell("item.started", { kind: "command", nativeKind: "commandExecution", title }, ran)
  const output = pick(source, source.texts.outputs)
  yield tell("item.completed", { kind: "command", status: "completed", title, text: output, exitCode: 0 }, ran)

  const said = { turnId, itemId: `msg_${number}` }
  yield tell("item.started", { kind: "agent_message", nativeKind: "agentMessage" }, said)
  let text = ""
  for (let count = 0; count < source.deltas; count++) {
    // A merged delta holds a few native frames: what an agent says in 50 ms.
    const frames = 1 + source.random.below(6)
    let delta = ""
    for (let frame = 0; frame < frames; frame++) delta += pick(source, source.texts.pieces)
    text += delta
    yield tell("content.delta", { stream: "text", part: 0, delta, frames, lastAt: source.time }, said)
  }
  yield tell("item.completed", { kind: "agent_message", nativeKind: "agentMessage", status: "completed", text }, said)

  const total = { inputTokens: 120 * number, outputTokens: 30 * number, totalTokens: 150 * number }
  yield tell("thread.token-usage.updated", { mode: "cumulative-thread", total }, { turnId })
  yield tell("session.state.changed", { state: "ready", nativeState: "idle" }, {})
  yield tell("turn.completed", { outcome: "completed" }, { turnId })
}

/** The events, in order; the threads take turns at random, as agents that work side by side do. */
export function* workload(options: WorkloadOptions): Generator<GeneratedEvent, void, undefined> {
  const share = Math.min(Math.max(options.deltaShare ?? 0.9, 0), 0.99)
  const source: Source = {
    random: seededRandom(options.seed ?? 1),
    texts: readWorkloadTexts(),
    deltas: Math.round((fixedPerTurn * share) / (1 - share)),
    raw: options.raw ?? true,
    time: generatedEpoch,
  }
  const threads = Array.from({ length: Math.max(options.threads ?? 50, 1) }, (_, index) => thread(source, index + 1))
  for (let count = 0; count < options.events; count++) {
    const next = threads[source.random.below(threads.length)]?.next()
    if (next === undefined || next.done === true) return
    yield next.value
  }
}
