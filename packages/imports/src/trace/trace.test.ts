/** Rollout traces of the real Codex, against what Codex's own reducer makes of the same bundles. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { type TraceBundle, traceBundles } from "@threadfold/testkit"
import { Effect } from "effect"
import { MemoryLog } from "../../test/MemoryLog.js"
import { differences, rowsOf, running, traced, violations } from "../../test/traced.js"
import { traceBundle } from "./traceBundle.js"

const given = ({ path }: TraceBundle) => traceBundle(path, null)

/**
 * Where an import says more than Codex's reducer, or says it in other words. The same table is in docs/how-to/agent-sessions.md.
 */
const known: Readonly<Record<string, readonly string[]>> = {
  // Codex leaves a tool of a turn that ended running.
  "trace-interrupted": ['tool: "running" -> "interrupted"'],
  // Codex does not tell a refusal from a failure.
  "trace-declined": ['tool: "failed" -> "declined"'],
}

describe.each(traceBundles)("$name", (bundle) => {
  const { log: text, name, reduced } = bundle

  it.effect("is what Codex's reducer makes of it, but for the differences that are listed", () =>
    Effect.gen(function* () {
      const log = new MemoryLog()
      yield* traced(log, given(bundle))
      expect(differences(log, reduced())).toEqual(known[name] ?? [])
      expect([running(log), violations(log), rowsOf(log, "anomalies")]).toEqual([[], [], []])
    }),
  )

  it.effect("has every line accounted for, and adds nothing the second time", () =>
    Effect.gen(function* () {
      const log = new MemoryLog()
      const first = yield* traced(log, given(bundle))
      expect(first.lines).toBe(text().trimEnd().split("\n").length)
      expect([first.mapped + first.kept, first.unreadable]).toEqual([first.lines, 0])
      expect(first.bodies).toMatchObject({ missing: 0, problems: [] })
      const { hash } = log
      expect(yield* traced(log, given(bundle))).toMatchObject({ lines: first.lines, mapped: first.mapped, events: 0 })
      expect(log.hash).toBe(hash)
    }),
  )

  it.effect("keeps every body as it is, under the thread and the attempt that it is about", () =>
    Effect.gen(function* () {
      const log = new MemoryLog()
      yield* traced(log, given(bundle))
      const bodies = new Map(
        log.streams
          .flatMap((streamId) => log.eventsOf(streamId))
          .flatMap(({ body, row }) => {
            const payload: unknown = JSON.parse(String(row.payload))
            const place = typeof payload === "object" && payload !== null && "place" in payload ? payload.place : null
            return typeof place === "string" ? [[place, { body, row }] as const] : []
          }),
      )
      for (const file of readdirSync(join(bundle.path, "payloads"))) {
        const path = `payloads/${file}`
        expect(bodies.get(path)?.body, path).toBe(readFileSync(join(bundle.path, path), "utf8"))
      }
      const attempts = rowsOf(log, "inferences").map(({ inferenceId }) => inferenceId)
      const ofAttempts = [...bodies.values()].flatMap(({ row }) => row.inferenceId ?? [])
      expect(new Set(ofAttempts)).toEqual(new Set(attempts))
    }),
  )
})
