/** The client's reducer against the rows of the server: for random logs, and for every recording. */
import type { EventEnvelope } from "@threadfold/contracts"
import { randomEvent, type TestEvent } from "@threadfold/projections/testing"
import { cases, makePauses, recordings } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Library } from "../recordings/Library.js"
import { Follower } from "./Follower.js"
import { Served } from "./Served.js"

/** Long enough for lists to be cut: two threads of two sessions, few native ids. */
const longLog: fc.Arbitrary<readonly TestEvent[]> = fc
  .array(randomEvent, { minLength: 50, maxLength: 90, size: "max" })
  .map((events) => [
    ...["a", "b"].map((thread) => ({
      stream: `thread ${thread}`,
      session: `session ${thread} first`,
      type: "session.started",
      payload: { provider: "codex", mode: "managed", usageMode: "cumulative-thread" },
    })),
    ...events,
  ])

const followAll = async (followers: readonly Follower[], event: EventEnvelope): Promise<void> => {
  for (const follower of followers) {
    await follower.follow(event)
    // Of another thread's event it says itself that nothing has changed.
    if (follower.threadId === event.streamId) follower.compare()
  }
}

describe("applyEvent", () => {
  it("keeps the rows of any log as the server has them, from every place and however little is held", async () => {
    const pauses = makePauses()
    let applied = 0
    await fc.assert(
      fc.asyncProperty(longLog, fc.constantFrom(1, 2, 500), async (events, limit) => {
        const served = new Served()
        try {
          const followers: Follower[] = []
          for (const one of events) {
            await pauses()
            const event = served.append(one)
            await followAll(followers, event)
            if (event.sequence % 16 < 2) {
              followers.push(await Follower.begin(served, event.streamId, limit))
            }
          }
          // Nothing is left out of a snapshot of so few rows.
          if (limit === 500) for (const { reloads } of followers) expect(reloads).toBe(0)
          for (const follower of followers) applied += follower.applied
        } finally {
          await served.close()
        }
      }),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? 8) },
    )
    expect(applied).toBeGreaterThan(100)
  })
})

describe.each([...recordings, ...cases].map((one) => [one.name, one] as const))("%s", (_name, one) => {
  it("is followed row for row from several places, and seldom needs another snapshot", async () => {
    const library = new Library()
    const served = new Served()
    try {
      await library.import([one.path])
      const events = library.events()
      const pauses = makePauses()
      const places = new Set([1, 0.2, 0.5, 0.8].map((part) => Math.max(1, Math.floor(part * events.length))))
      const followers: Follower[] = []
      const threads = new Set<string>()
      for (const [index, event] of events.entries()) {
        await pauses()
        served.take(event)
        for (const follower of followers) {
          await follower.follow(event)
          if (index % 50 === 0) follower.compare()
        }
        const thread = served.store.find("threads", "key", [event.streamId])
        if (thread === null) continue
        if (!threads.has(event.streamId) || places.has(index)) {
          threads.add(event.streamId)
          for (const limit of [3, 50]) followers.push(await Follower.begin(served, event.streamId, limit))
        }
      }
      for (const follower of followers) {
        follower.compare()
        expect(follower.reloads).toBeLessThanOrEqual(2 + follower.applied / 50)
      }
    } finally {
      await served.close()
      library.close()
    }
  })
})
