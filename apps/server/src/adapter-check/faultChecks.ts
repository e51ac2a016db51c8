/** Checks of what an adapter does after a fault that the proxy made. */
import { type AdapterCheck, atCall, type Judgement, type Observation, type Sighting } from "./AdapterCheck.js"
import type { Call } from "./Call.js"
import { type Fault, longestOutageMs, pushOfFault, retryAfterSeconds } from "./faultPlan.js"
import { isSuccess, isTaken, linesOf, type ObservedSession } from "./ObservedSession.js"

/** How much earlier than told a retry may come, ms: clocks and timers are not that exact. */
const earlyMs = 100

/** The session whose push met a fault, with that push; null: none did. */
const faulted = ({ sessions }: Observation, fault: Fault): readonly [ObservedSession, Call] | null => {
  for (const session of sessions) {
    const call = session.calls.find((one) => one.operation === "push" && one.fault === fault)
    if (call !== undefined) return [session, call]
  }
  return null
}

const range = (seqs: readonly number[]): string => {
  const [first, last] = [Math.min(...seqs), Math.max(...seqs)]
  return first === last ? `seq ${first}` : `seq ${first} to ${last}`
}

/** Whether a call was made after another one had ended: what was on its way already is no answer to it. */
const isAfter = (call: Call, before: Call): boolean => call.number > before.number && call.startedAt >= before.endedAt

/** What was not sent again, or not first, after a push that was not acknowledged. */
const findUnsent = ({ lines }: ObservedSession, fault: Call): readonly Sighting[] => {
  const sent = linesOf(fault)
  const channels = [...new Set(sent.map(({ channel }) => channel))]
  return channels.flatMap((channel) => {
    const due = sent.filter((line) => line.channel === channel).map(({ seq }) => seq)
    const later = lines.filter((line) => line.channel === channel && isAfter(line.call, fault))
    const [next] = later
    const name = `${range(due)} on ${channel}`
    if (next === undefined) return [atCall(fault, `${name} was not sent again`)]
    const again = new Set(later.filter(({ call }) => isTaken(call)).map(({ seq }) => seq))
    const left = due.filter((seq) => !again.has(seq))
    if (left.length > 0) {
      return [
        atCall(
          next.call,
          `went on with seq ${next.seq}; ${range(left)} on ${channel} of call ${fault.number} was not sent again`,
        ),
      ]
    }
    return next.seq > Math.min(...due)
      ? [atCall(next.call, `sent seq ${next.seq} first; ${name} of call ${fault.number} was due`)]
      : []
  })
}

const afterFault =
  (fault: Fault, more: (session: ObservedSession, call: Call) => readonly Sighting[] = () => []) =>
  (observation: Observation): Judgement => {
    const found = faulted(observation, fault)
    if (found === null) return null
    const unsent = findUnsent(...found)
    return unsent.length > 0 ? unsent : more(...found)
  }

/** A retry that came before the time that the answer had told. */
const findEarly = ({ calls }: ObservedSession, fault: Call): readonly Sighting[] => {
  const next = calls.find((call) => call.operation === "push" && isAfter(call, fault))
  const waited = (next?.startedAt ?? Number.POSITIVE_INFINITY) - fault.endedAt
  if (next === undefined || waited >= retryAfterSeconds * 1_000 - earlyMs) return []
  return [atCall(next, `came ${waited} ms after call ${fault.number}, whose Retry-After was ${retryAfterSeconds} s`)]
}

const pushes = (fault: Fault): string => `Push at least ${pushOfFault(fault) + 1} times, with --faults all.`

const lostAnswer: AdapterCheck = {
  id: "lost-answer",
  title: "Lines whose answer was lost are sent again, with the same seq",
  next: "After a call without an answer send the same lines again before any others; what was stored is answered as `duplicate`.",
  exercise: pushes("lost-answer"),
  judge: afterFault("lost-answer"),
}

const tooManyRequests: AdapterCheck = {
  id: "too-many-requests",
  title: "After 429 the same lines are sent again, not before Retry-After",
  next: "Wait for as many seconds as `Retry-After` says, then send the same lines again before any others.",
  exercise: pushes("too-many-requests"),
  judge: afterFault("too-many-requests", findEarly),
}

const unavailable: AdapterCheck = {
  id: "unavailable",
  title: "After 503 the same lines are sent again",
  next: "Wait a little, then send the same lines again before any others, for as long as it takes.",
  exercise: pushes("unavailable"),
  judge: afterFault("unavailable"),
}

/** Whether a session is the next one of the thread of another. */
const follows = (session: ObservedSession, { opened }: ObservedSession): boolean =>
  session.opened !== null &&
  opened !== null &&
  session.opened.session.threadId === opened.session.threadId &&
  session.opened.session.epoch > opened.session.epoch

const leaseLapse: AdapterCheck = {
  id: "lease-lapse",
  title: "After the lapse of its lease a session is replaced by a new one",
  next: "When the last call that succeeded was sent as long ago as the lease, ask with a heartbeat before you push: a session that has ended needs a new id (PUT), and seq begins at 1.",
  exercise: `${pushes("lease-lapse")} The lease has to be ${longestOutageMs} ms at most; the adapter is cut off for as long.`,
  judge: ({ sessions, trace }) => {
    const [lapsed] = sessions.filter(({ sessionId }) => trace.lapses.has(sessionId))
    if (lapsed === undefined) return null
    const since = lapsed.lapsedAt ?? 0
    const late = lapsed.calls.filter((call) => call.operation === "push" && call.startedAt >= since && isSuccess(call))
    if (late.length > 0) {
      return late.map((call) => atCall(call, "went to a session that had ended: it is stored, and changes nothing"))
    }
    if (sessions.some((session) => follows(session, lapsed))) return []
    const last = lapsed.calls.at(-1)
    return [
      atCall(
        { sessionId: lapsed.sessionId, number: last?.number ?? 0 },
        "is the last of its thread: no new session was opened",
      ),
    ]
  },
}

export const faultChecks: readonly AdapterCheck[] = [lostAnswer, tooManyRequests, unavailable, leaseLapse]
