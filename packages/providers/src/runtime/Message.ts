/**
 * The frame of a JSON-RPC message. The `jsonrpc` member is optional, because Codex does not write it. Ids are kept as JSON
 * text, so that `0`, `"0"` and no id stay three different ids.
 */
import { type Fields, isFields } from "./readFields.js"

/** The answer to a call: a result or an error. */
export type Answer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number | undefined; readonly message: string }

export type Message =
  | { readonly kind: "request"; readonly id: string; readonly method: string; readonly params: Fields }
  | {
      readonly kind: "notification"
      readonly method: string
      readonly params: Fields
      readonly emittedAtMs: number | undefined
    }
  | { readonly kind: "response"; readonly id: string; readonly answer: Answer }
  | { readonly kind: "malformed"; readonly method: string; readonly problem: string }

/** Times become the time field of UUIDv7 ids later, which has 48 bits. */
const latestTime = 2 ** 48 - 1

const timeOf = (value: unknown): number | undefined =>
  typeof value === "number" && value >= 0 && value <= latestTime ? value : undefined

const idOf = (value: unknown): string | undefined =>
  typeof value === "string" || (typeof value === "number" && Number.isFinite(value)) ? JSON.stringify(value) : undefined

const errorOf = (error: unknown): Answer => {
  if (!isFields(error)) return { ok: false, code: undefined, message: "the call failed without a reason" }
  return {
    ok: false,
    code: typeof error.code === "number" && Number.isFinite(error.code) ? error.code : undefined,
    message: typeof error.message === "string" ? error.message : "the call failed without a message",
  }
}

/** Reads the frame. Absent and null parameters count as an empty object. */
export const readMessage = (message: unknown): Message => {
  if (!isFields(message)) return { kind: "malformed", method: "message", problem: "not a JSON object" }
  const has = (key: string) => Object.hasOwn(message, key)
  const id = has("id") ? idOf(message.id) : undefined
  if (has("id") && id === undefined) {
    const method = typeof message.method === "string" ? message.method : "message"
    return { kind: "malformed", method, problem: "id: expected a string or a number" }
  }
  if (has("method")) {
    const method = message.method
    if (typeof method !== "string") {
      return { kind: "malformed", method: "message", problem: "method: expected a string" }
    }
    const given = has("params") ? message.params : undefined
    if (given !== undefined && given !== null && !isFields(given)) {
      return { kind: "malformed", method, problem: "params: expected an object" }
    }
    const params = isFields(given) ? given : {}
    return id === undefined
      ? { kind: "notification", method, params, emittedAtMs: timeOf(message.emittedAtMs) }
      : { kind: "request", id, method, params }
  }
  if (id !== undefined && has("result") && (message.error ?? null) === null) {
    return { kind: "response", id, answer: { ok: true, result: message.result } }
  }
  if (id !== undefined && has("error")) return { kind: "response", id, answer: errorOf(message.error) }
  return { kind: "malformed", method: "message", problem: "neither a call, nor a notification, nor an answer" }
}
