/** A line of a trace on its way to a reader, and what readers of one kind have in common. */
import type { Source } from "../../runtime/Draft.js"
import type { Fields } from "../../runtime/readFields.js"
import { type TraceLine, traceId } from "./readTraceLine.js"
import type { Done, TraceState } from "./TraceState.js"
import type { TraceThread } from "./TraceThread.js"

/** A line with what came for it. */
export interface TraceEvent {
  readonly line: TraceLine
  readonly source: Source
  /** The object in the body that a member of the event names; undefined: it names none, or there is none to read. */
  readonly body: (key: string) => Fields | undefined
}

/** Reads an event of a known type. */
export type EventReader = (state: TraceState, event: TraceEvent) => Done

/** A reader of events that are about a thread. */
export const ofThread =
  (read: (state: TraceState, thread: TraceThread, event: TraceEvent) => Done): EventReader =>
  (state, event) => {
    const thread = state.threadOf(event.source, event.line)
    return thread === undefined
      ? state.kept(event.source, undefined, event.line, "it names no thread")
      : read(state, thread, event)
  }

/** A reader of events about what the id in `key` names. */
export const about = (
  key: string,
  read: (state: TraceState, thread: TraceThread, event: TraceEvent, id: string) => Done,
): EventReader =>
  ofThread((state, thread, event) => {
    const id = traceId(event.line.payload, key)
    return id === undefined
      ? state.kept(event.source, thread, event.line, `${key}: expected a text`)
      : read(state, thread, event, id)
  })
