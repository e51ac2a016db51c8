/**
 * Entries of voice conversations. Codex sends a transcript twice: as untyped pieces per role, and as typed items. Once a
 * thread has sent typed items, the untyped pieces only repeat them and are kept.
 */
import type { NativeRef, RealtimeCloseReason } from "@threadfold/contracts"
import { type Fact, fact, pieceOf } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintNumber,
  hintText,
  isFields,
  mayHaveId,
  needFields,
  needString,
  needText,
} from "../../runtime/readFields.js"
import { type Entry, onThread, type Place } from "./Entry.js"
import { linkHandoff } from "./Voice.js"

const closeReasons: ReadonlyMap<string, RealtimeCloseReason> = new Map<string, RealtimeCloseReason>([
  ["requested", "requested"],
  ["transport_closed", "transport_closed"],
  ["error", "error"],
])

/**
 * The name that the client gave a voice run. Where the client gives none, Codex uses the thread's id for every run of the
 * thread. That identifies none of them, so it counts as no name.
 */
export const runName = (fields: Fields, nativeThreadId: string | undefined): string | undefined => {
  const name = mayHaveId(fields, "realtimeSessionId")
  return name === nativeThreadId ? undefined : name
}

/** The voice run that a typed item names. */
const runOf = (item: Fields, { thread }: Place) => ({ threadId: thread.id, realtimeId: runName(item, thread.id) })

/** Audio in either direction. The bytes stay in the native message. */
export const audioPiece = (audio: Fields, direction: "input" | "output", nativeThreadId: string | undefined): Fact => {
  const sampleRate = hintNumber(audio, "sampleRate")
  return pieceOf(
    "realtime.audio",
    { threadId: nativeThreadId },
    [direction, sampleRate],
    needString(audio, "data"),
    (joined, frames) => ({ direction, bytes: joined.length, sampleRate, frames }),
  )
}

const transcriptPiece = (piece: string, role: string | undefined, native: NativeRef): Fact =>
  pieceOf("realtime.transcript.delta", native, [role, native.itemId, native.realtimeId], piece, (joined, frames) => ({
    role,
    delta: joined,
    frames,
  }))

/** The text of a handoff: the request's own text, else the active transcript as `role: text` lines. */
const handoffText = (item: Fields): string => {
  const said = hintArray(item, "active_transcript").flatMap((entry) =>
    isFields(entry) ? [`${hintText(entry, "role") ?? "unknown"}: ${hintText(entry, "text") ?? ""}`] : [],
  )
  return hintText(item, "input_transcript") ?? said.join("\n")
}

const handoff = (item: Fields, { thread }: Place): Fact => {
  const handoffId = needText(item, "handoff_id")
  const text = handoffText(item)
  const routedBy = thread.voice.clientRoutes ? "client" : "provider"
  const turnId = linkHandoff(thread.voice, handoffId, text)
  return fact("realtime.handoff", { text, routedBy }, { threadId: thread.id, turnId, handoffId })
}

export const realtimeEntries = {
  "thread/realtime/started": onThread((params, { thread }) => [
    fact(
      "realtime.started",
      { version: hintText(params, "version") },
      { threadId: thread.id, realtimeId: runName(params, thread.id) },
    ),
  ]),

  "thread/realtime/itemAdded": onThread((params, place) => {
    const item = params.item
    if (isFields(item) && item.type === "handoff_request") return [handoff(item, place)]
    const kind = isFields(item) ? hintText(item, "type") : undefined
    return [fact("realtime.item-added", { kind, item }, { threadId: place.thread.id })]
  }),

  "thread/realtime/item/started": onThread((params, place) => {
    const item = needFields(params, "item")
    const kind = needText(item, "type")
    const { voice } = place.thread
    const native = runOf(item, place)
    if (kind === "transcriptSegment") {
      voice.typedTranscript = true
      voice.segments.set(needText(item, "id"), { role: hintText(item, "role"), realtimeId: native.realtimeId })
      return []
    }
    // The notifications `started` and `closed` report the start and the end. But only the item names the run that closes.
    if (kind === "realtimeSessionClosed") voice.closing = native.realtimeId
    if (kind === "realtimeSessionStarted" || kind === "realtimeSessionClosed") return []
    return [fact("realtime.item-added", { kind, item }, native)]
  }),

  "thread/realtime/item/transcript/delta": onThread((params, { thread }) => {
    const itemId = needText(params, "itemId")
    const piece = needString(params, "delta")
    const segment = thread.voice.segments.get(itemId)
    thread.voice.typedTranscript = true
    return [transcriptPiece(piece, segment?.role, { threadId: thread.id, realtimeId: segment?.realtimeId, itemId })]
  }),

  "thread/realtime/item/completed": onThread((params, place) => {
    const item = needFields(params, "item")
    if (needText(item, "type") !== "transcriptSegment") return []
    const { voice } = place.thread
    const itemId = needText(item, "id")
    const text = needString(item, "text")
    const role = hintText(item, "role") ?? voice.segments.get(itemId)?.role
    voice.typedTranscript = true
    voice.segments.delete(itemId)
    return [fact("realtime.transcript.done", { role, text }, { ...runOf(item, place), itemId })]
  }),

  "thread/realtime/transcript/delta": onThread((params, { thread }) =>
    thread.voice.typedTranscript
      ? []
      : [transcriptPiece(needString(params, "delta"), hintText(params, "role"), { threadId: thread.id })],
  ),

  "thread/realtime/transcript/done": onThread((params, { thread }) =>
    thread.voice.typedTranscript
      ? []
      : [
          fact(
            "realtime.transcript.done",
            { role: hintText(params, "role"), text: needString(params, "text") },
            { threadId: thread.id },
          ),
        ],
  ),

  "thread/realtime/outputAudio/delta": onThread((params, { thread }) => [
    audioPiece(needFields(params, "audio"), "output", thread.id),
  ]),

  "thread/realtime/sdp": onThread((params, { thread }) => [
    fact("realtime.sdp", { sdp: needString(params, "sdp") }, { threadId: thread.id }),
  ]),

  "thread/realtime/error": onThread((params, { thread }) => [
    fact("realtime.error", { message: needString(params, "message") }, { threadId: thread.id }),
  ]),

  "thread/realtime/closed": onThread((params, { thread }) => {
    const nativeReason = mayHaveId(params, "reason")
    const reason = nativeReason === undefined ? undefined : closeReasons.get(nativeReason)
    const realtimeId = thread.voice.closing
    thread.voice.closing = undefined
    return [
      fact(
        "realtime.closed",
        { reason: reason ?? "transport_closed", nativeReason },
        { threadId: thread.id, realtimeId },
      ),
    ]
  }),
} as const satisfies Record<string, Entry>
