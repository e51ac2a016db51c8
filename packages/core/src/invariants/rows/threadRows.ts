/** Row invariants of the thread as a whole: its summary, its usage, its queue, and what holds over all tables. */
import { type RequestRow, type TokenCountName, type TokenCounts, tokenCountNames } from "@threadfold/contracts"
import { threadStatus } from "../../fold/thread.js"
import type { RowInvariant, ThreadRows } from "../Invariant.js"
import { currentSession } from "./sessionRows.js"
import { gapless, repeated, rowsThat, violation } from "./violation.js"

const isOpen = (request: RequestRow): boolean => request.status === "open" || request.status === "answering"

/** Adds the reported counts; a count without a report stays unknown. */
const sum = (usages: readonly TokenCounts[], name: TokenCountName): number | null =>
  usages.reduce<number | null>((total, usage) => {
    const value = usage[name] ?? null
    return value === null ? total : (total ?? 0) + value
  }, null)

/** Open items that are work after the end of their turn. */
const openAfterEnd = (rows: ThreadRows): number =>
  rows.all("items").filter((item) => item.status === "open" && item.afterEnd === 1).length

/** `scope/native id`, or null where either is not known. */
const inScope = (scope: string | null, native: string | null): string | null =>
  scope === null || native === null ? null : `${scope}/${native}`

export const threadRowInvariants: readonly RowInvariant[] = [
  {
    id: "row.thread-status-follows-from-its-rows",
    kind: "row",
    severity: "error",
    text: "A thread's status and session are what its session, turns, items and requests say.",
    violations: (rows) => {
      const afterEnd = openAfterEnd(rows)
      const turns = rows.all("turns")
      const session = currentSession(rows)
      return rowsThat("threads", rows.all("threads"), (thread) => {
        const expected = threadStatus({
          thread,
          session,
          active: turns.find((turn) => turn.status === "running") ?? null,
          requested: turns.filter((turn) => turn.status === "requested"),
          open: { afterEnd, unanswered: rows.all("requests").filter((one) => one.status === "open").length },
        })
        if (thread.sessionId !== (session?.sessionId ?? null)) return `it names session ${thread.sessionId}`
        return thread.status === expected ? null : `it is ${thread.status}, its rows say ${expected}`
      })
    },
  },
  {
    id: "row.thread-counts-match",
    kind: "row",
    severity: "error",
    text: "A thread's counts are the numbers of its turns, items, open requests, running tasks, open items after a turn's end and queued messages.",
    violations: (rows) => {
      const expected = {
        turns: rows.all("turns").length,
        items: rows.all("items").length,
        openRequests: rows.all("requests").filter(isOpen).length,
        runningTasks: rows.all("tasks").filter((task) => task.status === "running").length,
        afterEndItems: openAfterEnd(rows),
        queued: rows.all("queue").length,
      }
      const names = ["turns", "items", "openRequests", "runningTasks", "afterEndItems", "queued"] as const
      return rowsThat("threads", rows.all("threads"), (thread) => {
        const odd = names.find((name) => thread[name] !== expected[name])
        return odd === undefined ? null : `it counts ${thread[odd]} ${odd}, there are ${expected[odd]}`
      })
    },
  },
  {
    id: "row.held-queue-has-messages",
    kind: "row",
    severity: "error",
    text: "A queue is held only while a message waits in it.",
    violations: (rows) => {
      const queued = rows.all("queue").length
      return rowsThat("threads", rows.all("threads"), ({ queueHeld }) => {
        if (queueHeld !== 0 && queueHeld !== 1) return `queue_held is ${queueHeld}`
        return queueHeld === 1 && queued === 0 ? "its queue is held and empty" : null
      })
    },
  },
  {
    id: "row.thread-marks-are-of-its-rows",
    kind: "row",
    since: 7,
    severity: "error",
    text: "What a thread shows a person is of its rows: its uncertain turns are counted, the turn that failed last is one that failed, and nothing was read before it came.",
    violations: (rows) => {
      const turns = rows.all("turns")
      const uncertain = turns.filter((turn) => turn.status === "requested" && turn.uncertain === 1).length
      return rowsThat(
        "threads",
        rows.all("threads"),
        ({ failedTurnId, newsVersion, readVersion, streamVersion, uncertainTurns }) => {
          if (uncertainTurns !== uncertain) return `it counts ${uncertainTurns} uncertain turns, there are ${uncertain}`
          const failed =
            failedTurnId === null || turns.some((one) => one.turnId === failedTurnId && one.outcome === "failed")
          if (!failed) return `turn ${failedTurnId} did not fail`
          const beyond = Math.max(newsVersion ?? 0, readVersion ?? 0)
          return beyond > streamVersion
            ? `it is at version ${streamVersion}, and something of it is of ${beyond}`
            : null
        },
      )
    },
  },
  {
    id: "row.usage-is-the-sum-of-turns",
    kind: "row",
    severity: "error",
    text: "A thread's usage is the sum of its turns' (rule 10).",
    violations: (rows) => {
      const used = rows.all("turns").flatMap((turn) => (turn.usage === null ? [] : [turn.usage]))
      const stored = rows.all("usage")
      if (stored.length === 0) {
        return rows
          .all("turns")
          .flatMap((turn) => (turn.usage === null ? [] : [violation("turns", turn, "its usage is in no thread's")]))
      }
      return rowsThat("usage", stored, (usage) => {
        const odd = tokenCountNames.find((name) => usage[name] !== sum(used, name))
        return odd === undefined ? null : `${odd} is ${usage[odd]}, its turns' are ${sum(used, odd)}`
      })
    },
  },
  {
    id: "row.queue-positions-gapless",
    kind: "row",
    severity: "error",
    text: "Queued messages stand in places 1, 2, 3 …",
    violations: (rows) => gapless("queue", rows.all("queue"), (message) => message.position),
  },
  {
    id: "row.native-ids-unique-in-scope",
    kind: "row",
    severity: "error",
    text: "A native id names one thing in its scope: a turn, request, model call, hand-over or task in its session, an item in its turn.",
    violations: (rows) => [
      ...repeated("turns", rows.all("turns"), (one) => inScope(one.sessionId, one.nativeTurnId)),
      ...repeated("items", rows.all("items"), (one) => inScope(one.turnId, one.nativeItemId)),
      ...repeated("requests", rows.all("requests"), (one) => inScope(one.sessionId, one.nativeRequestId)),
      ...repeated("inferences", rows.all("inferences"), (one) => inScope(one.sessionId, one.nativeInferenceId)),
      ...repeated("delegations", rows.all("delegations"), (one) => inScope(one.sessionId, one.nativeHandoffId)),
      ...repeated("tasks", rows.all("tasks"), (one) => inScope(one.sessionId, one.nativeTaskId)),
    ],
  },
  {
    id: "row.references-exist",
    kind: "row",
    severity: "error",
    text: "The turn and the session that a row names are there.",
    violations: (rows) => {
      const turns = new Set(rows.all("turns").map((turn) => turn.turnId))
      const sessions = new Set(rows.all("sessions").map((session) => session.sessionId))
      const missing = (row: { readonly turnId?: string | null; readonly sessionId: string | null }): string | null => {
        if (row.sessionId !== null && !sessions.has(row.sessionId)) return `session ${row.sessionId} is not there`
        const turnId = row.turnId ?? null
        return turnId !== null && !turns.has(turnId) ? `turn ${turnId} is not there` : null
      }
      return [
        ...rowsThat("turns", rows.all("turns"), ({ sessionId }) => missing({ sessionId })),
        ...rowsThat("items", rows.all("items"), missing),
        ...rowsThat("requests", rows.all("requests"), missing),
        ...rowsThat("inferences", rows.all("inferences"), missing),
        ...rowsThat("tasks", rows.all("tasks"), missing),
        ...rowsThat("realtime_runs", rows.all("realtime_runs"), missing),
      ]
    },
  },
  {
    id: "row.anomaly-counts-are-possible",
    kind: "row",
    severity: "warning",
    text: "An anomaly was seen at least once, and its last time is not before its first.",
    violations: (rows) =>
      rowsThat("anomalies", rows.all("anomalies"), (one) =>
        one.count >= 1 &&
        one.firstSequence <= one.lastSequence &&
        (one.count > 1 || one.firstSequence === one.lastSequence)
          ? null
          : `${one.count} times from ${one.firstSequence} to ${one.lastSequence}`,
      ),
  },
]
