/**
 * The events of a stream as edits leave them. Events of the log keep their sequence and their ids. What is placed elsewhere, or is new,
 * gets a sequence between its neighbours (12.5 lies between 12 and 13) and the version of the event that it follows.
 *
 * Numbers of a source are closed up behind an event that is dropped or moved, and make room where one comes: what is asked is how the
 * thread would be if the agent had spoken so, not whether a number is missing.
 */
import { blankEnvelope, type EventEnvelope, eventVersions, isEventType } from "@threadfold/contracts"
import { type Digest, mintId } from "../resolve/mints.js"
import { type EditPlan, type Placed, replacedPayload } from "./editPlan.js"

/** An event of the edited stream. */
export interface EditedEvent {
  readonly event: EventEnvelope
  /** Its ids are resolved where it is folded: it is new. */
  readonly isNew: boolean
  /** Its session is the one that lives where it is folded. */
  readonly takesSession: boolean
}

/** How far the numbers of a channel have moved. */
class Numbers {
  private readonly shifts = new Map<string, number>()
  private readonly last = new Map<string, number>()

  /** The event leaves this place: those behind it move up. */
  leave(event: EventEnvelope): void {
    this.shift(event, -1)
  }

  /** The event comes to this place: those behind it make room. */
  come(event: EventEnvelope): EventEnvelope {
    const key = keyOf(event)
    if (key === null || event.seq === null) return event
    this.shift(event, 1)
    const seq = (this.last.get(key) ?? 0) + 1
    this.last.set(key, seq)
    return { ...event, seq }
  }

  /** The event stays in its place. */
  stay(event: EventEnvelope): EventEnvelope {
    const key = keyOf(event)
    if (key === null || event.seq === null) return event
    const shift = this.shifts.get(key) ?? 0
    const seq = event.seq + shift
    this.last.set(key, Math.max(seq, this.last.get(key) ?? 0))
    return shift === 0 ? event : { ...event, seq }
  }

  private shift(event: EventEnvelope, by: number): void {
    const key = keyOf(event)
    if (key !== null) this.shifts.set(key, (this.shifts.get(key) ?? 0) + by)
  }
}

const keyOf = ({ channel, seq, sessionId, streamId }: EventEnvelope): string | null =>
  channel === null || seq === null ? null : `${sessionId ?? streamId}/${channel}`

/** The events of a stream after its edits, in order. */
export function* editedStream(
  streamId: string,
  events: Iterable<EventEnvelope>,
  plan: EditPlan,
  digest: Digest,
): Generator<EditedEvent, void> {
  const numbers = new Numbers()
  const changed = (event: EventEnvelope): EventEnvelope => {
    const fields = plan.replaced.get(event.sequence)
    const ms = plan.delayed.get(event.sequence) ?? 0
    if (fields === undefined && ms === 0) return event
    const payload = fields === undefined ? event.payload : replacedPayload(event.payload, fields)
    return { ...event, payload, at: event.at + ms, recordedAt: event.recordedAt + ms }
  }
  const draftAfter = (
    before: EventEnvelope,
    { draft, index }: Extract<Placed, { readonly index: number }>,
  ): EditedEvent => {
    const at = draft.at ?? before.at
    const actor = draft.actor ?? "provider"
    const v = draft.v ?? (isEventType(draft.type) ? eventVersions[draft.type] : 1)
    const { payload = {}, sessionId = null, ...named } = draft
    return {
      isNew: true,
      takesSession: draft.sessionId === undefined && actor === "provider",
      event: {
        ...blankEnvelope,
        ...definedOf(named),
        streamId,
        streamVersion: before.streamVersion,
        eventId: mintId(digest, at, `${streamId}|whatif|${index}`),
        type: draft.type,
        v,
        at,
        recordedAt: before.recordedAt,
        actor,
        sessionId,
        payload,
      },
    }
  }
  function* placedAfter(before: EventEnvelope): Generator<EditedEvent, void> {
    const placed = plan.placed.get(before.sequence) ?? []
    for (const [at, one] of placed.entries()) {
      const sequence = before.sequence + (at + 1) / (placed.length + 1)
      if ("moved" in one) {
        const event = { ...numbers.come(changed(one.moved)), sequence, streamVersion: before.streamVersion }
        yield { event, isNew: false, takesSession: false }
      } else {
        const drafted = draftAfter(before, one)
        yield { ...drafted, event: { ...drafted.event, sequence } }
      }
    }
  }
  let isFirst = true
  for (const event of events) {
    if (isFirst) yield* placedAfter({ ...event, sequence: 0, streamVersion: 0 })
    isFirst = false
    if (plan.dropped.has(event.sequence) || plan.moved.has(event.sequence)) numbers.leave(event)
    else yield { event: numbers.stay(changed(event)), isNew: false, takesSession: false }
    yield* placedAfter(event)
  }
}

/** The fields of a draft that it gives. */
const definedOf = (draft: object): Partial<EventEnvelope> =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined))
