import { expect } from "@effect/vitest"
import { eventIdOf, sessionOf, streamOf } from "@threadfold/event-log/fixtures"
import { makePauses } from "@threadfold/testkit"
import { Effect } from "effect"
import type { EventDraft } from "../Submission.js"
import { messageToSend } from "../writer/storedMessage.js"
import { append, appendAll, eventOf, type LogTest, numberedEvent, theLog } from "./LogUnderTest.js"

/** Order, versions, atomicity and repetition. */
export const appendSuite = (test: LogTest): void => {
  test(
    "counts one gapless sequence over all streams, and a version in each",
    Effect.gen(function* () {
      const log = yield* theLog
      for (let n = 1; n <= 30; n += 3) {
        const stream = n % 4
        yield* append(eventOf(n, { stream }), eventOf(n + 1, { stream }), eventOf(n + 2, { stream: 9 }))
      }
      const rows = yield* log.read({ limit: 100 })
      expect(rows.map((row) => row.sequence)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
      const versions = new Map<string, number>()
      for (const row of rows) {
        expect(row.streamVersion).toBe((versions.get(row.streamId) ?? 0) + 1)
        versions.set(row.streamId, row.streamVersion)
      }
      expect(versions.get(streamOf(9))).toBe(10)
    }),
  )

  test(
    "stores all of a submission or nothing, and the others of the batch in both cases",
    Effect.gen(function* () {
      const log = yield* theLog
      const refused = {
        drafts: [eventOf(1, { raw: "x" }), eventOf(2)],
        ifRequested: { threadId: streamOf(1), turnId: eventIdOf(1) },
      }
      const [alone] = yield* appendAll(refused)
      expect(alone).toMatchObject({ ok: false })
      expect([yield* log.head, log.published()]).toEqual([0, 0])
      expect(yield* log.native(1)).toBeNull()
      const [first, second] = yield* appendAll(refused, { drafts: [eventOf(1, { stream: 2 })] })
      expect([first?.ok, second?.ok]).toEqual([false, true])
      expect([yield* log.head, log.published()]).toEqual([1, 1])
      expect(yield* log.native(1)).toBeNull()
    }),
  )

  test(
    "takes a repeated submission as done",
    Effect.gen(function* () {
      const log = yield* theLog
      const drafts = [eventOf(1), numberedEvent(2, 1), eventOf(3, { stream: 2 })]
      const first = yield* append(...drafts)
      const again = yield* append(...drafts)
      expect(first.map(({ status }) => status)).toEqual(["appended", "appended", "gap"])
      expect(again).toEqual(first.map(({ sequence, streamId }) => ({ status: "duplicate", streamId, sequence })))
      expect(yield* log.head).toBe(3)
    }),
  )

  test(
    "recognises a number of a source, also when the keys are in another order",
    Effect.gen(function* () {
      const log = yield* theLog
      const native = { threadId: "t", turnId: "u" }
      const payload = { message: "m", code: null, details: "d" }
      yield* append(numberedEvent(1, 1, { at: 5, native, payload }))
      const again = {
        at: 5,
        native: { turnId: "u", threadId: "t" },
        payload: { details: "d", code: null, message: "m" },
      }
      expect(yield* append(numberedEvent(1, 1, again), numberedEvent(3, 2))).toEqual([
        { status: "duplicate", streamId: streamOf(1), sequence: 1 },
        { status: "appended", streamId: streamOf(1), sequence: 2 },
      ])
      expect(yield* log.head).toBe(2)
    }),
  )

  test(
    "refuses other content under a source's number, and keeps it as a fact of its own, once",
    Effect.gen(function* () {
      const log = yield* theLog
      const first = { at: 5, native: { turnId: "u" }, payload: { message: "m" } }
      yield* append(numberedEvent(1, 1, first))
      const others = [
        { type: "config.warning" },
        { at: 6 },
        { native: null },
        { native: { turnId: "w" } },
        { payload: { message: "other" } },
      ]
      for (const [n, other] of others.entries()) {
        for (const _again of [1, 2]) {
          expect(yield* append(numberedEvent(1, 1, { ...first, ...other }))).toEqual([
            { status: "conflict", streamId: streamOf(1), sequence: null, problem: "seq-conflict" },
          ])
        }
        expect(yield* log.head).toBe(n + 2)
      }
      const [kept] = yield* log.read({ after: 1, limit: 1 })
      expect(kept).toMatchObject({ type: "provider.unmapped", channel: null, seq: null })
      expect((yield* append(numberedEvent(1, 1, first)))[0]?.status).toBe("duplicate")
    }),
  )

  test(
    "keeps a message of many megabytes verbatim, whether its payload has its text or is refused",
    Effect.gen(function* () {
      const log = yield* theLog
      const text = `"line" ✓\n`.repeat(150_000)
      const told = (over: Partial<EventDraft["event"]>): EventDraft["event"] => {
        const { event } = numberedEvent(1, 1, { payload: { message: text }, ...over })
        return { ...event, raw: JSON.stringify({ method: "warning", params: { text, at: event.at } }) }
      }
      // As an agent in this thread tells it, and as it comes from another one.
      const forms = (event: EventDraft["event"]) => [event, { ...event, raw: messageToSend(event) }]
      // Megabytes take their time: the test's worker must be able to answer meanwhile.
      const pause = Effect.promise(makePauses())
      let [seq, read] = [0, 0]
      for (const over of [{}, { payload: { text } }, { type: "turn.requested" }, { v: 9 }]) {
        for (const event of forms(told({ ...over, at: 7 }))) {
          seq += 1
          yield* pause
          const [result] = yield* append({ ...numberedEvent(1, seq), event: { ...event, seq } })
          read = result?.sequence ?? 0
          expect((yield* log.native(read)) === told({ at: 7 }).raw).toBe(true)
          const [row] = yield* log.read({ after: read - 1, limit: 1 })
          const isRefused = row?.type === "provider.unmapped"
          expect(isRefused).toBe(over.payload !== undefined || over.type !== undefined)
          if (!isRefused) expect(row?.payload === JSON.stringify({ message: text })).toBe(true)
        }
      }
      // A repeated one, and another one under a number that is taken.
      for (const event of forms(told({ at: 7 }))) {
        yield* pause
        expect((yield* append(numberedEvent(1, 1, event)))[0]?.status).toBe("duplicate")
      }
      const other = told({ at: 8 })
      for (const event of forms(other)) {
        yield* pause
        expect((yield* append(numberedEvent(1, 1, event)))[0]?.status).toBe("conflict")
      }
      expect(yield* log.head).toBe(read + 1)
      expect((yield* log.native(read + 1)) === other.raw).toBe(true)
    }),
  )

  test(
    "knows an event of ours by its id",
    Effect.gen(function* () {
      const log = yield* theLog
      const ours = {
        ...eventOf(1, { channel: null, seq: null, eventId: eventIdOf(1) }),
        actor: "orchestrator" as const,
      }
      expect((yield* append(ours))[0]?.status).toBe("appended")
      expect(yield* append(ours)).toEqual([{ status: "duplicate", streamId: streamOf(1), sequence: 1 }])
      expect((yield* log.findByEventId(eventIdOf(1)))?.sequence).toBe(1)
    }),
  )

  test(
    "finds repetitions inside one submission, and inside one batch",
    Effect.gen(function* () {
      yield* theLog
      const outcomes = yield* appendAll(
        { drafts: [numberedEvent(1, 1), numberedEvent(1, 1)] },
        { drafts: [numberedEvent(2, 2), numberedEvent(1, 1)] },
      )
      expect(
        outcomes.flatMap((one) => (one.ok ? one.results.map((each) => [each.sequence, each.status]) : [])),
      ).toEqual([
        [1, "appended"],
        [1, "duplicate"],
        [2, "appended"],
        [1, "duplicate"],
      ])
    }),
  )

  test(
    "numbers every channel and source on its own",
    Effect.gen(function* () {
      const log = yield* theLog
      const told = yield* append(
        numberedEvent(1, 1),
        numberedEvent(2, 1, { channel: "gateway" }),
        { ...numberedEvent(3, 1), sessionId: sessionOf(2) },
        eventOf(1),
        eventOf(1, { stream: 2 }),
      )
      expect(new Set(told.map(({ status }) => status))).toEqual(new Set(["appended"]))
      expect(yield* log.head).toBe(5)
    }),
  )
}
