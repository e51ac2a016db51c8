/** The events that settle a stream of a bundle: what lived where it comes from does not live here, and nothing of it goes on by itself. */
import { mintId, settlementOf } from "@threadfold/core"
import { type EventDraft, type RestoredEvent, sha256 } from "@threadfold/engine"
import { decodeRow } from "@threadfold/event-log"
import type { ScratchRows } from "@threadfold/projections"
import { Record } from "effect"
import { relatedColumns } from "./relatedColumns.js"

type Following = NonNullable<Parameters<ScratchRows["end"]>[0]>

interface Settling {
  readonly type: string
  readonly sessionId: string | null
  readonly payload: unknown
  readonly turnId?: string
}

/** Of one stream. Its ids follow from the stream, and its times are those of the last event: two imports of one bundle give equal logs. */
export class Settlement {
  private readonly drafts: EventDraft[] = []

  constructor(
    private readonly streamId: string,
    private readonly events: number,
    private readonly at: number,
  ) {}

  /** The events that end what lives, as the fold takes them. */
  readonly begin: Following = ({ hasRules, state }) => {
    for (const settling of settlementOf(state, "imported", hasRules)) this.add(settling)
    return this.drafts.map((draft, index) =>
      decodeRow({ ...this.rowOf(draft, this.events + 1 + index), sequence: this.events + 1 + index }),
    )
  }

  /** All of them. The end of a turn becomes final here, and not a second later by the orchestrator. */
  end(unsettled: readonly string[]): readonly EventDraft[] {
    for (const turnId of unsettled) this.add({ type: "turn.settled", sessionId: null, payload: {}, turnId })
    return this.drafts
  }

  private add({ payload, sessionId, turnId, type }: Settling): void {
    const { at, drafts, events, streamId } = this
    const eventId = mintId(sha256, at, `settle|${streamId}|${events}|${drafts.length}|${type}`)
    const ids = turnId === undefined ? {} : { turnId }
    const event = { ...ids, type, payload, native: null, channel: null, seq: null, at, eventId }
    drafts.push({ to: { streamId }, sessionId, actor: "import", event })
  }

  private rowOf({ event, sessionId }: EventDraft, streamVersion: number): RestoredEvent["row"] {
    return {
      ...Record.map(relatedColumns, () => null),
      streamId: this.streamId,
      streamVersion,
      eventId: event.eventId ?? "",
      type: event.type,
      v: 1,
      seq: null,
      at: event.at,
      recordedAt: event.at,
      actor: "import",
      sessionId,
      native: null,
      payload: JSON.stringify(event.payload),
    }
  }
}
