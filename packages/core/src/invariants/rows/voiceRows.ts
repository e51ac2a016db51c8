/** Row invariants of voice runs, hand-overs and tasks: rules 5, 8 and 9. */
import type { RowInvariant } from "../Invariant.js"
import { contradicts, endsWhole, indexBy, repeated, rowsThat } from "./violation.js"

export const voiceRowInvariants: readonly RowInvariant[] = [
  {
    id: "row.voice-run-closes-once",
    kind: "row",
    severity: "error",
    text: "A voice run has a reason exactly when it closed, and closed only after it started (rule 8).",
    violations: (rows) =>
      rowsThat("realtime_runs", rows.all("realtime_runs"), (run) => {
        if ((run.status === "closed") !== (run.reason !== null)) return `it is ${run.status}, because ${run.reason}`
        const started = run.status === "started" || run.status === "closed"
        if (started !== (run.startedAt !== null)) return `it is ${run.status}, started at ${run.startedAt}`
        const over = run.status === "closed" || run.status === "failed"
        return endsWhole(over, run.evidence, run.endedAt) ? null : `it is ${run.status}, ended at ${run.endedAt}`
      }),
  },
  {
    id: "row.one-live-voice-run",
    kind: "row",
    severity: "error",
    text: "At most one voice run of a thread is live (rule 8).",
    violations: (rows) =>
      repeated("realtime_runs", rows.all("realtime_runs"), (run) => (run.status === "started" ? "a live run" : null)),
  },
  {
    id: "row.delegation-closes-with-its-turn",
    kind: "row",
    severity: "error",
    text: "A hand-over is closed when the end of its turn is final and its message does not wait, and has a cause and a time exactly when it is (rule 9).",
    violations: (rows) => {
      const turns = indexBy(rows.all("turns"), (turn) => turn.turnId)
      const queued = new Set(rows.all("queue").map(({ messageId }) => messageId))
      return rowsThat("delegations", rows.all("delegations"), (one) => {
        if (!endsWhole(one.status === "closed", one.cause, one.endedAt)) return `it is ${one.status}: ${one.cause}`
        const turn = one.turnId === null ? undefined : turns.get(one.turnId)
        return one.status === "open" && turn?.settled === 1 && !queued.has(one.delegationId)
          ? contradicts(`it is open and turn ${one.turnId} is over`, turn)
          : null
      })
    },
  },
  {
    id: "row.delegation-finds-its-turn",
    kind: "row",
    severity: "error",
    text: "A hand-over that waits for a native turn is open, and no turn of its session has that name (rule 9).",
    violations: (rows) => {
      const key = (sessionId: string | null, native: string) => JSON.stringify([sessionId, native])
      const known = new Set(
        rows
          .all("turns")
          .flatMap((turn) => (turn.nativeTurnId === null ? [] : [key(turn.sessionId, turn.nativeTurnId)])),
      )
      return rowsThat("delegations", rows.all("delegations"), (one) => {
        if (one.nativeTurnId === null) return null
        if (one.status !== "open" || one.turnId !== null) return `it is ${one.status} and waits for ${one.nativeTurnId}`
        return known.has(key(one.sessionId, one.nativeTurnId))
          ? `turn ${one.nativeTurnId} is there and not linked`
          : null
      })
    },
  },
  {
    id: "row.steered-delegation-is-no-turn",
    kind: "row",
    severity: "error",
    text: "A hand-over that went into another turn never becomes a turn of its own id (rule 9).",
    violations: (rows) => {
      const turns = indexBy(rows.all("turns"), (turn) => turn.turnId)
      return rowsThat("delegations", rows.all("delegations"), (one) =>
        one.routedBy === "client" && one.turnId !== one.delegationId && turns.has(one.delegationId)
          ? `it went into turn ${one.turnId} and is a turn, too`
          : null,
      )
    },
  },
  {
    id: "row.task-end-is-whole",
    kind: "row",
    severity: "error",
    text: "A task has an outcome, a cause, evidence and a time of its end exactly when it ended (rule 5).",
    violations: (rows) =>
      rowsThat("tasks", rows.all("tasks"), (task) =>
        endsWhole(task.status === "ended", task.outcome, task.cause, task.evidence, task.endedAt)
          ? null
          : `it is ${task.status}: ${task.outcome}, ${task.cause}`,
      ),
  },
]
