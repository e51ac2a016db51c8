/** Reads a recording's lines without deciding what they mean. */

/** The value of a field, or undefined where there is none. */
export const get = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, name) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner) && Object.hasOwn(inner, name)
        ? Reflect.get(inner, name)
        : undefined,
    value,
  )

export const text = (value: unknown): string | null => (typeof value === "string" ? value : null)
export const number = (value: unknown): number | null => (typeof value === "number" ? value : null)
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export type WireEntry =
  /** A message of the agent that no answer is due to. */
  | { readonly is: "notification"; readonly method: string; readonly params: unknown }
  /** A question of the agent. */
  | { readonly is: "question"; readonly id: string; readonly method: string; readonly params: unknown }
  /** The client's answer to a question. */
  | { readonly is: "reply"; readonly id: string; readonly result: unknown; readonly error: unknown }
  /** A call of the client. */
  | { readonly is: "call"; readonly id: string; readonly method: string; readonly params: unknown }
  /** The agent's answer to a call. */
  | { readonly is: "answer"; readonly id: string; readonly result: unknown; readonly error: unknown }
  /** The process ended. */
  | { readonly is: "exit"; readonly code: number | null; readonly signal: string | null }
  /** Anything else: kept, without a meaning for threads. */
  | { readonly is: "other" }

/** Ids are compared as JSON text: `0`, `"0"` and absence are three different things. */
const idOf = (message: unknown): string | null => {
  const id = get(message, "id")
  return id === undefined || id === null ? null : JSON.stringify(id)
}

const entryOf = (line: unknown): WireEntry => {
  const direction = get(line, "dir")
  if (direction === "meta") {
    if (get(line, "event") !== "exit") return { is: "other" }
    return { is: "exit", code: number(get(line, "code")), signal: text(get(line, "sig")) }
  }
  if (direction !== "send" && direction !== "recv") return { is: "other" }
  const message = get(line, "msg")
  const id = idOf(message)
  const method = text(get(message, "method"))
  const params = get(message, "params")
  const outcome = { result: get(message, "result"), error: get(message, "error") }
  if (direction === "recv") {
    if (method !== null && id !== null) return { is: "question", id, method, params }
    if (method !== null) return { is: "notification", method, params }
    return id === null ? { is: "other" } : { is: "answer", id, ...outcome }
  }
  if (method !== null && id !== null) return { is: "call", id, method, params }
  return id === null || method !== null ? { is: "other" } : { is: "reply", id, ...outcome }
}

/** A line of the format is a JSON object with a time and a direction. */
const parse = (line: string): unknown => {
  try {
    const value: unknown = JSON.parse(line)
    const at = text(get(value, "ts"))
    return at === null || Number.isNaN(Date.parse(at)) || text(get(value, "dir")) === null ? null : value
  } catch {
    return null
  }
}

export interface WireRecording {
  /** Lines that are not blank. */
  readonly lines: number
  /** Numbers of unreadable lines, from 1. */
  readonly unreadable: readonly number[]
  /** What the readable lines say, in order. */
  readonly entries: readonly WireEntry[]
}

export const readWire = (recording: string): WireRecording => {
  const entries: WireEntry[] = []
  const unreadable: number[] = []
  let lines = 0
  recording.split("\n").forEach((line, index) => {
    if (line.trim() === "") return
    lines += 1
    const value = parse(line)
    if (value === null) unreadable.push(index + 1)
    else entries.push(entryOf(value))
  })
  return { lines, unreadable, entries }
}
