/** What the tests of voice conversations have in common: the rows of runs, the words of the log, and what must hold at the end. */
import { expect } from "@effect/vitest"
import { Effect } from "effect"
import { id, type OrchestratorFixture, snapshotOf } from "./OrchestratorFixture.js"

/** The voice runs of a thread, oldest first. */
export const runsOf = (of: OrchestratorFixture, threadId = id("thread")) =>
  Effect.map(snapshotOf(of, threadId), ({ realtimeRuns }) => realtimeRuns)

/** The handoffs of a thread, oldest first. */
export const handoffsOf = (of: OrchestratorFixture, threadId = id("thread")) =>
  Effect.map(snapshotOf(of, threadId), ({ delegations }) => delegations)

/** Types of the events of voice runs, or of one, in the order of the log. */
export const voiceTypes = (of: OrchestratorFixture, realtimeId?: string) =>
  Effect.map(of.log(), (log) =>
    log
      .filter((event) => event.type.startsWith("realtime."))
      .filter((event) => realtimeId === undefined || event.realtimeId === realtimeId)
      .map(({ type }) => type),
  )

/** Waits until a transcript of the voice is whole. */
export const saidByVoice = (of: OrchestratorFixture, text: string) =>
  of.eventually(of.log(), (log) =>
    log.some(({ payload, type }) => type === "realtime.transcript.done" && JSON.stringify(payload).includes(text)),
  )

/** Waits until so many handoffs are over. */
export const handedOff = (of: OrchestratorFixture, count = 1) =>
  of.eventually(handoffsOf(of), (all) => all.filter(({ status }) => status === "closed").length === count)

/** Waits until the last run is over. */
export const closed = (of: OrchestratorFixture) =>
  of.eventually(runsOf(of), (runs) => runs.at(-1)?.status === "closed" || runs.at(-1)?.status === "failed")

/** What must hold of every log with voice runs: each started run has one close, after one error at most, and nothing after it. */
export const voiceChecked = (of: OrchestratorFixture) =>
  Effect.gen(function* () {
    const log = yield* of.log()
    for (const { realtimeId, reason, status } of yield* runsOf(of)) {
      const own = log.filter((event) => event.realtimeId === realtimeId).map(({ type }) => type)
      // The end of a session closes what it carries, without a word of its own.
      const isClosed = status === "closed" && reason !== "session_ended"
      const closes = own.filter((type) => type === "realtime.closed")
      expect(closes, `${realtimeId}: ${own.join(", ")}`).toHaveLength(isClosed ? 1 : 0)
      expect(own.filter((type) => type === "realtime.error").length).toBeLessThanOrEqual(1)
      if (isClosed) expect(own.at(-1)).toBe("realtime.closed")
    }
    const { anomalies, thread } = yield* snapshotOf(of)
    expect(anomalies.filter(({ subject }) => subject.includes("realtime"))).toEqual([])
    expect(["idle", "stopped"]).toContain(thread.status)
  })
