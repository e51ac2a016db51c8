import type { EventEnvelope } from "@threadfold/contracts"
import type { EventRow } from "@threadfold/event-log"

/** The stored form of an event. `native`: the JSON of its native ids. */
export const rowOf = (event: EventEnvelope, native: string | null): EventRow => ({
  ...event,
  native,
  payload: JSON.stringify(event.payload),
})
