/** Where verify and rebuild get events from: what they need of a log, and no more. */
import type { EventEnvelope } from "@threadfold/contracts"
import { compareText } from "./order.js"
import type { ProjectionStore } from "./ProjectionStore.js"

export interface EventSource {
  /** Events of a stream with a version above `afterVersion`, oldest first, at most `limit`. */
  readonly read: (streamId: string, afterVersion: number, limit: number) => readonly EventEnvelope[]
  /** Ids of the streams that have events, in order of their UTF-8 bytes, after `after` (exclusive), at most `limit`. */
  readonly streams: (after: string | null, limit: number) => readonly string[]
}

const pageSize = 500

function* paged<A>(page: (after: string | null) => readonly A[], idOf: (entry: A) => string): Iterable<string> {
  let after: string | null = null
  for (;;) {
    const entries: readonly A[] = page(after)
    for (const entry of entries) yield idOf(entry)
    const last = entries.at(-1)
    if (last === undefined || entries.length < pageSize) return
    after = idOf(last)
  }
}

/** Every stream that the log or the projections know, each once, in order; both are read page by page. */
export function* allStreams(
  source: EventSource,
  store: ProjectionStore,
  after: string | null = null,
): Iterable<string> {
  const logged = paged(
    (last) => source.streams(last ?? after, pageSize),
    (id) => id,
  )[Symbol.iterator]()
  const folded = paged(
    (last) => store.streams(last ?? after, pageSize),
    ({ streamId }) => streamId,
  )[Symbol.iterator]()
  let left = logged.next()
  let right = folded.next()
  while (left.done !== true || right.done !== true) {
    const order = left.done === true ? 1 : right.done === true ? -1 : compareText(left.value, right.value)
    if (order <= 0 && left.done !== true) yield left.value
    else if (right.done !== true) yield right.value
    if (order >= 0) right = folded.next()
    if (order <= 0) left = logged.next()
  }
}
