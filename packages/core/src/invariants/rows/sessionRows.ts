/** Row invariants of sessions and connections: rules 1 and 4. */
import type { SessionRow } from "@threadfold/contracts"
import { isActive } from "../../state/lifecycle.js"
import type { RowInvariant, ThreadRows } from "../Invariant.js"
import { contradicts, endsWhole, gapless, indexBy, rowsThat, violation } from "./violation.js"

/** The session of the highest epoch. */
export const currentSession = (rows: ThreadRows): SessionRow | null =>
  rows.all("sessions").reduce<SessionRow | null>((a, b) => (a === null || b.epoch > a.epoch ? b : a), null)

export const sessionRowInvariants: readonly RowInvariant[] = [
  {
    id: "row.inactive-session-has-no-active-turn",
    kind: "row",
    severity: "error",
    text: "Only a session that is starting or running points at an active turn (rule 1).",
    violations: (rows) =>
      rowsThat("sessions", rows.all("sessions"), (session) =>
        session.activeTurnId !== null && !isActive(session.status)
          ? `session ${session.sessionId} is ${session.status} and holds turn ${session.activeTurnId}`
          : null,
      ),
  },
  {
    id: "row.pointer-names-the-running-turn",
    kind: "row",
    severity: "error",
    text: "The current session and the thread point at exactly the turn that runs; no earlier session points at one.",
    violations: (rows) => {
      const turns = indexBy(rows.all("turns"), (turn) => turn.turnId)
      const running = rows.all("turns").find((turn) => turn.status === "running")?.turnId ?? null
      const current = currentSession(rows)
      const wrong = (activeTurnId: string | null, expected: string | null) =>
        activeTurnId === expected
          ? null
          : contradicts(
              `points at ${activeTurnId}, ${expected} runs`,
              ...[activeTurnId, expected].map((id) => (id === null ? null : turns.get(id))),
            )
      return [
        ...rowsThat("sessions", rows.all("sessions"), ({ activeTurnId, sessionId }) =>
          wrong(activeTurnId, sessionId === current?.sessionId ? running : null),
        ),
        ...rowsThat("threads", rows.all("threads"), ({ activeTurnId }) => wrong(activeTurnId, running)),
      ]
    },
  },
  {
    id: "row.pending-names-the-oldest-requested-turn",
    kind: "row",
    severity: "error",
    text: "A living session names the oldest requested turn that waits for it; one that ended names none.",
    violations: (rows) => {
      const waiting = rows
        .all("turns")
        .filter((turn) => turn.status === "requested" && turn.uncertain === 0)
        .sort((a, b) => a.ordinal - b.ordinal)
      return rowsThat("sessions", rows.all("sessions"), (session) => {
        const expected = session.endedAt === null ? (waiting[0]?.turnId ?? null) : null
        if (session.pendingTurnId === expected) return null
        const named = rows.all("turns").find(({ turnId }) => turnId === session.pendingTurnId)
        return contradicts(`names ${session.pendingTurnId} instead of ${expected}`, named, waiting[0])
      })
    },
  },
  {
    id: "row.one-living-session",
    kind: "row",
    severity: "error",
    text: "At most one session has no end, and it is the one of the highest epoch (rule 4).",
    violations: (rows) => {
      const current = currentSession(rows)
      return rowsThat("sessions", rows.all("sessions"), (session) =>
        session.endedAt === null && session.sessionId !== current?.sessionId
          ? contradicts(`epoch ${session.epoch} lives beside epoch ${current?.epoch}`, current)
          : null,
      )
    },
  },
  {
    id: "row.epochs-gapless",
    kind: "row",
    severity: "error",
    text: "Epochs run 1, 2, 3 … per thread (rule 4).",
    violations: (rows) => gapless("sessions", rows.all("sessions"), (session) => session.epoch),
  },
  {
    id: "row.session-end-is-whole",
    kind: "row",
    severity: "error",
    text: "A session that ended is stopped or in error and says why and by what evidence; a stopped one has ended.",
    violations: (rows) =>
      rowsThat("sessions", rows.all("sessions"), (session) => {
        const ended = session.endedAt !== null
        if (!endsWhole(ended, session.cause, session.evidence)) return "cause, evidence and end do not go together"
        if (ended && session.status !== "stopped" && session.status !== "error") return `it ended ${session.status}`
        return !ended && session.status === "stopped" ? "it is stopped and has no end" : null
      }),
  },
  {
    id: "row.ended-session-holds-nothing",
    kind: "row",
    severity: "error",
    text: "Nothing of an ended session is open: no turn runs, no item, request, model call, task or voice run.",
    violations: (rows) => {
      const sessions = indexBy(rows.all("sessions"), (session) => session.sessionId)
      const held = (sessionId: string | null, open: boolean) => {
        const session = open && sessionId !== null ? sessions.get(sessionId) : undefined
        return session === undefined || session.endedAt === null
          ? null
          : contradicts(`it is open and session ${sessionId} has ended`, session)
      }
      return [
        ...rowsThat("turns", rows.all("turns"), (turn) => held(turn.sessionId, turn.status === "running")),
        ...rowsThat("items", rows.all("items"), (item) => held(item.sessionId, item.status === "open")),
        ...rowsThat("requests", rows.all("requests"), (one) =>
          held(one.sessionId, one.status === "open" || one.status === "answering"),
        ),
        ...rowsThat("inferences", rows.all("inferences"), (one) => held(one.sessionId, one.status === "running")),
        ...rowsThat("tasks", rows.all("tasks"), (task) => held(task.sessionId, task.status === "running")),
        ...rowsThat("realtime_runs", rows.all("realtime_runs"), (run) =>
          held(run.sessionId, run.status === "requested" || run.status === "started"),
        ),
      ]
    },
  },
  {
    id: "row.connection-end-is-whole",
    kind: "row",
    severity: "error",
    text: "A connection is closed exactly when it has a time and a reason of its close.",
    violations: (rows) =>
      rows
        .all("connections")
        .flatMap((row) =>
          endsWhole(row.status === "closed", row.closedAt, row.reason)
            ? []
            : [violation("connections", row, `it is ${row.status}, closed at ${row.closedAt}, because ${row.reason}`)],
        ),
  },
]
