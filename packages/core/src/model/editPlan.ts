/** Edits of a log against the stream that they are of: what is checked before any work, and where each of them applies. */
import { decodePayload, type EventEnvelope, isEventType } from "@threadfold/contracts"
import { Either } from "effect"
import { type BadEdit, type Edit, type EventDraft, faultOf } from "./edits.js"

/** What comes after an event: an event of the log, or a new one (`index`: that of its edit). */
export type Placed = { readonly moved: EventEnvelope } | { readonly draft: EventDraft; readonly index: number }

/** The edits of a stream by the events that they are about. */
export interface EditPlan {
  readonly dropped: ReadonlySet<number>
  /** Sequence → fields of the payload. */
  readonly replaced: ReadonlyMap<number, Readonly<Record<string, unknown>>>
  /** Sequence → ms. */
  readonly delayed: ReadonlyMap<number, number>
  /** Sequence after which it comes → what comes there, in the order of the edits. */
  readonly placed: ReadonlyMap<number, readonly Placed[]>
  /** Events that come elsewhere. */
  readonly moved: ReadonlySet<number>
}

type Fields = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The payload of an event with some fields replaced. */
export const replacedPayload = (payload: unknown, fields: Fields): unknown => ({
  ...(isMembers(payload) ? payload : {}),
  ...fields,
})

const payloadProblem = (type: string, payload: unknown): { readonly field: string; readonly problem: string } | null =>
  isEventType(type) ? Either.match(decodePayload(type)(payload), { onLeft: faultOf, onRight: () => null }) : null

const sequenceOf = (edit: Edit): number | null => ("sequence" in edit ? edit.sequence : null)
const placeOf = (edit: Edit): number | null => ("after" in edit ? (edit.after ?? null) : null)

/** The events that the edits name, out of a stream. */
const namedEvents = (edits: readonly Edit[], events: Iterable<EventEnvelope>): ReadonlyMap<number, EventEnvelope> => {
  const wanted = new Set(edits.flatMap((edit) => [sequenceOf(edit), placeOf(edit)]))
  const named = new Map<number, EventEnvelope>()
  for (const event of events) if (wanted.has(event.sequence)) named.set(event.sequence, event)
  return named
}

class Planning {
  readonly bad: BadEdit[] = []
  readonly dropped = new Set<number>()
  readonly replaced = new Map<number, Fields>()
  readonly delayed = new Map<number, number>()
  readonly placed = new Map<number, Placed[]>()
  readonly moved = new Set<number>()

  constructor(private readonly named: ReadonlyMap<number, EventEnvelope>) {}

  take(edit: Edit, index: number): void {
    const at = sequenceOf(edit)
    const after = placeOf(edit)
    const event = at === null ? null : (this.named.get(at) ?? null)
    if (at !== null && event === null) return this.refuse(index, "sequence", noEvent(at))
    if (after !== null && after !== 0 && !this.named.has(after)) return this.refuse(index, "after", noEvent(after))
    switch (edit.op) {
      case "insert":
        this.refusePayload(index, "event.payload", payloadProblem(edit.event.type, edit.event.payload ?? {}))
        return this.place(edit.after, { draft: edit.event, index })
      case "drop":
        this.once(index, "drop", this.dropped, edit.sequence)
        this.dropped.add(edit.sequence)
        return
      case "replace":
        this.once(index, "replace", this.replaced, edit.sequence)
        this.replaced.set(edit.sequence, edit.payload)
        return event === null ? undefined : this.checkReplaced(index, event, edit.payload)
      case "delay":
        this.once(index, "delay", this.delayed, edit.sequence)
        this.delayed.set(edit.sequence, edit.ms)
        return event === null || after === null ? undefined : this.move(index, event, after)
      case "reorder":
        return event === null ? undefined : this.move(index, event, edit.after)
    }
  }

  /** What only all of the edits together show. */
  checkTogether(edits: readonly Edit[]): void {
    for (const [index, edit] of edits.entries()) {
      const at = sequenceOf(edit)
      const after = placeOf(edit)
      if (at !== null && edit.op !== "drop" && this.dropped.has(at)) {
        this.refuse(index, "sequence", `another edit drops event ${at}`)
      }
      if (after !== null && this.dropped.has(after)) this.refuse(index, "after", `another edit drops event ${after}`)
      if (after !== null && this.moved.has(after)) this.refuse(index, "after", `another edit moves event ${after}`)
    }
  }

  private refuse(index: number, field: string, problem: string): void {
    this.bad.push({ index, field, problem })
  }

  private refusePayload(
    index: number,
    field: string,
    wrong: { readonly field: string; readonly problem: string } | null,
  ): void {
    if (wrong !== null) this.refuse(index, [field, wrong.field].filter((part) => part !== "").join("."), wrong.problem)
  }

  /** A payload that did not fit its type before may be replaced by another that does not. */
  private checkReplaced(index: number, { payload, type }: EventEnvelope, fields: Fields): void {
    if (payloadProblem(type, payload) !== null) return
    this.refusePayload(index, "payload", payloadProblem(type, replacedPayload(payload, fields)))
  }

  private once(index: number, op: string, seen: { readonly has: (at: number) => boolean }, at: number): void {
    if (seen.has(at)) this.refuse(index, "sequence", `a second ${op} of event ${at}`)
  }

  private move(index: number, event: EventEnvelope, after: number): void {
    this.once(index, "place", this.moved, event.sequence)
    this.moved.add(event.sequence)
    this.place(after, { moved: event })
  }

  private place(after: number, one: Placed): void {
    const there = this.placed.get(after)
    if (there === undefined) this.placed.set(after, [one])
    else there.push(one)
  }
}

const noEvent = (sequence: number): string => `the thread has no event of sequence ${sequence}`

/**
 * Checks edits against the stream that they are of. Refused: an event that the stream has not, a place after one that is dropped or
 * comes elsewhere, two edits of one kind of the same event, and a payload that does not fit its type.
 *
 * @param events the events of the stream, oldest first; read once. Only those that the edits name are kept.
 */
export const planEdits = (
  edits: readonly Edit[],
  events: Iterable<EventEnvelope>,
): EditPlan | { readonly bad: readonly BadEdit[] } => {
  const planning = new Planning(namedEvents(edits, events))
  for (const [index, edit] of edits.entries()) planning.take(edit, index)
  planning.checkTogether(edits)
  const { bad, delayed, dropped, moved, placed, replaced } = planning
  return bad.length > 0 ? { bad } : { delayed, dropped, moved, placed, replaced }
}
