/** What was said in the voice conversations of a thread, made of its events: who said what, the work that was handed over, starts and ends. */
import type { RealtimeCloseReason } from "@threadfold/contracts"
import type { EventPage } from "@threadfold/contracts/api"
import { entryOf } from "../../../format/format.js"

/** An event as a page or a stream has it. */
export type VoiceEvent = (typeof EventPage.Type)["items"][number]

/** Event types that are shown. */
export const voiceTypes = [
  "realtime.started",
  "realtime.failed",
  "realtime.item-added",
  "realtime.transcript.done",
  "realtime.handoff",
  "delegation.opened",
  "realtime.error",
  "realtime.closed",
] as const

/** Pieces of what is being said: not of older conversations, whose whole texts are there. */
export const pieceType = "realtime.transcript.delta"

interface Placed {
  /** Unique, and stable while it grows. */
  readonly id: string
  /** Clock of its source, ms since the epoch. */
  readonly at: number
}

export type TalkEntry =
  | (Placed & {
      readonly kind: "said"
      /** `user` or `assistant`; another word is shown as it is. */
      readonly role: string
      readonly text: string
      /** It is still being said. */
      readonly open: boolean
    })
  /** Work that was handed to the coding agent. */
  | (Placed & { readonly kind: "work"; readonly delegationId: string | null; readonly text: string })
  /** A start, an end, or what went wrong. */
  | (Placed & { readonly kind: "note"; readonly text: string; readonly failed: boolean })

/** Entries that are held at most: the oldest give way. */
const mostEntries = 1_000

const endWords: Readonly<Record<RealtimeCloseReason, string>> = {
  requested: "Ended: it was stopped.",
  transport_closed: "Ended: the connection was closed.",
  error: "Ended by an error.",
  replaced: "Ended: another conversation took its place.",
  session_ended: "Ended: the session of the agent ended.",
}

/** Why a conversation ended, in words. */
export const endText = (reason: string): string => entryOf(endWords, reason) ?? `Ended: ${reason}.`

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}

const textIn = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === "string" ? value : ""
}

/** The text of a message that a person wrote; what was spoken has its transcript. */
const writtenIn = ({ content }: Fields): string =>
  (Array.isArray(content) ? content.map(fieldsOf) : [])
    .flatMap((part) => (part.type === "input_text" ? textIn(part, "text") : []))
    .join("\n")

export class VoiceTalk {
  #entries: readonly TalkEntry[] = []
  /** Run and utterance → id of the entry that grows. */
  readonly #open = new Map<string, string>()
  /** Run → id and text of the error that came before its end. */
  readonly #errors = new Map<string, { readonly id: string; readonly message: string }>()
  #last = 0

  /** Oldest first. */
  get entries(): readonly TalkEntry[] {
    return this.#entries
  }

  /** Whether no older ones are taken. */
  get full(): boolean {
    return this.#entries.length >= mostEntries
  }

  /** Takes the next event. One that was taken is taken once. */
  take(event: VoiceEvent): void {
    if (event.sequence <= this.#last) return
    this.#last = event.sequence
    const payload = fieldsOf(event.payload)
    const placed = { id: String(event.sequence), at: event.at }
    switch (event.type) {
      case "realtime.transcript.delta":
        return this.#hear(event, placed, textIn(payload, "role"), textIn(payload, "delta"), true)
      case "realtime.transcript.done":
        return this.#hear(event, placed, textIn(payload, "role"), textIn(payload, "text"), false)
      case "realtime.item-added":
        return this.#item(event, placed, textIn(payload, "kind"), fieldsOf(payload.item))
      case "realtime.handoff":
      case "delegation.opened":
        return this.#work(placed, event.delegationId, textIn(payload, "text"))
      case "realtime.started":
        return this.#note(placed, "The conversation is live.")
      case "realtime.error":
        this.#errors.set(event.realtimeId ?? "", { id: placed.id, message: textIn(payload, "message") })
        return this.#note(placed, textIn(payload, "message"), true)
      case "realtime.failed":
        return this.#end(event, placed, "The conversation did not start.", textIn(payload, "message"))
      case "realtime.closed":
        return this.#end(event, placed, endText(textIn(payload, "reason")), "")
    }
  }

  /** Puts older events before what is there. @param events oldest first */
  putBefore(events: readonly VoiceEvent[]): void {
    const older = new VoiceTalk()
    for (const event of events) older.take(event)
    const known = new Set(this.#entries.map(({ id }) => id))
    this.#entries = [...older.entries.filter(({ id }) => !known.has(id)), ...this.#entries]
  }

  #add(entry: TalkEntry): void {
    this.#entries = [...this.#entries.slice(-(mostEntries - 1)), entry]
  }

  #replace(id: string, make: (entry: TalkEntry) => TalkEntry): void {
    this.#entries = this.#entries.map((entry) => (entry.id === id ? make(entry) : entry))
  }

  #note(placed: Placed, text: string, failed = false): void {
    this.#add({ ...placed, kind: "note", text, failed })
  }

  /** A piece of an utterance, or all of it. */
  #hear({ itemId, native, realtimeId }: VoiceEvent, placed: Placed, role: string, text: string, open: boolean): void {
    const key = JSON.stringify([realtimeId, native?.itemId ?? itemId ?? role])
    const growing = this.#open.get(key)
    if (open) this.#open.set(key, growing ?? placed.id)
    else this.#open.delete(key)
    if (growing === undefined) {
      if (text !== "") this.#add({ ...placed, kind: "said", role, text, open })
      else this.#open.delete(key)
      return
    }
    this.#replace(growing, (entry) =>
      entry.kind === "said" ? { ...entry, open, text: open ? entry.text + text : text || entry.text } : entry,
    )
  }

  #item({ realtimeId }: VoiceEvent, placed: Placed, kind: string, item: Fields): void {
    if (kind === "message" && item.role === "user") {
      const text = writtenIn(item)
      const last = this.#entries.findLast((entry) => entry.kind === "said")
      // The model's own word of an item may come twice: added, and done.
      const isTold = last?.kind === "said" && last.id.startsWith(`${realtimeId} ${textIn(item, "id")} `)
      if (text === "" || isTold) return
      const id = item.id === undefined ? placed.id : `${realtimeId} ${textIn(item, "id")} ${placed.id}`
      this.#add({ at: placed.at, id, kind: "said", role: "user", text, open: false })
    } else if (kind === "connection.lost" || kind === "connection.made" || kind === "speech.unsaid") {
      this.#note(placed, textIn(item, "message") || kind, kind !== "connection.made")
    }
  }

  #work(placed: Placed, delegationId: string | null, text: string): void {
    const isKnown = this.#entries.some((entry) => entry.kind === "work" && entry.delegationId === delegationId)
    if (delegationId === null || !isKnown) this.#add({ ...placed, kind: "work", delegationId, text })
  }

  /** One line says how a conversation ended, and by which error. */
  #end({ realtimeId }: VoiceEvent, placed: Placed, text: string, message: string): void {
    const error = this.#errors.get(realtimeId ?? "")
    this.#errors.delete(realtimeId ?? "")
    const why = error?.message || message
    const failed = error !== undefined || message !== ""
    if (error !== undefined) this.#entries = this.#entries.filter(({ id }) => id !== error.id)
    // What was being said is not said to its end.
    const open = new Set(this.#open.values())
    this.#open.clear()
    if (open.size > 0) {
      this.#entries = this.#entries.map((entry) =>
        entry.kind === "said" && open.has(entry.id) ? { ...entry, open: false } : entry,
      )
    }
    this.#note(placed, why === "" ? text : `${text} ${why}`, failed)
  }
}
