/** Asks a mock model as an agent would, and reads its streams. */
import { get, text } from "../src/oracle/readWire.js"

export interface Answer {
  /** Null: the connection broke before anything was answered. */
  readonly status: number | null
  readonly headers: Headers
  /** Data of the events that came, in order; the body itself where it is no event stream. */
  readonly events: readonly unknown[]
  /** False: the connection broke before the body's proper end. */
  readonly whole: boolean
}

const readAll = async (response: Response): Promise<{ readonly body: string; readonly whole: boolean }> => {
  const decoder = new TextDecoder()
  let body = ""
  try {
    for await (const chunk of response.body ?? []) body += decoder.decode(chunk, { stream: true })
    return { body, whole: true }
  } catch {
    return { body, whole: false }
  }
}

const eventsOf = (body: string): readonly unknown[] =>
  body
    .split("\n\n")
    .map((block) => block.split("\n").find((line) => line.startsWith("data: ")))
    .flatMap((line) => (line === undefined ? [] : [JSON.parse(line.slice("data: ".length))]))

export const ask = async (url: string, body: unknown, signal?: AbortSignal): Promise<Answer> => {
  const headers = { "content-type": "application/json" }
  const init = { method: "POST", headers, body: JSON.stringify(body) }
  const response = await fetch(url, signal === undefined ? init : { ...init, signal }).catch(() => null)
  if (response === null) return { status: null, headers: new Headers(), events: [], whole: false }
  const streamed = response.headers.get("content-type") === "text/event-stream"
  const { body: said, whole } = await readAll(response)
  const events = streamed ? eventsOf(said) : whole && said !== "" ? [JSON.parse(said)] : []
  return { status: response.status, headers: response.headers, events, whole }
}

export const typesOf = (answer: Answer): readonly (string | null)[] =>
  answer.events.map((event) => text(get(event, "type")))

export const eventOf = (answer: Answer, type: string): unknown =>
  answer.events.find((event) => get(event, "type") === type)

/** The text fields at this path of all events of a type, joined. */
export const joined = (answer: Answer, type: string, ...path: readonly string[]): string =>
  answer.events
    .filter((event) => get(event, "type") === type)
    .map((event) => text(get(event, ...path)) ?? "")
    .join("")
