/** Every change that the fold makes has its rule, and the rules are those of the page. */

import { readFileSync } from "node:fs"
import { arbHostile, arbSession, pausing } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ManyStreams } from "../../test/ManyStreams.js"
import { arbEvents } from "../../test/randomEvents.js"
import { type FoldTrace, foldRules } from "./byRule.js"
import { foldByRules, foldTraced } from "./fold.js"

const page = readFileSync(new URL("../../../../docs/rules.md", import.meta.url), "utf8")
const arbWell = arbSession()
const arbAny = fc.oneof(arbWell, arbHostile(arbWell, { mutations: 40 }), arbEvents(40))

describe("the numbered rules", () => {
  it("have the numbers and the names of docs/rules.md", () => {
    const headings = [...page.matchAll(/^## (\d+)\. (.+)$/gm)].map(([, number, name]) => [number, name])
    expect(headings).toEqual(Object.entries(foldRules))
  })

  it("lead to every change, which is the same without a trace", async () => {
    const property = pausing(arbAny, (events) => {
      const traces: { readonly trace: FoldTrace; readonly ops: readonly string[] }[] = []
      const world = new ManyStreams((before, event, rows) => {
        const traced = foldTraced(before, event, rows)
        expect({ state: traced.state, changes: traced.changes }).toEqual(foldByRules(before, event, rows))
        traces.push({ trace: traced.trace, ops: traced.changes.map(({ op }) => op) })
        return traced
      })
      world.takeAll(events)
      for (const { ops, trace } of traces) {
        expect(trace.paths).toHaveLength(ops.length)
        // Rule 18 is what is left outside of every registered function: it may count an anomaly and write no row.
        trace.paths.forEach((path, at) => {
          if (path.at(-1) === 18) expect(ops[at]).toBe("anomaly")
        })
      }
    })
    await fc.assert(property, { numRuns: 40 })
  })
})
