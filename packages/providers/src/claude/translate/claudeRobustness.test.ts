/** Whatever comes: no line is lost, none is reported twice, nothing is thrown, and every count is right. */

import { paused } from "@threadfold/testkit"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { live, recordings } from "../../../test/support/claudeLines.js"
import type { WireLine } from "../../Translator.js"
import { carriedLines, contentFaults, numberingFaults, translate } from "../../testing/TranslatorContract.js"
import { readRecording } from "../../wire/parseRecordingLine.js"
import { makeClaudeTranslator } from "./ClaudeTranslator.js"

const make = () => makeClaudeTranslator(live)

/** What must hold of any lines. */
const isSound = (lines: readonly WireLine[]): void => {
  const { emitted, fates } = translate({ make, lines })
  expect(numberingFaults(emitted)).toEqual([])
  expect(contentFaults(emitted)).toEqual([])
  expect([...carriedLines(emitted)].sort()).toEqual(lines.map(({ raw }) => raw).sort())
  const unmapped = emitted.filter(({ event }) => event.type === "provider.unmapped")
  expect(unmapped).toHaveLength(fates.filter((fate) => fate === "kept").length)
}

const wires = recordings.map(({ text }) => readRecording(text).lines)
const anyWire = fc.constantFrom(...wires)

type Path = readonly (string | number)[]

/** Every place in a JSON value. */
const pathsIn = (value: unknown, path: Path = []): readonly Path[] => {
  if (typeof value !== "object" || value === null) return [path]
  const members: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((one, index) => [index, one])
    : Object.entries(value)
  return [path, ...members.flatMap(([key, one]) => pathsIn(one, [...path, key]))]
}

/** The value with another one in that place. */
const replaced = (value: unknown, [key, ...rest]: Path, by: unknown): unknown => {
  if (key === undefined) return by
  if (Array.isArray(value)) return value.map((one, index) => (index === key ? replaced(one, rest, by) : one))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, name === key ? replaced(one, rest, by) : one]),
  )
}

const strange = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, 0, -1, 1e300, "", "x", true, [], {}, [null], [[]], { type: "text" }),
  fc.jsonValue({ maxDepth: 2 }),
)

describe("any wire", () => {
  it("may stop after any line", async () => {
    await fc.assert(paused(fc.property(anyWire, fc.nat(200), (lines, length) => isSound(lines.slice(0, length)))), {
      numRuns: 60,
    })
  })

  it("may lack lines, and have them in another order", async () => {
    const some = anyWire.chain((lines) => fc.oneof(fc.subarray([...lines]), fc.shuffledSubarray([...lines])))
    await fc.assert(paused(fc.property(some, isSound)), { numRuns: 60 })
  })

  it("may say strange things in any place", async () => {
    const mutation = fc.tuple(fc.nat(), fc.nat(), strange)
    await fc.assert(
      paused(
        fc.property(anyWire, fc.array(mutation, { minLength: 1, maxLength: 6 }), (lines, mutations) => {
          const changed = [...lines]
          for (const [where, which, by] of mutations) {
            const at = where % changed.length
            const line = changed[at]
            if (line === undefined) continue
            const paths = pathsIn(line.message ?? line.fields)
            const path = paths[which % paths.length] ?? []
            changed[at] =
              line.message === undefined
                ? { ...line, fields: { ...line.fields, odd: by } }
                : { ...line, message: replaced(line.message, path, by) }
          }
          isSound(changed)
        }),
      ),
      { numRuns: 300 },
    )
  })

  it("may be no wire at all", async () => {
    const line = fc.record({
      at: fc.integer({ min: 0, max: 1000 }),
      dir: fc.constantFrom("send", "recv", "meta", "stderr", "odd"),
      message: fc.jsonValue({ maxDepth: 3 }),
      event: fc.constantFrom("spawn", "exit", "odd"),
    })
    await fc.assert(
      paused(
        fc.property(fc.array(line, { maxLength: 20 }), (some) =>
          isSound(some.map((one, index) => ({ ...one, fields: {}, raw: `line ${index}` }))),
        ),
      ),
    )
  })

  it("keeps nothing of a turn that is over, however long the session", () => {
    const [first] = wires
    if (first === undefined) throw new Error("no wire")
    const translator = make()
    for (const line of first) if (line.dir !== "meta" || line.event !== "exit") translator.push(line)
    expect(translator.nextDeadline()).toBeNull()
    expect(translator.runningTurn()).toBeNull()
  })
})
