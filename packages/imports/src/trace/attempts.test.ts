/** Starts and ends of attempts and turns in any order: each attempt ends once, as what came first says, and keeps its items. */

import { describe, it } from "@effect/vitest"
import { namedUuid, paused } from "@threadfold/testkit"
import { Effect } from "effect"
import fc from "fast-check"
import { expect } from "vitest"
import { MemoryLog } from "../../test/MemoryLog.js"
import { TraceText } from "../../test/TraceText.js"
import { rowsOf, running, traced, violations } from "../../test/traced.js"

type Status = "running" | "completed" | "failed" | "cancelled" | "aborted"
type Terminal = "completed" | "failed" | "cancelled"

type End = Terminal | "aborted" | "unseen" | "replaced"

type Step =
  | { readonly does: "begin turn"; readonly turn: number }
  | { readonly does: "end turn"; readonly turn: number; readonly status: Terminal | "aborted" }
  | { readonly does: "begin"; readonly attempt: number }
  | { readonly does: "end"; readonly attempt: number; readonly status: Terminal; readonly items: number }

/** Attempts of three turns: two of each. */
const turnOf = (attempt: number): number => Math.floor(attempt / 2)
const turn = fc.nat(2)
const attempt = fc.nat(5)
const terminal = fc.constantFrom<Terminal>("completed", "failed", "cancelled")
const arbSteps = fc.array(
  fc.oneof(
    fc.record({ does: fc.constant("begin turn" as const), turn }),
    fc.record({
      does: fc.constant("end turn" as const),
      turn,
      status: fc.oneof(terminal, fc.constant("aborted" as const)),
    }),
    fc.record({ does: fc.constant("begin" as const), attempt }),
    fc.record({ does: fc.constant("end" as const), attempt, status: terminal, items: fc.nat(2) }),
  ),
  { minLength: 1, maxLength: 30 },
)

interface Expected {
  status: Status
  items: number
  /** The turn that it is shown in; null: none that is known. */
  turn: number | null
  /** True: it was closed by an end that nothing told, so that its own end may still say otherwise, once. */
  yields: boolean
}

/** What must come of the steps: a table, which knows nothing of translators and folds. */
const expectedOf = (steps: readonly Step[]): ReadonlyMap<number, Expected> => {
  const attempts = new Map<number, Expected>()
  /**
   * How each turn that is over ended; `unseen`: its end came before its start, so that it never is a turn; `replaced`: another one
   * started, which says that it is over, and not how it ended.
   */
  const over = new Map<number, End>()
  let active: number | null = null
  const closed = (how: End): Status => (how === "failed" ? "failed" : "cancelled")
  const endTurn = (which: number, how: End): void => {
    over.set(which, how)
    if (active === which) active = null
    for (const one of attempts.values()) {
      if (one.turn !== which || one.status !== "running") continue
      one.status = closed(how)
      one.yields = how === "replaced"
    }
  }
  const beginTurn = (which: number): void => {
    if (over.has(which) || active === which) return
    if (active !== null) endTurn(active, "replaced")
    active = which
  }
  for (const step of steps) {
    if (step.does === "begin turn") beginTurn(step.turn)
    else if (step.does === "end turn") {
      if (active === step.turn) endTurn(step.turn, step.status)
      else if (!over.has(step.turn)) over.set(step.turn, "unseen")
      else if (over.get(step.turn) === "replaced") over.set(step.turn, step.status)
    } else if (step.does === "begin") {
      if (attempts.has(step.attempt)) continue
      const which = turnOf(step.attempt)
      beginTurn(which)
      const how = over.get(which)
      const isUnseen = how === "unseen"
      attempts.set(step.attempt, {
        status: how === undefined || isUnseen ? "running" : closed(how),
        items: 0,
        turn: isUnseen ? null : which,
        yields: how === "replaced",
      })
    } else {
      const which = turnOf(step.attempt)
      const isSeen = active === which || (over.has(which) && over.get(which) !== "unseen")
      const one = attempts.get(step.attempt) ?? {
        status: "running",
        items: 0,
        turn: isSeen ? which : null,
        yields: false,
      }
      attempts.set(step.attempt, one)
      // An end that comes late only fills what is empty.
      if (one.items === 0) one.items = step.items
      if (one.status === "running" || one.yields) one.status = step.status
      one.yields = false
    }
  }
  // The log ends: what runs is given up with its turn, or with the session where it has none.
  for (const one of attempts.values())
    if (one.status === "running") one.status = one.turn === null ? "aborted" : "cancelled"
  return attempts
}

const threadId = namedUuid("thread")
const turnId = (which: number): string => namedUuid(`turn ${which}`)
const attemptId = (which: number): string => namedUuid(`attempt ${which}`)

/** The steps as a trace. */
const traceOf = (steps: readonly Step[]): TraceText => {
  const trace = new TraceText(1, threadId).started()
  for (const step of steps) {
    if (step.does === "begin turn") trace.turn(turnId(step.turn))
    else if (step.does === "end turn") trace.ended(turnId(step.turn), step.status)
    else if (step.does === "begin") trace.asked(attemptId(step.attempt), turnId(turnOf(step.attempt)), [])
    else {
      const output_items = Array.from({ length: step.items }, (_, index) => ({ type: "other", id: `i${index}` }))
      const key = step.status === "completed" ? "response_payload" : "partial_response_payload"
      const body = trace.body("inference_response", { output_items })
      const of = { inference_call_id: attemptId(step.attempt), error: "e", reason: "r" }
      trace.line({ type: `inference_${step.status}`, ...of, [key]: body }, turnId(turnOf(step.attempt)))
    }
  }
  return trace
}

describe("attempts", () => {
  it.effect(
    "end once, as what came first says, whatever order their events come in",
    () =>
      Effect.promise(() =>
        fc.assert(
          paused(
            fc.asyncProperty(arbSteps, async (steps) => {
              const log = new MemoryLog()
              await Effect.runPromise(traced(log, traceOf(steps).recording))
              const rows = new Map(rowsOf(log, "inferences").map((row) => [row.nativeInferenceId, row]))
              const expected = expectedOf(steps)
              expect(rows.size).toBe(rowsOf(log, "inferences").length)
              expect(
                [...expected.keys()].map((which) => {
                  const row = rows.get(attemptId(which))
                  return [which, row?.status, row?.items]
                }),
              ).toEqual([...expected].map(([which, { items, status }]) => [which, status, items]))
              expect([running(log), violations(log)]).toEqual([[], []])
            }),
          ),
          { numRuns: 60 },
        ),
      ),
    600_000,
  )
})
