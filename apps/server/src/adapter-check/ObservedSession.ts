/** The calls of a trace, read: which sessions there were, and which lines were sent to each. */
import { AttachedSession, LineResult, PushResult } from "@threadfold/contracts/api"
import { canonicalJson } from "@threadfold/core"
import { Option, Schema } from "effect"
import type { Call, Trace } from "./Call.js"

/** Of a line, what the checks look at. Everything else is the server's to judge. */
const Line = Schema.Struct({
  type: Schema.String,
  channel: Schema.String,
  seq: Schema.Number,
  native: Schema.optional(
    Schema.Struct({
      turnId: Schema.optional(Schema.String),
      itemId: Schema.optional(Schema.String),
      requestId: Schema.optional(Schema.String),
    }),
  ),
  payload: Schema.optional(
    Schema.Struct({ outcome: Schema.optional(Schema.Unknown), processId: Schema.optional(Schema.Unknown) }),
  ),
})

/** A line as it was sent, each time it was sent. */
export interface SentLine extends Schema.Schema.Type<typeof Line> {
  readonly call: Call
  /** Number of the line, or of the entry of an array, in its body, from 1. */
  readonly line: number
  /** Equal for equal content. */
  readonly content: string
}

/** What the checks know of a session. */
export interface ObservedSession {
  readonly sessionId: string
  /** All calls about it, in the order of arrival. */
  readonly calls: readonly Call[]
  /** The first answer that opened it; null: it was never opened. */
  readonly opened: { readonly call: Call; readonly session: AttachedSession } | null
  /** The first call that ended it, or told that its agent has ended, and was taken; null: there was none. */
  readonly closed: Call | null
  /** All lines that could be read, in the order of arrival, repeats included. */
  readonly lines: readonly SentLine[]
  /** Until when its lease was to be renewed: its end, the moment since which it was cut off, or the end of the check, ms since the epoch. */
  readonly heldUntil: number
  /** Since when its lease had lapsed, ms since the epoch; null: it did not lapse. */
  readonly lapsedAt: number | null
}

export const isSuccess = ({ status }: Call): boolean => status !== null && status >= 200 && status < 300

/** Whether the server has taken it: its answer may be lost all the same. */
export const isTaken = (call: Call): boolean => isSuccess(call) || (call.fault === "lost-answer" && call.answer !== "")

const decodeJson = Schema.decodeUnknownOption(Schema.parseJson())
const decodeLine = Schema.decodeUnknownOption(Line)
const decodeSession = Schema.decodeUnknownOption(Schema.parseJson(AttachedSession))
const decodeResult = Schema.decodeUnknownOption(Schema.parseJson(PushResult))
const decodeResults = Schema.decodeUnknownOption(Schema.parseJson(Schema.Array(LineResult)))

/** What the server said of each line of a push; empty where it said nothing of lines. */
export const resultsOf = ({ answer }: Call): readonly LineResult[] =>
  Option.match(decodeResult(answer), {
    onSome: ({ results }) => results,
    // As NDJSON, where the adapter asked for it.
    onNone: () => Option.getOrElse(decodeResults(`[${answer.trim().split("\n").join(",")}]`), () => []),
  })

/** The values of a body, each with its number. */
const valuesOf = ({ body, mediaType }: Call): readonly (readonly [number: number, value: unknown])[] => {
  if (mediaType === "application/json") {
    const value = Option.getOrNull(decodeJson(body))
    return Array.isArray(value) ? value.map((one: unknown, index) => [index + 1, one] as const) : []
  }
  return body
    .split("\n")
    .flatMap((text, index) => Option.toArray(Option.map(decodeJson(text), (value) => [index + 1, value] as const)))
}

/** The lines of a push that can be read. */
export const linesOf = (call: Call): readonly SentLine[] =>
  valuesOf(call).flatMap(([line, value]) =>
    Option.toArray(
      Option.map(decodeLine(value), (decoded) => ({ ...decoded, call, line, content: canonicalJson(value) })),
    ),
  )

/** When the server ended the lease by itself; null: something came in time. The calls are those that the server took. */
const lapseOf = (renewals: readonly Call[], leaseMs: number, endedAt: number): number | null => {
  const times = [...renewals.map(({ startedAt }) => startedAt), endedAt]
  const late = times.findIndex((time, index) => index > 0 && time - (times[index - 1] ?? time) > leaseMs)
  return late < 0 ? null : (times[late - 1] ?? 0) + leaseMs
}

const observedSession = (sessionId: string, { calls: all, endedAt, lapses }: Trace): ObservedSession => {
  const calls = all.filter((call) => call.sessionId === sessionId)
  const [opened = null] = calls.flatMap((call) =>
    call.operation === "open" && isSuccess(call)
      ? Option.toArray(Option.map(decodeSession(call.answer), (session) => ({ call, session })))
      : [],
  )
  const lines = calls.filter(({ operation }) => operation === "push").flatMap(linesOf)
  const exits = new Set(lines.flatMap(({ call, type }) => (type === "session.exited" && isTaken(call) ? [call] : [])))
  const closed = calls.find((call) => (call.operation === "close" && isSuccess(call)) || exits.has(call)) ?? null
  const cutOff = calls.find(({ fault }) => fault === "lease-lapse")
  const heldUntil = Math.min(endedAt, closed?.startedAt ?? endedAt, cutOff?.startedAt ?? endedAt)
  const renewals = calls.filter((call) => isTaken(call) && call.startedAt <= heldUntil)
  const lapsed = opened === null ? null : lapseOf(renewals, opened.session.leaseMs, heldUntil)
  return {
    sessionId,
    calls,
    opened,
    closed,
    lines,
    heldUntil,
    lapsedAt: lapsed ?? lapses.get(sessionId) ?? null,
  }
}

/** The sessions of a trace, in the order of their first call. */
export const observedSessions = (trace: Trace): readonly ObservedSession[] =>
  [...new Set(trace.calls.map(({ sessionId }) => sessionId))].map((id) => observedSession(id, trace))

/** The lines of a session without their repeats: the first of each channel and number, in the order of arrival. */
export const firstSent = ({ lines }: ObservedSession): readonly SentLine[] => {
  const known = new Set<string>()
  return lines.filter(({ channel, seq }) => {
    const key = `${seq} ${channel}`
    return !known.has(key) && known.add(key)
  })
}
