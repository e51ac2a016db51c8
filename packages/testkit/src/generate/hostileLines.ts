/**
 * Makes the lines of a hostile or broken adapter: of all event types, in random order, with few ids so that they collide,
 * repeated, contradictory, cut, too deep, too large. The same seed gives the same lines.
 */
import { maxSeq, maxTime, orchestrationEvents, providerEvents } from "@threadfold/contracts"
import { jsonOf, textOf, valueOf } from "./schemaValues.js"
import { generatedEpoch, namedUuid, type Random, seededRandom } from "./seeded.js"

/** Types that change rows most, so that turns begin and items stream between the other events. */
const frequent = [
  "turn.started",
  "turn.completed",
  "item.started",
  "item.completed",
  "content.delta",
  "content.delta",
  "content.delta",
  "request.opened",
  "request.resolved",
  "session.state.changed",
  "thread.token-usage.updated",
  "inference.started",
  "inference.completed",
  "realtime.started",
  "realtime.closed",
  "realtime.handoff",
  "task.started",
]

/** Events that end the session. They are rare, because later lines test only the rules of an ended session. */
const endings: ReadonlySet<string> = new Set(["session.exited", "session.lease-lapsed"])
/** How many lines there are for each event that ends the session. */
const linesPerEnding = 1_500

const types = Object.keys(providerEvents).filter((type) => !endings.has(type))
const reserved = Object.keys(orchestrationEvents)
const channels = ["agent", "agent", "agent", "adapter:a", "gateway", "realtime"]

/** The schema of a type's payload, where there is one. */
const schemas = new Map(Object.entries(providerEvents).map(([type, schema]) => [type, schema.ast]))

const oneOf = (random: Random, values: readonly string[]): string => values[random.below(values.length)] ?? ""

const nativeOf = (random: Random): Record<string, string> => {
  const native: Record<string, string> = {}
  const turns = ["t1", "t2", namedUuid("turn 1"), namedUuid("turn 2")]
  if (random.next() < 0.8) native.turnId = oneOf(random, turns)
  if (random.next() < 0.6) native.itemId = oneOf(random, ["i1", "i2", "i3", "i4", "__proto__"])
  if (random.next() < 0.3) native.requestId = oneOf(random, ["0", '"0"', "1", '"a"'])
  if (random.next() < 0.1) native.callId = oneOf(random, ["1", "2"])
  if (random.next() < 0.2) native.inferenceId = oneOf(random, ["n1", "n2", "n3"])
  if (random.next() < 0.2) native.realtimeId = oneOf(random, ["r1", "r2"])
  if (random.next() < 0.2) native.handoffId = oneOf(random, ["h1", "h2"])
  if (random.next() < 0.2) native.taskId = oneOf(random, ["k1", "k2"])
  if (random.next() < 0.1) native.threadId = oneOf(random, ["n", "other"])
  return native
}

const payloadOf = (random: Random, type: string): unknown => {
  if (random.next() < 0.04) return jsonOf(random)
  const schema = schemas.get(type)
  return schema === undefined ? jsonOf(random) : valueOf(schema, random)
}

/** Whether a payload says that the session has stopped, or is lost. */
const isStop = (payload: unknown): payload is object =>
  typeof payload === "object" && payload !== null && "state" in payload && payload.state === "stopped"

/** Texts that stand for a value of the payload which `JSON.stringify` would not write. */
const hostileJson = (random: Random): string =>
  [
    '"\\ud800"',
    '"x\\udc00y"',
    "1e999",
    "-1e999",
    "9".repeat(400),
    "01",
    "NaN",
    `${"[".repeat(513)}${"]".repeat(513)}`,
    `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`,
    "[".repeat(3_000),
  ][random.below(10)] ?? "null"

export interface HostileLinesOptions {
  readonly seed: number
  readonly count: number
  /** Bytes of a line that is too long; 0: there are none. */
  readonly longLine?: number
}

/** So many lines of NDJSON, without line ends; a blank one now and then. */
export const hostileLines = ({ count, longLine = 0, seed }: HostileLinesOptions): readonly string[] => {
  const random = seededRandom(seed)
  const last = new Map<string, number>()
  const lines: string[] = []
  const next = (channel: string): number => {
    const before = last.get(channel) ?? 0
    const chance = random.next()
    // Sometimes a number is left out, or comes again.
    const seq = chance < 0.02 ? before + 2 : chance < 0.04 ? Math.max(1, before - random.below(5)) : before + 1
    last.set(channel, Math.max(before, seq))
    return seq
  }
  const event = (): Record<string, unknown> => {
    const chance = random.next()
    const ends = random.below(linesPerEnding) === 0
    const type = ends
      ? oneOf(random, [...endings])
      : chance < 0.5
        ? oneOf(random, frequent)
        : chance < 0.95
          ? oneOf(random, types)
          : chance < 0.97
            ? oneOf(random, reserved)
            : oneOf(random, ["future.event", "__proto__", "constructor", "x".repeat(300), "a\nb", ""])
    const channel = oneOf(random, channels)
    const at = generatedEpoch + lines.length * 7 + (random.next() < 0.1 ? random.below(10_000_000) - 5_000_000 : 0)
    const said = payloadOf(random, type)
    const payload = isStop(said) && !ends ? { ...said, state: "ready" } : said
    return { type, channel, seq: next(channel), at, native: nativeOf(random), payload }
  }
  const spoiled = (one: Record<string, unknown>): string => {
    const text = JSON.stringify(one)
    switch (random.below(12)) {
      case 0:
        return JSON.stringify({ ...one, v: [0, 1.5, -1, 2 ** 60, 99, null][random.below(6)] })
      case 1:
        return JSON.stringify({ ...one, at: [-1, maxTime + 1, 1.5, null, "now"][random.below(5)] })
      case 2:
        return JSON.stringify({ ...one, seq: [0, -1, 1.5, maxSeq + 1, "1", null][random.below(6)] })
      case 3:
        return text.slice(0, random.below(text.length))
      case 4:
        return JSON.stringify({ ...one, payload: "?" }).replace('"?"', () => hostileJson(random))
      case 5:
        return JSON.stringify({ ...one, type: `${String(one.type)}\ud800` })
      case 6:
        return JSON.stringify({ ...one, native: { turnId: "t\udc00", itemId: "i".repeat(random.below(2) * 5_000) } })
      case 7:
        return JSON.stringify(jsonOf(random))
      case 8:
        return JSON.stringify({ ...one, channel: ["client", "unknown", "adapter:", 5, null][random.below(5)] })
      case 9:
        return JSON.stringify({ ...one, raw: textOf(random), turnId: namedUuid("ours"), itemId: "ours" })
      case 10:
        return longLine > 0 && random.next() < 0.05
          ? JSON.stringify({ ...one, payload: { message: "x".repeat(longLine) } })
          : text.replaceAll(/[{}]/g, (brace) => (random.next() < 0.2 ? "" : brace))
      default:
        return JSON.stringify({ ...one, native: random.next() < 0.5 ? null : [] })
    }
  }
  while (lines.length < count) {
    const chance = random.next()
    if (chance < 0.01) lines.push("")
    else if (chance < 0.06 && lines.length > 0) lines.push(lines[random.below(lines.length)] ?? "")
    else if (chance < 0.09 && lines.length > 0) {
      // Later than it should be: it changes places with an earlier one.
      const at = Math.max(0, lines.length - 1 - random.below(20))
      lines.splice(at, 0, JSON.stringify(event()))
    } else lines.push(chance < 0.2 ? spoiled(event()) : JSON.stringify(event()))
  }
  return lines
}
