/**
 * Submissions between the threads. V8 writes and reads the name of each member of each object that is sent, which costs more than the
 * values: drafts of a source and nothing else, which nearly all submissions are, go as arrays.
 */
import type { EventDraft, Submission } from "../Submission.js"
import { messageToSend, namesOurs } from "../writer/index.js"

type SourceEvent = EventDraft["event"]

/** A draft of a source: no command, no id of ours. */
type SentDraft = readonly [
  streamId: string,
  key: string | undefined,
  sessionId: string | null,
  actor: EventDraft["actor"],
  type: string,
  v: SourceEvent["v"],
  channel: string | null,
  seq: number | null,
  at: number,
  native: SourceEvent["native"],
  payload: SourceEvent["payload"],
  raw: SourceEvent["raw"],
]

/** A submission as it is sent. */
export type SentSubmission = Submission | readonly SentDraft[]

const isOfSource = ({ carriesOn, commandId, event }: EventDraft): boolean =>
  commandId === undefined && carriesOn === undefined && !namesOurs(event)

const hasOnlyDrafts = (submission: Submission): boolean => {
  for (const name in submission) if (name !== "drafts") return false
  return submission.drafts.every(isOfSource)
}

const draftToSent = ({ actor, event, sessionId, to: { key, streamId } }: EventDraft): SentDraft => {
  const { at, channel, native, payload, seq, type, v } = event
  return [streamId, key, sessionId, actor, type, v, channel, seq, at, native, payload, messageToSend(event)]
}

const draftFromSent = ([
  streamId,
  key,
  sessionId,
  actor,
  type,
  v,
  channel,
  seq,
  at,
  native,
  payload,
  raw,
]: SentDraft): EventDraft => ({
  to: key === undefined ? { streamId } : { streamId, key },
  sessionId,
  actor,
  event: { type, v, channel, seq, at, native, payload, raw },
})

/** The draft without what its message and its payload have twice. */
const lightened = (draft: EventDraft): EventDraft => {
  const raw = messageToSend(draft.event)
  return raw === draft.event.raw ? draft : { ...draft, event: { ...draft.event, raw } }
}

/** A submission as it is sent to the writer thread. */
export const submissionToSent = (submission: Submission): SentSubmission =>
  hasOnlyDrafts(submission)
    ? submission.drafts.map(draftToSent)
    : { ...submission, drafts: submission.drafts.map(lightened) }

/** The submission that was sent. */
export const submissionFromSent = (sent: SentSubmission): Submission =>
  "drafts" in sent ? sent : { drafts: sent.map(draftFromSent) }
