/** The report of an adapter check: every check, judged over what was observed. */
import type { AdapterCheckResult, AdapterReport } from "@threadfold/contracts"
import type { AdapterCheck, Observation } from "./AdapterCheck.js"
import type { Trace } from "./Call.js"
import { faultChecks } from "./faultChecks.js"
import { lineChecks } from "./lineChecks.js"
import { observedSessions } from "./ObservedSession.js"
import { sessionChecks } from "./sessionChecks.js"

/** Most findings of a check that are told: the first ones. */
const mostFindings = 10

/** Every check, in the order of the report. */
const checks: readonly AdapterCheck[] = [...sessionChecks, ...lineChecks, ...faultChecks]

const resultOf = ({ exercise, id, judge, next, title }: AdapterCheck, observation: Observation): AdapterCheckResult => {
  const findings = judge(observation)
  if (findings === null) return { check: id, title, status: "not-exercised", findings: [], next: exercise }
  return findings.length === 0
    ? { check: id, title, status: "passed", findings: [], next: null }
    : { check: id, title, status: "failed", findings: findings.slice(0, mostFindings), next }
}

/** Judges a trace. */
export const adapterReport = (trace: Trace): AdapterReport => {
  const observation = { trace, sessions: observedSessions(trace) }
  const results = checks.map((check) => resultOf(check, observation))
  return {
    ok: results.every(({ status }) => status !== "failed"),
    calls: trace.calls.length,
    sessions: observation.sessions.length,
    checks: results,
  }
}
