/** Threads as they were, over HTTP: the same as a fold from their first event, in pages that stay at their moment. */
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { makeClient, makeThreadfold } from "@threadfold/client"
import { type EventEnvelope, TurnView } from "@threadfold/contracts"
import { FoundMoment, MomentsDiff, pageOf, ThreadPage } from "@threadfold/contracts/api"
import { decodeState, encodeState, fold, initialState } from "@threadfold/core"
import { areBad, decodeEdits, MapStore, walk, whatIf } from "@threadfold/core/model"
import { Engine, eventSourceOf, sha256 } from "@threadfold/engine"
import { eventsOf } from "@threadfold/projections"
import { recording } from "@threadfold/testkit"
import { Effect, Exit, Layer } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { MomentReads } from "../../src/moments/MomentReads.js"
import { type Moment, threadAt, threadDiff } from "../../src/offline/moments.js"
import { Library } from "../recordings/Library.js"
import {
  attach,
  call,
  callAs,
  callText,
  notices,
  problemOfCall,
  push,
  serverOn,
  sessionId,
} from "./support/TestServer.js"

const bodyOf = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})

const decoded = (given: unknown) => {
  const found = decodeEdits(given)
  if (areBad(found)) throw new Error("the edits are refused")
  return found.edits
}

/** The open state after a sequence. */
const stateAt = (threadId: string, events: readonly EventEnvelope[], sequence: number) => {
  const store = new MapStore()
  let state = initialState(threadId)
  for (const event of events) {
    if (event.sequence > sequence) break
    const folded = fold(state, event, store)
    state = folded.state
    store.apply(folded.changes)
  }
  return state
}

const at = (sequence: number): Moment => ({ kind: "sequence", sequence })
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** A server over a recording, and the thread that most of it is of. */
const withRecording = <A, E>(
  name: string,
  body: (library: Library, threadId: string) => Effect.Effect<A, E, HttpServer | Engine>,
) =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const library = new Library()
      await library.import([recording(name).path])
      const threadId = library.look(({ driver }) =>
        driver
          .streams(null, 100)
          .filter((id) => driver.read({ streamId: id, limit: 100 }).some(({ type }) => type.startsWith("thread.")))
          .reduce((a, b) => (driver.streamVersion(a) > driver.streamVersion(b) ? a : b)),
      )
      return { library, threadId }
    }),
    ({ library, threadId }) => Effect.provide(body(library, threadId), serverOn(library.directory)),
    ({ library }) => Effect.sync(() => library.close()),
  )

const Turns = pageOf(TurnView)

describe("a thread as it was", () => {
  it.live("is what a fold from its first event gives, page by page", () =>
    withRecording("codex-50-revert", (library, threadId) =>
      Effect.gen(function* () {
        const path = `/v1/threads/${threadId}`
        const { head, sequences } = library.look(({ driver }) => ({
          head: driver.head(),
          sequences: driver.read({ streamId: threadId, limit: 1_000 }).map(({ sequence }) => sequence),
        }))
        for (const sequence of sequences.filter((_, index) => index % 25 === 7)) {
          const expected = library.look(({ driver }) => threadAt(driver, threadId, at(sequence)))
          const { headers, text } = yield* callText(`${path}?at=${sequence}&limit=500`)
          const { more, ...snapshot } = JSON.parse(text)
          expect(snapshot).toEqual(asJson(expected))
          expect(headers.get("sequence")).toBe(String(sequence))
          expect(Object.values(more).every((cursor) => cursor === null)).toBe(true)

          // The cursor alone goes on at the same moment, in both directions.
          const first = (yield* callAs(Turns, `${path}/turns?at=${sequence}&limit=1`)).body
          expect(first.sequence).toBe(sequence)
          const turns = [...first.items]
          for (let next = first.next; next !== null; ) {
            const page = (yield* callAs(Turns, `${path}/turns?limit=1&cursor=${next}`)).body
            expect(page.sequence).toBe(sequence)
            const back = (yield* callAs(Turns, `${path}/turns?at=${sequence}&limit=1&cursor=${page.previous}`)).body
            expect(back.items).toEqual(turns.slice(-1))
            turns.push(...page.items)
            next = page.next
          }
          expect(asJson(turns)).toEqual(asJson([...expected.turns].reverse()))
          const kept = (yield* callAs(Turns, `${path}/turns?at=${sequence}&rewound=false&limit=500`)).body.items
          expect(kept.map(({ turnId }) => turnId)).toEqual(
            [...expected.turns].reverse().flatMap(({ rewound, turnId }) => (rewound ? [] : [turnId])),
          )
          expect(JSON.parse((yield* callText(`${path}/usage?at=${sequence}`)).text).usage).toEqual(
            asJson(expected.usage),
          )
        }
        // What is asked for beyond the end of the log is its end: the same as without.
        const now = (yield* callAs(ThreadPage, path)).body
        const end = (yield* callAs(ThreadPage, `${path}?at=${head + 1_000}`)).body
        expect([end.sequence, end.thread, end.turns, end.items]).toEqual([head, now.thread, now.turns, now.items])
        const [cursor] = [(yield* callAs(Turns, `${path}/turns?at=9999999&limit=1`)).body.next]
        if (cursor !== null) {
          expect((yield* callAs(Turns, `${path}/turns?at=9999999&limit=1&cursor=${cursor}`)).body.sequence).toBe(head)
        }
      }),
    ),
  )

  it.live("has a tag that never changes, and a problem for what is not there", () =>
    withRecording("codex-02-approval-untrusted-accept", (library, threadId) =>
      Effect.gen(function* () {
        const path = `/v1/threads/${threadId}`
        const first = library.look(({ driver }) => driver.readStream(threadId, 0, 1)[0]?.sequence ?? 0)
        const tag = (yield* callText(`${path}?at=${first + 3}`)).headers.get("etag") ?? ""
        expect((yield* call(`${path}?at=${first + 3}`, { headers: { "if-none-match": tag } })).status).toBe(304)
        expect((yield* call(`${path}?at=${first + 4}`, { headers: { "if-none-match": tag } })).status).toBe(200)

        const problems = [
          [`${path}?at=${first - 1}`, 404, "before-first-event"],
          [`${path}/turns?at=0`, 404, "before-first-event"],
          [`/v1/threads/${sessionId(404)}?at=5`, 404, "thread-not-found"],
          [`/v1/threads/${sessionId(404)}/anomalies?at=5`, 404, "thread-not-found"],
          [`${path}?at=-1`, 400, "invalid-request"],
          [`${path}?at=now`, 400, "invalid-request"],
          [`${path}/turns?at=${first + 9}&limit=501`, 400, "invalid-request"],
          [`${path}/turns?at=${first + 9}&cursor=nonsense`, 400, "invalid-cursor"],
          [`${path}/turns?at=${first + 9}&cursor=${first + 8}.e30`, 400, "invalid-cursor"],
          [`${path}/turns?cursor=${first + 8}.e30`, 400, "invalid-cursor"],
          [`${path}/diff?from=${first - 1}&to=${first + 9}`, 404, "before-first-event"],
          [`${path}/diff?from=${first}`, 400, "invalid-request"],
          [`${path}/moment`, 400, "invalid-request"],
          [`${path}/moment?turn=none&time=1`, 400, "invalid-request"],
          [`${path}/moment?turn=none`, 404, "turn-not-found"],
          [`${path}/moment?event=none`, 404, "event-not-found"],
          [`${path}/moment?time=5`, 404, "before-first-event"],
          [`/v1/threads/${sessionId(404)}/moment?time=5`, 404, "thread-not-found"],
        ] as const
        for (const [wrong, status, slug] of problems) {
          const problem = yield* problemOfCall(wrong)
          expect([wrong, problem.status, problem.slug]).toEqual([wrong, status, slug])
        }
        const present = (yield* callAs(Turns, `${path}/turns?limit=1`)).body
        if (present.next !== null) {
          expect((yield* problemOfCall(`${path}/turns?at=${first + 9}&cursor=${present.next}`)).slug).toBe(
            "invalid-cursor",
          )
        }
      }),
    ),
  )

  it.live("is found by an event, a time or the end of a turn, and compared with another moment", () =>
    withRecording("codex-02-approval-untrusted-accept", (library, threadId) =>
      Effect.gen(function* () {
        const path = `/v1/threads/${threadId}`
        const looked = library.look(({ driver }) => {
          const events = driver.read({ streamId: threadId, limit: 1_000 })
          const ended = events.find(({ type }) => type === "turn.completed")
          if (ended === undefined || ended.turnId === null) throw new Error("no turn ended")
          const moments: readonly Moment[] = [
            { kind: "event", event: ended.eventId },
            { kind: "time", at: ended.at },
            { kind: "turn", turnId: ended.turnId },
          ]
          const [from, to] = [events[5]?.sequence ?? 0, ended.sequence]
          return {
            from,
            to,
            found: moments.map((moment) => ({ moment, sequence: threadAt(driver, threadId, moment).sequence })),
            diff: threadDiff(driver, threadId, at(from), at(to)),
          }
        })
        for (const { moment, sequence } of looked.found) {
          const query =
            moment.kind === "event"
              ? `event=${moment.event}`
              : moment.kind === "time"
                ? `time=${moment.at}`
                : moment.kind === "turn"
                  ? `turn=${moment.turnId}`
                  : ""
          expect((yield* callAs(FoundMoment, `${path}/moment?${query}`)).body).toEqual({ threadId, sequence })
        }
        const { from, to } = looked
        const { body } = yield* callAs(MomentsDiff, `${path}/diff?from=${from}&to=${to}`)
        expect(body).toEqual({ ...Object(asJson(looked.diff)), next: null })
        expect(body.rows.length).toBeGreaterThan(0)

        const client = yield* makeClient(yield* HttpServer)
        const id = { threadId }
        expect((yield* client.moments.diff({ path: id, urlParams: { from, to } })).patch).toEqual(body.patch)
        const page = yield* client.threads.get({ path: id, urlParams: { at: from } })
        expect(page.sequence).toBe(from)
      }),
    ),
  )

  it.live("gives rows and open state of any moment, from which a reducer goes on as the server did", () =>
    withRecording("codex-50-revert", (library, threadId) =>
      Effect.gen(function* () {
        const events = library.look(({ driver }) => [...eventsOf(eventSourceOf(driver), threadId)])
        const threadfold = yield* makeThreadfold(yield* HttpServer)
        for (const sequence of events.map((one) => one.sequence).filter((_, index) => index % 25 === 7)) {
          const snapshot = yield* threadfold.rowsAt(threadId, sequence, { limit: 500 })
          expect(snapshot.sequence).toBe(sequence)
          const expected = new MapStore()
          for (const { changes, event } of walk(threadId, events)) {
            if (event.sequence > sequence) break
            expected.apply(changes)
          }
          // Every row that is there is the row of that moment.
          for (const [table, rows] of Object.entries(snapshot.rows)) {
            for (const row of rows) {
              const of = expected.rowsOf(threadId)
              expect([...of].filter((one) => one.table === table).map((one) => asJson(one.row))).toContainEqual(row)
            }
          }
          expect(snapshot.rows.threads).toHaveLength(1)
          // The open state is that of the moment: the next events lead to the same state as without a stop.
          const state = stateAt(threadId, events, sequence)
          expect(encodeState(decodeState(JSON.stringify(snapshot.state)))).toBe(encodeState(state))
        }
        const first = events[0]?.sequence ?? 0
        const early = yield* problemOfCall(`/v1/threads/${threadId}/snapshot?at=${first - 1}`)
        expect(early.slug).toBe("before-first-event")
      }),
    ),
  )

  it.live("can be folded with an edited log, which is refused with the place of what is wrong", () =>
    withRecording("codex-50-revert", (library, threadId) =>
      Effect.gen(function* () {
        const path = `/v1/threads/${threadId}/whatif`
        const threadfold = yield* makeThreadfold(yield* HttpServer)
        const head = yield* Effect.map(Engine, ({ log }) => log.published())
        const end = library.look(({ driver }) =>
          driver.read({ streamId: threadId, types: ["turn.completed"], limit: 1 }).map((event) => event.sequence),
        )[0]
        const edits = [{ op: "drop", sequence: end }]
        const found = yield* threadfold.whatIf(threadId, { edits })
        const expected = library.look(({ driver }) =>
          whatIf(threadId, () => eventsOf(eventSourceOf(driver), threadId), decoded(edits), { digest: sha256 }),
        )
        expect(found).toMatchObject(asJson(expected) as object)
        expect(found.first?.sequence).toBe(end)
        expect(found.rows.length).toBeGreaterThan(0)
        const shorter = yield* threadfold.whatIf(threadId, { edits, sequence: end ?? 0 })
        expect(shorter.until).toBe(end)
        expect(yield* Effect.map(Engine, ({ log }) => log.published())).toBe(head)

        for (const [body, said] of [
          [{ edits: [{ op: "drop", sequence: 1_000_000 }] }, "edit 0"],
          [{ edits: [{ op: "dorp", sequence: 1 }] }, "edit 0"],
          [{ edits: "all" }, "edits"],
          [{ edits, fold: "/tmp/fold.mjs" }, '"fold"'],
          [{ edits: Array.from({ length: 1_001 }, () => ({ op: "drop", sequence: 1 })) }, "1000"],
        ] as const) {
          const problem = yield* problemOfCall(path, bodyOf(body))
          expect([problem.status, problem.slug]).toEqual([400, "invalid-request"])
          expect(problem.detail).toContain(said)
        }
        const absent = yield* problemOfCall(`/v1/threads/${sessionId(404)}/whatif`, bodyOf({ edits }))
        expect([absent.status, absent.slug]).toEqual([404, "thread-not-found"])
        const none = yield* problemOfCall(path, bodyOf({ edits, sequence: 0 }))
        expect(none.slug).toBe("before-first-event")
      }),
    ),
  )

  it.live("is right whatever lies in the place of its checkpoints", () => {
    const library = new Library()
    return Effect.gen(function* () {
      const { threadId } = (yield* attach(sessionId(1), { provider: "test", nativeThreadId: "n", leaseMs: 600_000 }))
        .body
      // More events than lie between two checkpoints.
      yield* push(sessionId(1), notices(1, 230))
      const sequence = 180
      const expected = asJson(library.look(({ driver }) => threadAt(driver, threadId, at(sequence))))
      const places = join(library.directory, "checkpoints")
      const read = Effect.map(callText(`/v1/threads/${threadId}?at=${sequence}&limit=500`), ({ text }) => {
        const { more: _, ...snapshot } = JSON.parse(text)
        return snapshot
      })
      writeFileSync(places, "in the way")
      expect(yield* read).toEqual(expected)
      rmSync(places)
      yield* callText(`/v1/threads/${threadId}?at=${sequence + 1}`)
      expect(existsSync(join(places, `${threadId}.checkpoints`))).toBe(true)
      rmSync(places, { recursive: true })
      expect(yield* read).toEqual(expected)
    }).pipe(Effect.provide(serverOn(library.directory)), Effect.ensuring(Effect.sync(() => library.close())))
  })

  it.live("is refused where too many wait, and not missed by who has gone", () => {
    const library = new Library()
    const engine = Engine.layerInProcess({ file: library.file })
    const moments = MomentReads.layer(library.directory, { most: 2 })
    const ask = Effect.flatMap(MomentReads, (reads) =>
      reads.ask({ kind: "usage", threadId: sessionId(404), sequence: 1 }),
    )
    return Effect.gen(function* () {
      const answers = yield* Effect.all([ask, ask, ask, ask].map(Effect.exit), { concurrency: "unbounded" })
      const tags = answers.map((exit) => (Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error : null))
      expect(tags.map((error) => (error?._tag === "Problem" ? error.slug : error?._tag))).toEqual([
        "thread-not-found",
        "thread-not-found",
        "MomentsBusy",
        "MomentsBusy",
      ])
      // Those that gave up have left their places.
      yield* Effect.all(
        [ask, ask].map((one) => Effect.raceFirst(Effect.exit(one), Effect.void)),
        { concurrency: "unbounded" },
      )
      expect(yield* Effect.flip(ask)).toMatchObject({ slug: "thread-not-found" })
    }).pipe(Effect.provide(Layer.provideMerge(moments, engine)), Effect.ensuring(Effect.sync(() => library.close())))
  })
})
