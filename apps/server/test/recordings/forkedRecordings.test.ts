/** Forks of the threads of every recording: what they are before they end, that they are quiet, and that the log leads to their rows. */
import type { ThreadSnapshot } from "@threadfold/contracts"
import { fold } from "@threadfold/core"
import { MapStore, snapshotOf } from "@threadfold/core/model"
import { Engine, type EngineService, eventSourceOf } from "@threadfold/engine"
import type { EventRow, LogDriver } from "@threadfold/event-log"
import { forkedId } from "@threadfold/imports"
import type { Fork } from "@threadfold/orchestrator"
import { refold } from "@threadfold/projections"
import { cases, makePauses, recordings } from "@threadfold/testkit"
import { Effect, Exit, Schema } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { copyThread } from "../../src/forks/copyThread.js"
import { MomentReader } from "../../src/moments/MomentReader.js"
import { ForkPoint } from "../../src/moments/momentProtocol.js"
import { Library } from "./Library.js"

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const decodePoint = Schema.decodeUnknownSync(Schema.parseJson(ForkPoint))
const uuid = (kind: string, n: number): string => `0199f0f0-${kind}-7000-8000-${String(n).padStart(12, "0")}`

/** The rows of a thread after so many of its events. */
const rowsAfter = (driver: LogDriver, threadId: string, version: number): ThreadSnapshot | null => {
  const store = new MapStore()
  refold(eventSourceOf(driver), store, fold, threadId, version)
  return snapshotOf(store.rowsOf(threadId), 0)
}

const idColumns = [
  "sessionId",
  "turnId",
  "itemId",
  "requestId",
  "inferenceId",
  "realtimeId",
  "delegationId",
  "taskId",
] as const
/** Values that a fork has of its own: places in the log, counts of tokens, the agent and the lineage. */
const own = new Set(["usage", "agent", "forkedFromThreadId", "forkedFromNativeThreadId"])

const anyUuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** A document with the ids of a fork, and without what a fork has of its own. */
const asForked = (value: unknown, ids: ReadonlyMap<string, string>): unknown => {
  if (typeof value === "string") return value.replace(anyUuid, (id) => ids.get(id) ?? id)
  if (Array.isArray(value)) return value.map((entry) => asForked(entry, ids))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, entry]) =>
      own.has(name) || /sequence$/i.test(name) || (name === "reason" && entry === "usage-regressed")
        ? []
        : [[name, asForked(entry, ids)]],
    ),
  )
}

const withoutRegressions = (snapshot: ThreadSnapshot | null) =>
  snapshot === null
    ? null
    : { ...snapshot, anomalies: snapshot.anomalies.filter(({ reason }) => reason !== "usage-regressed") }

const pointOf = (threadId: string, turnId: string): ForkPoint => {
  const reader = new MomentReader({ file: library.file, directory: library.directory, clock: () => 0 })
  try {
    const steps = reader.answer({ kind: "fork", threadId, turnId })
    for (;;) {
      const step = steps.next()
      if (step.done === true) return decodePoint(step.value.json)
    }
  } finally {
    reader.close()
  }
}

/** Copies. `killed`: the process ends after the first commit. */
const copying = (
  fork: Fork,
  point: ForkPoint,
  { killed }: { readonly killed: boolean },
): Promise<Exit.Exit<void, unknown>> =>
  Effect.runPromiseExit(
    Effect.flatMap(Engine, (engine) => {
      let submissions = 0
      const submit: EngineService["submit"] = (submission) =>
        killed && submissions++ > 0 ? Effect.die("killed") : engine.submit(submission)
      return copyThread({ ...engine, submit }, fork, point)
    }).pipe(Effect.provide(Engine.layerInProcess({ file: library.file }))),
  )

const forkOf = (n: number, fromThreadId: string, turnId: string): Fork => ({
  kind: "fork",
  fromThreadId,
  turnId,
  commandId: uuid("0001", n),
  threadId: uuid("0002", n),
  importId: `fork ${n}`,
})

/** The last turn of each recording; `FORKS=all` takes each one. */
describe.each([...recordings, ...cases].map((one) => [one.name, one] as const))("%s", (_name, one) => {
  it("is forked at its turns", async () => {
    await library.import([one.path])
    const pauses = makePauses()
    const ended = library.look(({ handle }) =>
      handle
        .prepare<[], { threadId: string; turnId: string }>(
          'SELECT thread_id AS "threadId", turn_id AS "turnId" FROM turns WHERE status = \'ended\' ORDER BY turn_id',
        )
        .all(),
    )
    const few = process.env.FORKS === "all" ? ended : ended.slice(-1)
    for (const [index, { threadId, turnId }] of few.entries()) {
      const point = pointOf(threadId, turnId)
      const fork = forkOf(index, threadId, turnId)
      // Killed before its end it is no fork yet; the same copy again makes it whole.
      expect(Exit.isFailure(await copying(fork, point, { killed: true }))).toBe(true)
      expect(library.look(({ driver }) => driver.streamVersion(fork.threadId))).toBeGreaterThan(0)
      expect(await copying(fork, point, { killed: false })).toEqual(Exit.void)
      const target = { threadId: fork.threadId }
      library.look(({ driver }) => {
        const events = driver.readStream(threadId, 0, 10_000).filter(({ sequence }) => sequence <= point.sequence)
        const copied = driver.readStream(fork.threadId, 0, 10_000)
        const prefix = copied.slice(0, events.length)
        // Event n of the fork is event n of the thread, with its times and its native line.
        const alike = ({ at, channel, native, recordedAt, seq, streamVersion, type }: EventRow) => ({
          at,
          channel,
          native: native === null,
          recordedAt,
          seq,
          streamVersion,
          type,
        })
        expect(prefix.map(alike)).toEqual(events.map(alike))
        expect(prefix.map(({ sequence }) => driver.readNative(sequence))).toEqual(
          events.map(({ sequence }) => driver.readNative(sequence)),
        )
        expect(prefix.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => forkedId(eventId, target)))
        const ids = new Map<string, string>([[threadId, fork.threadId]])
        for (const event of events) {
          ids.set(event.eventId, forkedId(event.eventId, target))
          for (const column of idColumns) {
            const id = event[column]
            if (id !== null) ids.set(id, forkedId(id, target))
          }
          for (const [id] of event.payload.matchAll(/"messageId":"([^"]*)"/g)) {
            const messageId = id.slice(13, -1)
            ids.set(messageId, forkedId(messageId, target))
          }
        }
        const version = events.at(-1)?.streamVersion ?? 0
        expect(asForked(withoutRegressions(rowsAfter(driver, fork.threadId, version)), new Map())).toEqual(
          asForked(withoutRegressions(rowsAfter(driver, threadId, version)), ids),
        )

        // Whole, it is quiet, says where it comes from, and has used nothing.
        const whole = rowsAfter(driver, fork.threadId, copied.length)
        expect(copied.at(-1)?.type).toBe("thread.forked")
        expect(whole?.thread).toMatchObject({
          forkedFromThreadId: threadId,
          agent: null,
          activeTurnId: null,
          queued: 0,
          openRequests: 0,
        })
        expect(whole?.tasks.every(({ status }) => status !== "running")).toBe(true)
        expect(whole?.usage ?? null).toBeNull()
        expect(whole?.turns.every(({ status, usage }) => status === "ended" && usage === null)).toBe(true)
        expect(whole?.inferences.every(({ status, usage }) => status !== "running" && usage === null)).toBe(true)
        expect(whole?.session?.endedAt ?? 0).not.toBeNull()
      })
      await pauses()
    }
    expect(library.check()).toMatchObject({ ok: true })
    expect(library.verify()).toMatchObject({ ok: true })
  })
})
