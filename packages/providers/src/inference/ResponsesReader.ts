/** Answers of the OpenAI Responses API. Its items come whole; deltas need not be read. */
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  isFields,
  parseFields,
} from "../runtime/readFields.js"
import {
  beginningOf,
  errorText,
  type Frame,
  keptItem,
  type OutputItem,
  openAiEvidence,
  type ProtocolReader,
  type Signal,
} from "./Signal.js"

const itemDone = "response.output_item.done"
const terminals: ReadonlySet<string> = new Set([
  "response.completed",
  "response.failed",
  "response.incomplete",
  "response.cancelled",
  "response.done",
  "error",
])
const read: ReadonlySet<string> = new Set([...terminals, itemDone, "response.created"])

const evidenceOf = openAiEvidence("input", "output")

/** A call is named by its call id: the agent's own item, and the answer to the call, have the same. */
const outputItem = (item: unknown, index: number, length: number): OutputItem => ({
  id: isFields(item) ? (hintText(item, "call_id") ?? hintText(item, "id")) : undefined,
  index,
  ...keptItem(item, length),
})

/** All items of a whole response. Those that came one by one before have the same ids and places. */
const outputOf = (response: Fields, length: number): readonly Signal[] =>
  hintArray(response, "output").map((item, index): Signal => ({ type: "item", item: outputItem(item, index, length) }))

const terminalOf = (type: string, message: Fields): Signal => {
  const response = hintFields(message, "response") ?? message
  const status = hintText(response, "status")
  const ended = type === "response.done" ? `response.${status ?? "completed"}` : type
  if (ended === "response.completed") return { type: "terminal", outcome: "completed" }
  const reason = hintText(hintFields(response, "incomplete_details") ?? {}, "reason")
  const error = errorText(response.error ?? (type === "error" ? message : undefined))
  const incomplete = ended === "response.incomplete" ? `incomplete: ${reason ?? "no reason is given"}` : undefined
  return { type: "terminal", outcome: "failed", error: error ?? incomplete ?? ended }
}

/** The type that the text of a message begins with: that of a message of which only the beginning is known. */
const typeIn = (text: string): string | undefined => /^\s*\{\s*"type"\s*:\s*"([\w.]+)"/.exec(text)?.[1]

const truncatedFrame = (type: string | undefined, { data, truncated }: Frame, index: number): readonly Signal[] => {
  if (truncated === undefined || type === undefined) return []
  if (type === itemDone) return [{ type: "item", item: { index, ...beginningOf(data, undefined, truncated) } }]
  return terminals.has(type) ? [terminalOf(type, { response: { status: type.slice("response.".length) } })] : []
}

/** A reader for one answer. */
export const responsesReader = (): ProtocolReader => {
  let items = 0
  return {
    reads: (event) => event === "" || read.has(event),
    frame: (frame) => {
      const named = frame.event === "" || frame.event === "message" ? undefined : frame.event
      const message = parseFields(frame.data)
      if (message === null) return truncatedFrame(named ?? typeIn(frame.data), frame, items++)
      const type = hintText(message, "type") ?? named ?? ""
      if (type === itemDone) {
        const index = hintNumber(message, "output_index") ?? items
        items += 1
        return [{ type: "item", item: outputItem(message.item, index, frame.data.length) }]
      }
      if (!read.has(type)) return []
      const response = hintFields(message, "response")
      const evidence = response === undefined ? [] : [evidenceOf(response)]
      if (!terminals.has(type)) return evidence
      return [
        ...evidence,
        ...(response === undefined ? [] : outputOf(response, frame.data.length)),
        terminalOf(type, message),
      ]
    },
    end: () => [],
    body: (body, length) => {
      if (!isFields(body)) return []
      const status = hintText(body, "status") ?? (body.error === undefined ? "completed" : "failed")
      return [evidenceOf(body), ...outputOf(body, length), terminalOf(`response.${status}`, { response: body })]
    },
  }
}
