/** Scenario 13: rows that this version cannot read, and databases of other versions. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import type { ThreadSnapshot } from "@threadfold/contracts"
import { FOLD_VERSION } from "@threadfold/core"
import { Engine, type EngineService, eventSourceOf, type SubmitError } from "@threadfold/engine"
import { rebuild } from "@threadfold/projections"
import { Effect, Either } from "effect"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { openLocalReader } from "../../src/offline/LocalReader.js"
import { Library } from "../recordings/Library.js"
import { submit, ThreadFixture, t0 } from "./ThreadFixture.js"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

/** Starts an engine on the library, as a server does, for as long as the body runs. */
const running = <A>(body: (engine: EngineService) => Effect.Effect<A, SubmitError>): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.flatMap(Engine, body), Engine.layerInProcess({ file: library.file })))

const snapshot = (threadId: string): Promise<ThreadSnapshot> =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(openLocalReader(library.file), (reader) => reader.thread(threadId, true))),
  )

/** Two threads in the middle of a turn. */
const twoThreads = async () => {
  const [hit, other] = [new ThreadFixture("hit"), new ThreadFixture("other")]
  await running(({ submit: take }) =>
    take(submit(...[hit, other].flatMap((one) => [one.start(), one.turn("t1"), one.item("t1", "i1")]))),
  )
  return { hit, other }
}

/** Rows that another program wrote into the log of a thread. */
const foreign: readonly {
  readonly type: string
  readonly v: number
  readonly payload: string
  readonly actor?: string
}[] = [
  { type: "agent.dreamt", v: 1, payload: '{"of":"sheep"}' },
  { type: "turn.completed", v: 1, payload: '{"outcome":"vanished"}' },
  { type: "content.delta", v: 1, payload: '{"stream":"text","delta":"cut of' },
  { type: "turn.completed", v: 99, payload: '{"outcome":"completed","certainty":0.7}' },
  { type: "turn.completed", v: 1, payload: '{"outcome":"completed"}', actor: "another planet" },
]

/** Appends them by SQL; returns their sequences. */
const writeForeignRows = (one: ThreadFixture): readonly number[] => {
  const sequences: number[] = []
  library.tamper((handle) => {
    const insert = handle.prepare(
      `INSERT INTO events (sequence, stream_id, stream_version, event_id, type, v, session_id, channel, seq, at,
         recorded_at, actor, native, turn_id, payload)
       SELECT max(sequence) + 1, @streamId, (SELECT max(stream_version) + 1 FROM events WHERE stream_id = @streamId),
         @eventId, @type, @v, @sessionId, 'agent', @seq, @at, @at, @actor, '{"turnId":"t1","itemId":"i1"}',
         (SELECT turn_id FROM events WHERE stream_id = @streamId AND type = 'turn.started'), @payload
       FROM events RETURNING sequence`,
    )
    foreign.forEach(({ actor = "provider", ...row }, index) => {
      const seq = one.last + 1
      one.skip(1)
      const eventId = `00000000-0000-7000-8000-00000000000${index}`
      const found = insert.get({
        ...row,
        actor,
        seq,
        eventId,
        at: t0 + seq,
        streamId: one.threadId,
        sessionId: one.sessionId,
      })
      sequences.push(Number(Reflect.get(Object(found), "sequence")))
    })
  })
  return sequences
}

const bytes = (): string => createHash("sha256").update(readFileSync(library.file)).digest("hex")

describe("rows that this version cannot read", () => {
  it("mark their thread with their sequences; it and all others go on", async () => {
    const { hit, other } = await twoThreads()
    const sequences = writeForeignRows(hit)
    const [unknown, outside, cut, newer, alien] = sequences
    // Nothing has folded them: that is told, and not passed over.
    expect(library.verify()).toMatchObject({
      ok: false,
      differences: [{ threadId: hit.threadId, table: "fold_state" }],
    })

    await running(({ submit: take }) =>
      Effect.gen(function* () {
        yield* take(submit(other.delta("t1", "i1", "hello"), other.complete("t1"), other.turn("t2")))
        yield* take(submit(hit.delta("t1", "i1", "still here"), hit.complete("t1"), hit.turn("t2")))
      }),
    )
    const neighbour = await snapshot(other.threadId)
    expect(neighbour).toMatchObject({
      anomalies: [],
      session: { status: "running" },
      turns: [{}, { status: "running" }],
    })

    const marked = await snapshot(hit.threadId)
    expect(marked.turns.map(({ evidence, outcome }) => [outcome, evidence])).toEqual([
      ["completed", "observed"],
      [null, null],
    ])
    expect(marked.items).toMatchObject([{ text: "still here" }])
    const places = marked.anomalies.map(({ firstSequence, lastSequence, reason }) => [
      reason,
      firstSequence,
      lastSequence,
    ])
    expect(places).toEqual([
      ["unknown-type", unknown, unknown],
      ["unreadable-payload", outside, outside],
      ["unreadable-payload", cut, cut],
      ["newer-version", newer, newer],
      ["unreadable-payload", alien, alien],
    ])
    expect(library.verify()).toMatchObject({ ok: true, differences: [], stale: [] })
    const before = library.hashes()
    expect(await library.rebuild()).toMatchObject({ streams: 2, refused: [] })
    expect(library.hashes()).toEqual(before)
    // Reading goes on, too: what cannot be read is given out as such.
    expect(library.events().map(({ sequence }) => sequence)).toEqual(library.rows().map(({ sequence }) => sequence))
  })

  it("are folded in the background when their thread stays silent", async () => {
    const { hit } = await twoThreads()
    writeForeignRows(hit)
    await running(() =>
      Effect.promise(() => vi.waitFor(() => expect(library.verify().ok).toBe(true), { timeout: 600_000 })),
    )
    expect((await snapshot(hit.threadId)).anomalies).toHaveLength(foreign.length)
  })

  it("among rows that were folded: verify tells the difference, rebuild takes the log as it is", async () => {
    const { hit, other } = await twoThreads()
    await running(({ submit: take }) => take(submit(hit.complete("t1"), other.complete("t1"))))
    library.tamper((handle) =>
      handle
        .prepare("UPDATE events SET payload = '{\"outc' WHERE stream_id = ? AND type = 'turn.completed'")
        .run(hit.threadId),
    )
    const told = library.verify()
    expect(told.ok).toBe(false)
    expect(new Set(told.differences.map(({ threadId }) => threadId))).toEqual(new Set([hit.threadId]))
    // A server starts all the same, and serves what it had.
    await running(({ submit: take }) => take(submit(hit.turn("t2"), other.turn("t2"))))
    expect((await snapshot(other.threadId)).turns).toHaveLength(2)
    expect(await library.rebuild()).toMatchObject({ refused: [] })
    expect(library.verify()).toMatchObject({ ok: true, differences: [] })
    const { anomalies, turns } = await snapshot(hit.threadId)
    expect(turns[0]).toMatchObject({ status: "running" })
    expect(anomalies.map(({ reason }) => reason)).toEqual(["unreadable-payload", "turn-conflict"])
  })

  it("of a newer version count as soon as there is a way to read them", async () => {
    const { hit } = await twoThreads()
    const [, , , newer] = writeForeignRows(hit)
    await library.own(({ driver, store }) => {
      const source = eventSourceOf(driver)
      // The next release, which knows version 99 and how it reads.
      const lifted = (streamId: string, after: number, limit: number) =>
        source
          .read(streamId, after, limit)
          .map((event) => (event.v === 99 ? { ...event, v: 1, payload: { outcome: "completed" } } : event))
      rebuild({ source: { ...source, read: lifted }, store })
    })
    const { anomalies, turns } = await snapshot(hit.threadId)
    expect(turns).toMatchObject([{ outcome: "completed", evidence: "observed" }])
    expect(anomalies.some(({ firstSequence }) => firstSequence === newer)).toBe(false)
  })
})

describe("a database of another version", () => {
  it.each([
    ["a newer format", "PRAGMA user_version = 1000"],
    ["newer tables", "INSERT INTO projection_migrations (migration_id, name) VALUES (1000, 'of the next release')"],
  ])("with %s is refused, and keeps its bytes", async (_name, statement) => {
    await twoThreads()
    library.tamper((handle) => {
      handle.exec(statement)
      handle.pragma("wal_checkpoint(TRUNCATE)")
    })
    const before = bytes()
    const start = Effect.runPromise(
      Effect.either(Effect.provide(Effect.asVoid(Engine), Engine.layerInProcess({ file: library.file }))),
    )
    const outcome = await start
    expect(Either.isLeft(outcome) && outcome.left._tag).toBe("DatabaseTooNew")
    expect(bytes()).toBe(before)
  })

  it("whose rows an older fold made starts at once; a thread is folded before its first append, the rest follows", async () => {
    const { hit, other } = await twoThreads()
    library.tamper((handle) => {
      handle.prepare("UPDATE fold_state SET fold_version = ?, state = '{}'").run(FOLD_VERSION - 1)
      handle.prepare("UPDATE threads SET title = 'as it was', turns = 7").run()
    })
    expect(library.verify()).toMatchObject({ ok: true, stale: [{}, {}] })
    await running(({ submit: take }) =>
      Effect.gen(function* () {
        yield* take(submit(hit.complete("t1")))
        const [row] = library.threads().filter(({ thread }) => thread.threadId === hit.threadId)
        expect(row).toMatchObject({ thread: { title: null, status: "idle" }, turns: [{ outcome: "completed" }] })
        yield* Effect.promise(() => vi.waitFor(() => expect(library.verify().stale).toEqual([]), { timeout: 600_000 }))
      }),
    )
    expect(library.verify()).toMatchObject({ ok: true, stale: [], differences: [] })
    expect((await snapshot(other.threadId)).thread.title).toBeNull()
  })
})
