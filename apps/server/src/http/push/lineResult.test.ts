import { describe, expect, it } from "@effect/vitest"
import { maxPushLines, maxSeq } from "@threadfold/contracts"
import { problems } from "@threadfold/contracts/problem"
import type { LineProblem } from "@threadfold/orchestrator"
import { Struct } from "effect"
import fc from "fast-check"
import { lineResult } from "./lineResult.js"

/** Every problem that a line can have. Each is one of the catalogue: its callers look it up there. */
const lineProblems = {
  "line-not-json": problems["line-not-json"],
  "line-too-deep": problems["line-too-deep"],
  "line-too-many-values": problems["line-too-many-values"],
  "line-not-unicode": problems["line-not-unicode"],
  "number-out-of-range": problems["number-out-of-range"],
  "line-too-long": problems["line-too-long"],
  "not-an-event": problems["not-an-event"],
  "channel-reserved": problems["channel-reserved"],
  "type-reserved": problems["type-reserved"],
  "payload-invalid": problems["payload-invalid"],
  "unknown-field": problems["unknown-field"],
} as const satisfies Readonly<Record<LineProblem, object>>

describe("the answer to a line", () => {
  it("has at most 200 bytes where the line is invalid, whatever is wrong and wherever", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 300 }),
        fc.constantFrom(...Struct.keys(lineProblems)),
        (place, problem) => {
          const fault = { problem, place }
          const result = { status: "appended" as const, streamId: "", sequence: Number.MAX_SAFE_INTEGER }
          const answer = lineResult({ line: maxPushLines, seq: maxSeq, fault, unknown: null, result })
          expect(Buffer.byteLength(`${JSON.stringify(answer)}\n`)).toBeLessThanOrEqual(200)
        },
      ),
    )
  })

  it("tells of what is not known only where the line was stored now", () => {
    const outcome = { line: 1, seq: 3, fault: null, unknown: { problem: "unknown-field" as const, place: "mood" } }
    const stored = { status: "appended" as const, streamId: "", sequence: 5 }
    expect(lineResult({ ...outcome, result: stored })).toEqual({
      line: 1,
      seq: 3,
      status: "appended",
      sequence: 5,
      problem: "unknown-field",
      place: "mood",
    })
    expect(lineResult({ ...outcome, result: { ...stored, status: "duplicate" } })).toEqual({
      line: 1,
      seq: 3,
      status: "duplicate",
      sequence: 5,
    })
  })
})
