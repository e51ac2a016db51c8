/**
 * Messages of a WebSocket over which a model is called, as the Responses API has it: each is one JSON object. A message of the agent
 * asks for an answer, and the messages of the answer say what the events of a stream say.
 */
import { createHash } from "node:crypto"
import { hintFields, hintText, parseFields } from "../runtime/readFields.js"
import { modelIn } from "./modelCall.js"
import { type Frame, maxFrameBytes, type ProtocolReader } from "./Signal.js"

/** What a message of the agent asks for. */
export interface SocketRequest {
  readonly model: string | null
  /** False: it only brings the model what it will need (Codex's warm-up), and no answer is generated. */
  readonly generates: boolean
  /** The stream of the connection that it belongs to, where several answers come at a time; null: they come one after the other. */
  readonly streamId: string | null
  /** The names that the agent gives the call, as its headers have them over HTTP. */
  readonly names: Readonly<Record<string, string>>
}

/** Bytes in which the type of a message is looked for before the whole of it is read. */
const headBytes = 256
/** Bytes of a message that is too long to be read of which something is kept. */
const beginningBytes = 16 * 1024
const typeFirst = /^\s*\{\s*"type"\s*:\s*"([^"\\]*)"/

/** The type that a message begins with, without reading the rest. Null: it begins with something else. */
const typeAtStart = (bytes: Buffer): string | null =>
  typeFirst.exec(bytes.toString("latin1", 0, headBytes))?.[1] ?? null

/** What a message of the agent asks for. Null: it asks for no answer. */
export const requestInMessage = (bytes: Buffer): SocketRequest | null => {
  const type = typeAtStart(bytes)
  if (type !== null && type !== "response.create") return null
  if (bytes.length > maxFrameBytes) {
    // It is not read as a whole. What is no request is rarely so long.
    const model = modelIn(bytes.toString("utf8", 0, beginningBytes))
    return type === null ? null : { model, generates: true, streamId: null, names: {} }
  }
  const message = parseFields(bytes.toString("utf8"))
  if (message === null || hintText(message, "type") !== "response.create") return null
  const told = Object.entries(hintFields(message, "client_metadata") ?? {})
  return {
    model: hintText(message, "model") ?? null,
    generates: message.generate !== false,
    streamId: hintText(message, "stream_id") ?? null,
    names: Object.fromEntries(told.flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []))),
  }
}

/** The stream that a message of the model belongs to. Null: it names none. */
export const streamOfMessage = (bytes: Buffer): string | null =>
  bytes.length > maxFrameBytes ? null : (hintText(parseFields(bytes.toString("utf8")) ?? {}, "stream_id") ?? null)

/** A message of the model, for the reader of its answer. Null: the reader does not want it. */
export const frameOfMessage = (bytes: Buffer, reader: ProtocolReader): Frame | null => {
  const type = typeAtStart(bytes)
  if (type !== null && !reader.reads(type)) return null
  const event = type ?? ""
  if (bytes.length <= maxFrameBytes) return { event, data: bytes.toString("utf8") }
  const sha256 = createHash("sha256").update(bytes).digest("hex")
  return { event, data: bytes.toString("utf8", 0, beginningBytes), truncated: { bytes: bytes.length, sha256 } }
}
