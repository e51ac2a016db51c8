/** Which drafts form one run of streamed deltas: the same session and item, with consecutive numbers. */
import type { NativeRef } from "@threadfold/contracts"
import type { EventDraft } from "../Submission.js"

type SourceEvent = EventDraft["event"]

/** Whether an event has ids of ours: then it is not part of a run. */
export const namesOurs = (event: SourceEvent): boolean =>
  event.eventId !== undefined ||
  (event.turnId ?? null) !== null ||
  (event.itemId ?? null) !== null ||
  (event.requestId ?? null) !== null ||
  (event.inferenceId ?? null) !== null ||
  (event.realtimeId ?? null) !== null ||
  (event.delegationId ?? null) !== null ||
  (event.taskId ?? null) !== null

const sameNative = (a: NativeRef, b: NativeRef): boolean =>
  a === b ||
  (a.itemId === b.itemId &&
    a.turnId === b.turnId &&
    a.threadId === b.threadId &&
    a.callId === b.callId &&
    a.realtimeId === b.realtimeId &&
    a.clientId === b.clientId &&
    b.requestId === undefined &&
    b.inferenceId === undefined &&
    b.handoffId === undefined &&
    b.taskId === undefined)

/** Whether a draft continues with the run that `first` began. */
export const continues = (first: EventDraft, draft: EventDraft, seq: number): boolean => {
  const { event } = draft
  const { native } = first.event
  return (
    event.type === "content.delta" &&
    event.seq === seq &&
    event.channel === first.event.channel &&
    draft.sessionId === first.sessionId &&
    draft.actor === first.actor &&
    draft.commandId === undefined &&
    draft.to.streamId === first.to.streamId &&
    draft.to.key === first.to.key &&
    native !== undefined &&
    native !== null &&
    event.native !== undefined &&
    event.native !== null &&
    sameNative(native, event.native) &&
    !namesOurs(event)
  )
}
