/** The report of an adapter check: every check, judged over what was observed. */
import type { AdapterCheckResult, AdapterFinding, AdapterReport } from "@threadfold/contracts"
import type { AdapterCheck, Observation, Sighting } from "./AdapterCheck.js"
import type { Trace } from "./Call.js"
import { faultChecks } from "./faultChecks.js"
import { lineChecks } from "./lineChecks.js"
import { linesOf, observedSessions } from "./ObservedSession.js"
import { sessionChecks } from "./sessionChecks.js"

/** Most findings of a check that are told: the first ones. */
const mostFindings = 10

/** Every check, in the order of the report. */
const checks: readonly AdapterCheck[] = [...sessionChecks, ...lineChecks, ...faultChecks]

/** A sighting with what an author needs to find its call among their own: the request, its time, the numbers of its lines. */
const findingOf =
  ({ calls }: Trace) =>
  (sighting: Sighting): AdapterFinding => {
    const call = calls.find(({ number }) => number === sighting.call)
    const lines = call?.operation === "push" ? linesOf(call) : []
    const seqs = lines.filter(({ line }) => line === (sighting.line ?? line)).map(({ seq }) => seq)
    return {
      ...sighting,
      method: call?.method ?? null,
      path: call?.path ?? null,
      at: call?.startedAt ?? null,
      firstSeq: seqs.length === 0 ? null : Math.min(...seqs),
      lastSeq: seqs.length === 0 ? null : Math.max(...seqs),
    }
  }

const serverLost = "The server went away. Run the check again before a server that stays."

/** What can be judged: where the server went away, the calls before. */
const judged = (trace: Trace): Trace => {
  const { calls, lostAt } = trace
  return lostAt === null
    ? trace
    : {
        ...trace,
        endedAt: lostAt,
        calls: calls.filter(({ startedAt }) => startedAt < lostAt),
      }
}

const resultOf = (
  { exercise: due, id, isOfSent, judge, next, title }: AdapterCheck,
  observation: Observation,
): AdapterCheckResult => {
  const isLost = observation.trace.lostAt !== null
  const found = judge(observation)
  const findings = isLost && isOfSent !== true && found !== null && found.length > 0 ? null : found
  const exercise = isLost ? serverLost : due
  if (findings === null) return { check: id, title, status: "not-exercised", findings: [], next: exercise }
  return findings.length === 0
    ? { check: id, title, status: "passed", findings: [], next: null }
    : {
        check: id,
        title,
        status: "failed",
        findings: findings.slice(0, mostFindings).map(findingOf(observation.trace)),
        next,
      }
}

/** Judges a trace. */
export const adapterReport = (trace: Trace): AdapterReport => {
  const seen = judged(trace)
  const observation = { trace: seen, sessions: observedSessions(seen) }
  const results = checks.map((check) => resultOf(check, observation))
  return {
    ok: results.every(({ status }) => status !== "failed"),
    calls: trace.calls.length,
    sessions: observation.sessions.length,
    checks: results,
  }
}
