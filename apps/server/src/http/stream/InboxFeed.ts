/**
 * The inbox as it changes. Each frame is the whole inbox, which is bounded: a stream that was away needs the newest one alone, so the ring
 * holds no other. The rows that change only say that it is time to look again.
 */
import type { Inbox } from "@threadfold/contracts"
import { Engine } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Context, Effect, Layer } from "effect"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import type { Feed } from "./Feed.js"
import { type Frame, inboxFrame } from "./Frame.js"
import { type HubIntake, makeHub } from "./Hub.js"

/** Two looks are so far apart at least, ms: threads that stream change their rows all the time. */
const pauseMs = 200

/** What a reader sees of it: the sequence alone is no news. */
const contentOf = ({ sequence: _sequence, ...content }: Inbox): string => JSON.stringify(content)

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const { stream: limits } = yield* HttpLimits
  const metrics = yield* Metrics
  const projections = yield* Projections
  const { log } = engine
  const live = yield* Effect.makeLatch(false)
  let newest: Frame | null = null

  const follow = (intake: HubIntake) =>
    Effect.scoped(
      Effect.gen(function* () {
        const changed = yield* Effect.makeLatch(true)
        // Every event of a thread writes the thread's row, so there is nothing to choose from.
        yield* engine.watchRows(() => {
          changed.unsafeOpen()
        })
        yield* Effect.addFinalizer(() => live.close)
        let shown: string | null = null
        for (;;) {
          yield* changed.await
          changed.unsafeClose()
          const inbox = yield* projections.inbox()
          const content = contentOf(inbox)
          if (content === shown) intake.reach(inbox.sequence)
          else {
            const frame = inboxFrame(log.logId, inbox)
            newest = frame
            shown = content
            intake.restart(frame.sequence - 1)
            intake.publish(frame)
            yield* live.open
          }
          yield* Effect.sleep(pauseMs)
        }
      }),
    )

  const hub = yield* makeHub({ follow, published: log.published, lingerMs: 0 }, limits, metrics)

  return InboxFeed.of({
    hub,
    logId: log.logId,
    published: () => newest?.sequence ?? 0,
    begin: (cursor) =>
      Effect.map(live.await, () => {
        const { sequence = 0 } = newest ?? {}
        const seen = cursor !== null && (cursor.logId ?? log.logId) === log.logId ? cursor.sequence : -1
        // A reader of this very inbox waits for the next one; everybody else gets it at once.
        return { cursor: seen >= sequence ? hub.ring.head : sequence - 1, reset: null }
      }),
    behind: (_filter, cursor, page) =>
      Effect.map(live.await, () => {
        const { bytes = null, sequence = cursor } = newest ?? {}
        return {
          kind: "piece" as const,
          frames: bytes === null || sequence <= cursor ? [] : [bytes],
          until: Math.max(cursor, sequence),
          page,
        }
      }),
  })
})

/** The stream of the inbox. */
export class InboxFeed extends Context.Tag("@threadfold/server/InboxFeed")<InboxFeed, Feed>() {
  static readonly layer: Layer.Layer<InboxFeed, never, Engine | HttpLimits | Metrics | Projections> = Layer.scoped(
    InboxFeed,
    make,
  )
}
