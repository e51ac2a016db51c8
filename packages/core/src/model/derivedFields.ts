/**
 * Fields of the document that no event tells as such: the fold, or the view, makes them of other rows. `why` names the event at which
 * the field's value changed, and says what it is made of.
 */
import type { RowKind } from "./rowPath.js"

type Sources = { readonly [field: string]: readonly string[] }

const derived: { readonly [K in RowKind]?: Sources } = {
  thread: {
    status: ["thread#archivedAt", "requests", "turns", "items", "session#status"],
    firstWords: ["turns", "items"],
    preview: ["turns", "items"],
    activeTurnId: ["turns"],
    openRequests: ["requests"],
    queued: ["queue"],
    turns: ["turns"],
    updatedAt: ["events"],
    lastActivityAt: ["events"],
    streamVersion: ["events"],
  },
  session: { activeTurnId: ["turns"], pendingTurnId: ["turns"], lastActivityAt: ["events"] },
  turns: { rewound: ["rewinds"], rewoundAt: ["rewinds"], rewoundSequence: ["rewinds"] },
  items: { text: ["streamed pieces"] },
  inferences: { outputItems: ["output items"] },
  queue: { position: ["queue"] },
  anomalies: { count: ["events"], firstSequence: ["events"], lastSequence: ["events"], detail: ["events"] },
}

const ofUsage = ["turns#usage"]

/** What a field is made of, as rows or fields of the document; empty: events tell it. Null as `field`: the whole row. */
export const derivedFrom = (kind: RowKind, field: string | null): readonly string[] => {
  if (kind === "usage") return field === "contextWindow" || field === "last" ? [] : ofUsage
  return field === null ? [] : (derived[kind]?.[field] ?? [])
}

/** Fields that nearly every event moves. An event that changes nothing else has changed nothing. */
const bookkeeping = new Set([
  "thread#updatedAt",
  "thread#lastActivityAt",
  "thread#streamVersion",
  "session#lastActivityAt",
])

/** Whether nearly every event moves the field of a row. */
export const isBookkeeping = (row: string, field: string): boolean => bookkeeping.has(`${row}#${field}`)
