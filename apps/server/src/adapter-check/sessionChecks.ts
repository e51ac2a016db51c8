/** Checks of the life of a session: it is opened, fed while it is open, kept alive, ended. */
import { type AdapterCheck, atCall, atLine, type Sighting } from "./AdapterCheck.js"
import { firstSent, isTaken, type ObservedSession } from "./ObservedSession.js"

/** Statuses of a refused opening that a later try can mend: the thread is busy, the server is. */
const mayPass: readonly number[] = [409, 429, 503, 507]

const opened: AdapterCheck = {
  id: "session-opened",
  title: "A session is opened with PUT /v1/sessions/{id}",
  next: "Send a UUIDv7 as the id, and `provider`, `leaseMs` and one of `nativeThreadId` and `threadId` as the body.",
  exercise: "Open a session.",
  judge: ({ sessions, trace }) => {
    if (sessions.every((session) => session.opened === null)) {
      const last = trace.calls.findLast(({ operation }) => operation === "open")
      const seen = last === undefined ? "no session was opened" : `the opening was refused with ${last.status}`
      return [{ sessionId: last?.sessionId ?? null, call: last?.number ?? null, line: null, seen }]
    }
    return trace.calls
      .filter(({ operation, status }) => operation === "open" && status !== null && status >= 400)
      .filter(({ status }) => status !== null && !mayPass.includes(status))
      .map((call) => atCall(call, `was refused with ${call.status}`))
  },
}

/** Pushes before a session was opened, or after the adapter ended it. */
const findOutside = ({ calls, closed, opened }: ObservedSession): readonly Sighting[] =>
  calls
    .filter(({ operation }) => operation === "push")
    .flatMap((call) => {
      if (opened === null || call.startedAt < opened.call.startedAt) return [atCall(call, "came before the opening")]
      return closed !== null && call.startedAt > closed.endedAt ? [atCall(call, "came after the end")] : []
    })

const open: AdapterCheck = {
  id: "session-open",
  title: "No events are pushed before a session is opened, nor after the adapter has ended it",
  next: "Wait for the answer to the opening before the first push, and end the session after the last one.",
  exercise: "Push events.",
  isOfSent: true,
  judge: ({ sessions }) => {
    const fed = sessions.filter(({ calls }) => calls.some(({ operation }) => operation === "push"))
    return fed.length === 0 ? null : fed.flatMap(findOutside)
  },
}

const lease: AdapterCheck = {
  id: "lease-renewed",
  title: "The lease is renewed in time while a session is open",
  next: "Send POST /v1/sessions/{id}/heartbeat every third of `leaseMs` while there is nothing to push.",
  exercise: "Keep a session open for longer than its lease.",
  judge: ({ sessions, trace }) => {
    const held = sessions.filter(
      ({ heldUntil, opened }) => opened !== null && heldUntil - opened.call.startedAt >= opened.session.leaseMs,
    )
    if (held.length === 0) return null
    return held
      .filter(({ lapsedAt, sessionId }) => lapsedAt !== null && !trace.lapses.has(sessionId))
      .map(({ calls, lapsedAt, opened, sessionId }) => {
        const last = calls.findLast((call) => isTaken(call) && call.startedAt <= (lapsedAt ?? 0))
        const seen = `nothing came for ${opened?.session.leaseMs ?? 0} ms after this call`
        return atCall({ sessionId, number: last?.number ?? 0 }, seen)
      })
  },
}

const ended: AdapterCheck = {
  id: "session-ended",
  title: "The end of a session is told",
  next: "Push `session.exited` when the agent has ended, or send DELETE /v1/sessions/{id} at the end.",
  exercise: "End the conversation before the check ends, in a session whose lease has not lapsed.",
  judge: ({ sessions }) => {
    const living = sessions.filter(({ lapsedAt, opened }) => opened !== null && lapsedAt === null)
    if (living.length === 0) return null
    return living
      .filter(({ closed }) => closed === null)
      .flatMap(({ calls }) =>
        calls.slice(-1).map((call) => atCall(call, "is the last of a session that was not ended")),
      )
  },
}

/** A turn that an adapter started and did not end. */
const findOpenTurns = (session: ObservedSession): readonly Sighting[] => {
  const lines = firstSent(session)
  const ends = new Set(
    lines.flatMap(({ native, type }) => (type === "turn.completed" || type === "turn.aborted" ? [native?.turnId] : [])),
  )
  return lines
    .filter(({ native, type }) => type === "turn.started" && !ends.has(native?.turnId))
    .map((line) => atLine(line, `of turn ${line.native?.turnId ?? "without an id"} has no end`))
}

const turns: AdapterCheck = {
  id: "turn-ends",
  title: "Each turn that started ends",
  next: "Push `turn.completed` or `turn.aborted` with the same `native.turnId`, also when the agent fails or is interrupted.",
  exercise: "Run a turn in a session whose lease does not lapse: a lapse ends the turn itself.",
  judge: ({ sessions }) => {
    // The lapse of a lease ends the turn that runs.
    const judged = sessions.filter(
      ({ lapsedAt, lines }) => lapsedAt === null && lines.some(({ type }) => type === "turn.started"),
    )
    return judged.length === 0 ? null : judged.flatMap(findOpenTurns)
  },
}

/** What opens, what closes it, and the name of its id. */
const pairs = [
  { opens: ["item.started"], closes: ["item.completed"], id: "itemId" },
  {
    opens: ["request.opened", "user-input.requested"],
    closes: ["request.resolved", "user-input.resolved"],
    id: "requestId",
  },
] as const

/** Items and requests that a turn which completed left open. A turn that ended in another way closes them itself. */
const findOpenItems = (session: ObservedSession): readonly Sighting[] => {
  const open = new Map<string, ReturnType<typeof firstSent>[number]>()
  return firstSent(session).flatMap((line) => {
    const { native, payload, type } = line
    for (const { closes, id, opens } of pairs) {
      const key = `${native?.turnId ?? ""} ${id} ${native?.[id] ?? ""}`
      if (opens.some((one) => one === type)) open.set(key, line)
      if (closes.some((one) => one === type)) open.delete(key)
    }
    if (type !== "turn.completed" || payload?.outcome !== "completed") return []
    const left = [...open].filter(([, one]) => one.native?.turnId === native?.turnId)
    for (const [key] of left) open.delete(key)
    // A command whose process goes on becomes a task.
    return left
      .filter(([, one]) => one.payload?.processId === undefined || one.payload.processId === null)
      .map(([, one]) => atLine(one, `was still open when call ${line.call.number} ended its turn`))
  })
}

const items: AdapterCheck = {
  id: "items-closed",
  title: "What a turn opens is closed before the turn completes",
  next: "Push `item.completed` for each item and `request.resolved` for each request, with the same ids, before `turn.completed`.",
  exercise: "Run a turn that opens an item.",
  judge: ({ sessions }) => {
    const judged = sessions.filter(({ lines }) =>
      lines.some(({ type }) => pairs.some(({ opens }) => opens.some((one) => one === type))),
    )
    return judged.length === 0 ? null : judged.flatMap(findOpenItems)
  },
}

export const sessionChecks: readonly AdapterCheck[] = [opened, open, lease, turns, items, ended]
