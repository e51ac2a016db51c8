/**
 * Anomalies: facts that the fold refused to apply, and why. Keyed (thread, subject, reason) with a count and the first
 * and last sequence. The list of reasons is closed: a new one is a change of the contract.
 */
import { listed } from "./fields.js"

/** reason → what it means for a person who reads it. */
export const anomalyReasons = {
  "turn-conflict": "A turn started while another one was active, and Threadfold had not requested it.",
  "turn-restarted": "A start named a turn that had already started or ended; it stays as it is.",
  "turn-start-after-terminal": "A start came for a turn whose end had already been seen; it stays closed.",
  "turn-terminal-unknown": "An end named a turn that was never seen; a later start of it will not open it.",
  "turn-terminal-untargeted": "An end named no turn; it changes nothing.",
  "turn-terminal-duplicate": "The turn had already ended by the provider's own word; this end changes nothing.",
  "turn-unknown": "The event named a turn that was never seen.",
  "turn-rewound": "The event named a turn that had been taken back; it stays as it was.",
  "rewind-without-turns": "A rewind named no turn of the thread that could be taken back.",
  "turn-accept-unmatched": "The provider accepted a call that no requested turn is waiting for.",
  "item-unknown": "The event named an item that was never seen.",
  "item-duplicate": "A start named an item that exists already.",
  "item-terminal-duplicate": "The item had already ended by the provider's own word; this end changes nothing.",
  "item-after-turn-end": "An item or content came after the end of its turn; it is shown there as work after the end.",
  "item-without-turn": "An item came that belongs to no turn we know.",
  "delta-after-end": "Content came for an item that had ended by the provider's own word.",
  "request-unknown": "An answer or a clean-up named a request that was never seen.",
  "request-duplicate": "The request was opened again with other content.",
  "request-already-ended": "A decision came for a request that was no longer open.",
  "request-answer-conflict": "A second, different answer came; the first one wins.",
  "request-after-end": "A request was opened in a session that had ended.",
  "inference-unknown-terminal": "An end came for a model call that was never seen; it is kept as a closed row.",
  "inference-terminal-duplicate": "The model call had already ended; the new evidence only filled what was empty.",
  "inference-item-late": "An output item came after its model call had ended by its own word.",
  "inference-unknown": "The event named a model call that was never seen.",
  "inference-duplicate": "A start named a model call that exists already.",
  "realtime-close-without-run":
    "A voice close came with no such voice conversation open: none is, or the one that it names is over.",
  "realtime-error-without-run": "A voice error came with neither a start pending nor such a conversation open.",
  "realtime-event-without-run":
    "A voice event came with no such voice conversation open: none is, or the one that it names is over.",
  "realtime-duplicate": "A start named a voice conversation that exists already.",
  "delegation-unknown": "The event named a hand-over that was never seen.",
  "delegation-duplicate": "The hand-over exists already.",
  "task-duplicate": "A start named a background task that exists already.",
  "task-unknown": "The event named a background task that was never seen.",
  "task-terminal-duplicate": "The background task had already ended.",
  "session-unknown": "The event named a session that never started.",
  "session-stale": "The event came from a session that had been replaced or had ended.",
  "session-exit-duplicate": "The session had already ended.",
  "session-event-after-exit": "The session had ended; this event changes nothing live.",
  "message-duplicate": "The message is in the queue already.",
  "message-unknown": "The event named a queued message that does not exist.",
  "stream-mismatch": "The event belongs to another kind of stream (thread or connection); kept, not applied.",
  "seq-gap": "Numbers are missing in a channel of the source.",
  "seq-conflict": "The same number came again with other content; the later content was refused.",
  "seq-late": "A number of a channel came after a higher one.",
  unmapped: "A message unknown to this version of Threadfold; kept verbatim.",
  "unknown-type": "An event type unknown to this version of Threadfold; kept, not applied.",
  "newer-version": "An event written by a newer version of Threadfold; kept, not applied.",
  "unreadable-payload": "The stored payload is not what its type says; kept, not applied.",
  "usage-regressed":
    "A running total of tokens went down: a repeat of an older one, which changes nothing, or a new base to count from.",
  "limit-reached":
    "A thread holds as much of this kind as it may (channels, requested turns, voice starts, queued messages); kept, not applied.",
  "fold-defect": "The fold would have broken an invariant; the event is kept, the rows stay as they were.",
  "projection-frozen": "SQLite refused the rows of this thread; its events are kept, its rows wait for a rebuild.",
} as const

export type AnomalyReason = keyof typeof anomalyReasons

/** Why the fold refused to apply a fact. */
export const AnomalyReason = listed(
  "AnomalyReason",
  "Why the fold refused to apply a fact, or what is odd about a source. The list is closed.",
  ...(Object.keys(anomalyReasons) as [AnomalyReason, ...AnomalyReason[]]),
)
