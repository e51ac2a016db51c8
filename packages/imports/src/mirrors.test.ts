/** One native thread from two sources: lists have it once, whichever was imported first. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { engineOn } from "@threadfold/engine/fixtures"
import { Projections } from "@threadfold/projections"
import { recording } from "@threadfold/testkit"
import { Effect, Stream } from "effect"
import { importRecording, type Recording, recognize } from "./index.js"

const wire: Recording = {
  name: "plain.jsonl",
  bytes: Stream.sync(() => readFileSync(recording("codex-01-plain").path)),
}

/** A session file of a thread. */
const fileOf = (id: string): Recording => {
  const line = (type: string, payload: object) =>
    `${JSON.stringify({ timestamp: "2026-01-01T00:00:00.000Z", type, payload })}\n`
  const lines = [
    line("session_meta", { id, cwd: "/home/dev" }),
    line("event_msg", { type: "user_message", message: "Hello" }),
  ]
  return { name: "rollout-1.jsonl", bytes: Stream.make(Buffer.from(lines.join(""))) }
}

const taken = (one: Recording) => Effect.flatMap(recognize(one), (recognized) => importRecording(recognized))

it.effect.each(["wire first", "file first"])("%s", (order) =>
  Effect.scoped(
    Effect.gen(function* () {
      const path = mkdtempSync(join(tmpdir(), "threadfold-mirrors-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(path, { recursive: true })))
      const file = join(path, "threadfold.db")
      const test = Effect.gen(function* () {
        const native = /"thread":\{"id":"([0-9a-f-]{36})"/.exec(recording("codex-01-plain").text())?.[1] ?? ""
        for (const one of order === "wire first" ? [wire, fileOf(native)] : [fileOf(native), wire]) yield* taken(one)
        const projections = yield* Projections
        const all = yield* projections.threads({ mirrors: true })
        expect(all.items.map(({ nativeThreadId }) => nativeThreadId)).toEqual([native, native])
        const listed = yield* projections.threads({})
        expect(listed.items).toHaveLength(1)
        const { items } = yield* projections.items(listed.items[0]?.threadId ?? "", { limit: 1 })
        expect(items[0]?.nativeKind).toBe("agentMessage")
        expect(yield* projections.matchingThreads(native, 10)).toEqual([listed.items[0]?.threadId])
        const [first] = all.items
        expect(yield* projections.matchingThreads(first?.threadId ?? "", 10)).toEqual([first?.threadId])
      })
      yield* test.pipe(Effect.provide(Projections.layer(file)), Effect.provide(engineOn({ file })))
    }),
  ),
)
