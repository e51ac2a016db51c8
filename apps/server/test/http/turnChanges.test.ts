/** What a turn changed, file by file. */
import { describe, expect, it } from "@effect/vitest"
import { longestPageBytes, longestTextBytes, TextRange, TurnChanges } from "@threadfold/contracts"
import { pageOf } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import {
  attachThread,
  callAs,
  callText,
  problemOfCall,
  push,
  says,
  sessionId,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)
const opened = attachThread(1)

const turnId = Effect.map(
  callAs(pageOf(Schema.Struct({ turnId: Schema.String })), "/v1/turns"),
  ({ body }) => body.items[0]?.turnId ?? "",
)

const fileOf = (name: string, lines: number): string =>
  `diff --git a/${name} b/${name}\n--- a/${name}\n+++ b/${name}\n@@ -0,0 +1,${lines} @@\n${"+line of é\n".repeat(lines)}`

describe("what a turn changed", () => {
  it.live("is told by its diff, file by file, with counts, and cut where it is long", () =>
    Effect.gen(function* () {
      yield* opened
      const line = says()
      const names = Array.from({ length: 12 }, (_, at) => `src/é${at}.ts`)
      const diff = names.map((name, at) => fileOf(name, at === 3 ? 20_000 : 2_000)).join("")
      yield* push(session, [
        line("turn.started", { turnId: "t" }),
        line("turn.diff.updated", { turnId: "t" }, { diff }),
      ])
      const id = yield* turnId
      const seen: TurnChanges["items"][number][] = []
      for (let after: number | null = 0; after !== null; ) {
        const path: string = `/v1/turns/${id}/changes?after=${after}`
        expect(Buffer.byteLength((yield* callText(path)).text)).toBeLessThanOrEqual(longestPageBytes)
        const { body } = yield* callAs(TurnChanges, path)
        expect([body.source, body.files, body.additions, body.deletions]).toEqual(["turn", 12, 42_000, 0])
        seen.push(...body.items)
        after = body.next
      }
      expect(seen.map(({ path }) => path)).toEqual(names)
      const cut = seen[3]
      expect(cut?.additions).toBe(20_000)
      expect(Buffer.byteLength(cut?.diff ?? "")).toBeLessThanOrEqual(longestTextBytes)
      const whole = yield* callAs(TextRange, `${cut?.truncated?.diff?.href}&offset=${cut?.offset}&limit=64`)
      expect(whole.body.text?.startsWith("diff --git a/src/é3.ts")).toBe(true)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("is told by its file changes where the turn has no diff, and those that were declined are none", () =>
    Effect.gen(function* () {
      yield* opened
      const line = says()
      const changed = (n: number, status: string, data: object) =>
        line("item.completed", { turnId: "t", itemId: `i${n}` }, { kind: "file_change", status, data })
      const claude = {
        input: { file_path: "/w/a.txt" },
        result: {
          structuredPatch: [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: 2, lines: ["-a", "+b", "+c"] }],
        },
      }
      yield* push(session, [
        line("turn.started", { turnId: "t" }),
        changed(1, "completed", claude),
        changed(2, "declined", { changes: [{ path: "no.ts", kind: "update", diff: "@@ -1 +1 @@\n-a\n+b" }] }),
        changed(3, "completed", { changes: [{ path: "new.ts", kind: { type: "add" }, diff: "x\n" }] }),
        // Agents leave the heads of hunks out, and give names or none.
        changed(4, "completed", { changes: [{ path: "bare.ts", kind: "update", diff: "-a\n+b\n+c\n" }] }),
        changed(5, "completed", {
          changes: [{ path: "named.ts", kind: "update", diff: "--- a/named.ts\n+++ b/named.ts\n-a\n+b\n" }],
        }),
      ])
      const { body } = yield* callAs(TurnChanges, `/v1/turns/${yield* turnId}/changes`)
      expect([body.source, body.additions, body.deletions, body.next, body.partial]).toEqual([
        "items",
        6,
        3,
        null,
        false,
      ])
      expect(body.items.map(({ additions, change, path }) => [path, change, additions])).toEqual([
        ["/w/a.txt", "modified", 2],
        ["new.ts", "added", 1],
        ["bare.ts", "modified", 2],
        ["named.ts", "modified", 1],
      ])
      expect((yield* problemOfCall(`/v1/turns/${sessionId(9)}/changes`)).slug).toBe("turn-not-found")
    }).pipe(Effect.provide(testServer())),
  )
})
