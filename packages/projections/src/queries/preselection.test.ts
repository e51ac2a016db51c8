/**
 * SQL only preselects what the rules of core look at. Whatever the rules conclude of a thread's rows, all of them read plainly and
 * without a condition, the preselection has named it: it may name too much, never too little. From the first of a thread's turns
 * alone, the rules conclude no more than from all of them.
 */

import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Command, type Rows, type TableName } from "@threadfold/contracts"
import {
  decide,
  decodeState,
  type FoldState,
  followUpOf,
  inboxOf,
  isStartTimed,
  livingSession,
  mayFollow,
  orderInbox,
  startsTurn,
  type ThreadWork,
  unattended,
  waitingTurns,
} from "@threadfold/core"
import { cells, toRow } from "@threadfold/core/model"
import { paused } from "@threadfold/testkit"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import { SqlStore } from "../SqlStore.js"
import { openProjections } from "../testing/fixtures.js"
import { randomLog } from "../testing/randomEvents.js"
import { idFor, type TestEvent, TestLog } from "../testing/TestLog.js"
import { Projections } from "./Projections.js"

const decodeCommand = Schema.decodeUnknownSync(Command)

/** A database on disk with a writer, and the queries on a client of their own. */
const setUp = () => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-preselection-"))
  const file = join(directory, "threadfold.db")
  const database = openProjections(file)
  database.exec(
    "CREATE TABLE events (sequence INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL, type TEXT, payload TEXT)",
  )
  database.exec("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
  const store = new SqlStore(database)
  const log = new TestLog()
  const insert = database.prepare("INSERT INTO events (recorded_at) VALUES (?)")
  const append = (batch: readonly TestEvent[]) => {
    const from = log.events.length
    log.append(store, batch)
    for (const { recordedAt } of log.events.slice(from)) insert.run(recordedAt)
  }
  const layer = Projections.layer(file)
  const dispose = () => {
    database.close()
    rmSync(directory, { recursive: true })
  }
  return { store, log, append, layer, dispose }
}

/** Every row of one thread, and its open state. */
interface Whole {
  readonly threadId: string
  readonly state: FoldState
  readonly of: <N extends TableName>(table: N) => readonly Rows[N][]
}

const wholes = ({ log, store }: Pick<ReturnType<typeof setUp>, "log" | "store">): readonly Whole[] =>
  log.streams(null, 10).map((threadId) => {
    const rows = [...store.rowsOf(threadId)]
    const stored = store.loadFoldState(threadId)
    if (stored === null) throw new Error(`thread ${threadId} has no state`)
    return {
      threadId,
      state: decodeState(stored.state),
      of: (table) => rows.flatMap((one) => (one.table === table ? [toRow(table, cells(one.row))] : [])),
    }
  })

/** What the rules of follow-ups look at, with all of a thread's turns. */
const workOf = ({ of, state }: Whole): ThreadWork | null =>
  state.thread === null
    ? null
    : {
        thread: state.thread,
        session: livingSession(state),
        last: state.session,
        turns: of("turns"),
        hasMoreTurns: false,
      }

/** A policy under which every question is over that is ours to end, and a moment after all of the log. */
const deny = { action: "deny", afterMs: 0 } as const
const atLast = { now: Number.MAX_SAFE_INTEGER, awakeSince: null, toleranceMs: 0 }

/** Whether a command of the orchestrator would change anything. */
const follows = ({ state, threadId }: Whole, store: SqlStore, command: object): boolean => {
  const mint = (purpose: string) => idFor(`minted ${purpose}`)
  const situation = {
    state,
    rows: store,
    attempting: () => false,
    steer: () => null,
    openEffect: () => null,
    stoppingTask: () => false,
    pendingFork: () => null,
    hasBlob: () => true,
    mint,
  }
  const decision = decide(situation, decodeCommand({ threadId, ...command }))
  return "accepted" in decision && decision.accepted.events.length > 0
}

/** Threads that an agent of ours works in, a queue that is let go, deliveries: what makes something follow. */
const agents: readonly TestEvent[] = ["a", "b"].map((thread) => ({
  stream: `thread ${thread}`,
  session: null,
  type: "thread.created",
  payload: { provider: "codex", agent: "coder" },
}))
const oneOfOurs = fc.oneof(
  fc.constant({ type: "queue.resumed", payload: {} }),
  fc.record({
    type: fc.constant("message.queued"),
    payload: fc.record({ messageId: fc.constantFrom("m-3", "m-4"), text: fc.constant("next") }),
  }),
  fc.record({
    type: fc.constant("turn.requested"),
    payload: fc.record({ text: fc.constant("go"), handedOver: fc.boolean() }),
    native: fc.record({ callId: fc.constantFrom("1", "2") }),
  }),
)
/** The agent continues after its turn's end. */
const afterEnd = (turnId: string, itemId: string) => [
  { type: "turn.started", payload: {}, native: { turnId } },
  { type: "turn.completed", payload: { outcome: "completed" }, native: { turnId } },
  { type: "item.started", payload: { kind: "command" }, native: { turnId, itemId } },
]
const inThread = (thread: string, payload: object): unknown =>
  "messageId" in payload ? { ...payload, messageId: `${payload.messageId}-${thread}` } : payload
const more: fc.Arbitrary<readonly TestEvent[]> = fc
  .record({
    thread: fc.constantFrom("a", "b"),
    said: fc.oneof(
      { weight: 4, arbitrary: fc.record({ session: fc.constant(null), events: fc.tuple(oneOfOurs) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          session: fc.constant("first"),
          events: fc.constantFrom("1", "2", "3").map((n) => afterEnd(`after-${n}`, `item-after-${n}`)),
        }),
      },
    ),
  })
  .map(({ said: { events, session }, thread }) =>
    events.map((event) => ({
      ...event,
      stream: `thread ${thread}`,
      session: session === null ? null : `session ${thread} ${session}`,
      payload: inThread(thread, event.payload),
    })),
  )
const logs = fc
  .tuple(randomLog, fc.array(fc.array(more, { maxLength: 4 }), { maxLength: 6 }))
  .map(([batches, extra]) => [agents, ...batches.map((batch, index) => [...batch, ...(extra[index] ?? []).flat()])])

/** Reads all of a list, a row at a time, so that its pages are looked at, too. */
const all = <Row, Key, E>(
  read: (after: Key | null, limit: number) => Effect.Effect<readonly Row[], E>,
  keyOf: (row: Row) => Key,
): Effect.Effect<readonly Row[], E> =>
  Effect.gen(function* () {
    const found: Row[] = []
    for (let after: Key | null = null; ; ) {
      const [row] = yield* read(after, 1)
      if (row === undefined) return found
      found.push(row)
      after = keyOf(row)
    }
  })

describe("a preselection", () => {
  it("names no fewer than what the rules conclude something of", async () => {
    const seen = new Map<string, number>()
    /** What a rule concludes of is among what SQL has named. */
    const named = (what: string, concludes: boolean, found: readonly string[], wanted: string): void => {
      if (!concludes) return
      seen.set(what, (seen.get(what) ?? 0) + 1)
      expect(found, what).toContain(wanted)
    }
    const check = (store: SqlStore, threads: readonly Whole[]) =>
      Effect.gen(function* () {
        const queries = yield* Projections
        const candidates = yield* all(queries.threadsToFollowUp, ({ threadId }) => threadId)
        const followUps = candidates.filter(mayFollow).map(({ threadId }) => threadId)
        const facts = yield* all(queries.livingFacts, ({ threadId }) => threadId)
        const living = yield* all(queries.livingSessions, ({ threadId }) => threadId)
        const running = yield* all(queries.runningTurns, ({ threadId }) => threadId)
        const starting = yield* all(queries.startingTurns, (turn) => turn)
        const afterEnd = yield* all(queries.afterEndWork, ({ threadId }) => threadId)
        const questions = yield* all(queries.openQuestions, (question) => question)
        const unanswered = questions.filter((question) => unattended(question, deny, atLast) !== null)
        const timed = starting.filter((turn) => isStartTimed(turn, turn.mode))
        const inbox = yield* queries.inbox(500)
        const needed = threads.flatMap(({ of, state: { thread } }) => {
          const [first] = of("queue").filter(({ position }) => position === 1)
          return thread === null
            ? []
            : inboxOf({ thread, requests: of("requests"), turns: of("turns"), queuedSince: first?.queuedAt ?? null })
        })
        const requests = threads.flatMap(({ of }) => of("requests"))
        const sequences = new Map(requests.map(({ requestId, sequence }) => [requestId, sequence]))
        expect(inbox.items).toEqual(orderInbox(needed, sequences))
        for (const { kind } of needed) seen.set(`inbox: ${kind}`, 1)
        for (const whole of threads) {
          const { of, state, threadId } = whole
          const concludes = (command: object) => follows(whole, store, command)
          const work = workOf(whole)
          const { drains, settles } = work === null ? { drains: false, settles: [] } : followUpOf(work)
          named("the queue runs on", drains, followUps, threadId)
          named("an end becomes final", settles.length > 0, followUps, threadId)
          if (work !== null) {
            const part = yield* queries.threadWork(threadId, 1)
            if (part === null) throw new Error(`thread ${threadId} has no work`)
            const few = followUpOf(part)
            expect(drains || !few.drains).toBe(true)
            expect(settles).toEqual(expect.arrayContaining([...few.settles]))
            for (const turn of of("turns")) {
              const starts = startsTurn(turn, part, []) === "now"
              expect(!starts || startsTurn(turn, work, []) === "now").toBe(true)
            }
          }
          named("a message leaves the queue", concludes({ type: "queue.drain" }), followUps, threadId)
          const session = livingSession(state)
          if (session !== null) {
            const { sessionId } = session
            const reap = {
              type: "session.reap",
              sessionId,
              ifSequence: state.thread?.sequence ?? 0,
              idleMs: 1,
              reason: "idle",
            }
            named(
              "a session is reaped",
              concludes(reap),
              facts.map((one) => one.sessionId),
              sessionId,
            )
            const gone = { type: "session.reconcile", sessionId, liveness: "gone", reason: "process-gone" }
            named(
              "a session is settled",
              concludes(gone),
              living.map((one) => one.sessionId),
              sessionId,
            )
            const fact = facts.find((one) => one.sessionId === sessionId)
            expect(fact?.waitingTurns).toBe(waitingTurns(state).length)
          }
          for (const { sequence, turnId } of of("turns")) {
            named("a turn is settled", concludes({ type: "turn.settle", turnId }), followUps, threadId)
            const stalls = concludes({ type: "turn.stall", turnId, silentMs: 1 })
            named(
              "a turn stalls",
              stalls,
              running.map((turn) => turn.turnId),
              turnId,
            )
            const late = concludes({ type: "turn.time-out-start", turnId, ifSequence: sequence, waitedMs: 1 })
            named(
              "a start is late",
              late,
              timed.map((turn) => turn.turnId),
              turnId,
            )
          }
          const [after] = of("items").filter((item) => item.status === "open" && item.afterEnd === 1)
          if (after !== undefined) {
            const { turnId } = after
            const settle = {
              type: "turn.settle-after-end",
              turnId,
              ifSequence: state.thread?.sequence ?? 0,
              silentMs: 1,
            }
            named(
              "work after an end is over",
              concludes(settle),
              afterEnd.map((one) => one.threadId),
              threadId,
            )
          }
          for (const { requestId, sessionId } of of("requests")) {
            const isOurs = session?.mode === "managed" && session.sessionId === sessionId
            const declined = isOurs && concludes({ type: "request.decline", requestId })
            named(
              "a question is declined",
              declined,
              unanswered.map((one) => one.requestId),
              requestId,
            )
          }
        }
      })
    await fc.assert(
      paused(
        fc.asyncProperty(logs, async (batches) => {
          const { append, dispose, layer, log, store } = setUp()
          try {
            await Effect.runPromise(
              Effect.gen(function* () {
                for (const batch of batches) {
                  append(batch)
                  yield* check(store, wholes({ log, store }))
                }
              }).pipe(Effect.provide(layer)),
            )
          } finally {
            dispose()
          }
        }),
      ),
      { numRuns: 20, seed: 2 },
    )
    // A rule that never concluded anything would say nothing of its preselection.
    expect([...seen.keys()].sort()).toEqual([
      "a message leaves the queue",
      "a question is declined",
      "a session is reaped",
      "a session is settled",
      "a start is late",
      "a turn is settled",
      "a turn stalls",
      "an end becomes final",
      "inbox: failed-turn",
      "inbox: held-queue",
      "inbox: request",
      "inbox: uncertain-message",
      "the queue runs on",
      "work after an end is over",
    ])
  })
})
