/** Traces that are damaged, cut, unfinished or hostile: what can be read is imported, the rest is said, and nothing is opened outside. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { traceBundles } from "@threadfold/testkit"
import { Chunk, Effect, Stream } from "effect"
import { MemoryLog } from "../../test/MemoryLog.js"
import { rowsOf, running, traced, violations } from "../../test/traced.js"
import { recognize } from "../index.js"
import { TraceBodies } from "./TraceBodies.js"
import { traceBundle } from "./traceBundle.js"
import { partLine } from "./traceStream.js"

const named = (name: string) => {
  const found = traceBundles.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no trace is named ${name}`)
  return found
}

/** A copy of a bundle, to be damaged. */
const copyOf = (name: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "threadfold-trace-"))
      cpSync(named(name).path, folder, { recursive: true })
      return { folder, log: join(folder, "trace.jsonl"), body: (of: number) => join(folder, "payloads", `${of}.json`) }
    }),
    ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true })),
  )

/** Imports what lies in a folder into an empty log, and checks what holds of every import. */
const importOf = (folder: string, log = new MemoryLog()) =>
  Effect.gen(function* () {
    const outcome = yield* traced(log, traceBundle(folder, null))
    expect(outcome.mapped + outcome.kept + outcome.unreadable).toBe(outcome.lines)
    expect([running(log), violations(log)]).toEqual([[], []])
    return { log, outcome }
  })

const linesIn = (file: string) => readFileSync(file, "utf8").trimEnd().split("\n")
const write = (file: string, lines: readonly string[]) => writeFileSync(file, `${lines.join("\n")}\n`)

/** All text that the log keeps. */
const everything = (log: MemoryLog): string =>
  JSON.stringify(log.streams.map((streamId) => log.eventsOf(streamId).map(({ body, row }) => [body, row.payload])))

describe("bodies", () => {
  it.scoped("that are missing or broken are named, and the statuses are as before", () =>
    Effect.gen(function* () {
      const { body, folder } = yield* copyOf("trace-plain-shell")
      rmSync(body(6))
      truncateSync(body(11), 40)
      const { log, outcome } = yield* importOf(folder)
      expect(outcome.bodies).toMatchObject({
        kept: 18,
        missing: 1,
        problems: [{ path: "payloads/6.json", problem: "is not there" }],
      })
      expect(rowsOf(log, "inferences").map(({ items, status, usage }) => [status, items, usage === null])).toEqual([
        ["completed", 0, true],
        ["completed", 0, true],
        ["completed", 1, false],
      ])
      expect(rowsOf(log, "anomalies").map(({ detail, reason }) => [reason, detail])).toEqual([
        ["unmapped", "is not there"],
      ])
    }),
  )

  it.scoped("outside the bundle are never opened: by .., absolute, through a link, in a folder that is a link", () =>
    Effect.gen(function* () {
      const { body, folder, log: file } = yield* copyOf("trace-plain-shell")
      const outside = yield* copyOf("trace-eof")
      writeFileSync(join(outside.folder, "secret.json"), '{"secret":"not yours"}')
      rmSync(body(1))
      symlinkSync(join(outside.folder, "secret.json"), body(1))
      symlinkSync(outside.folder, join(folder, "elsewhere"))
      mkdirSync(join(folder, "payloads", "folder.json"))
      const paths = [
        "../secret.json",
        join(outside.folder, "secret.json"),
        "payloads/1.json",
        "elsewhere/secret.json",
        "payloads\\..\\..\\secret.json",
        "payloads/folder.json",
        "",
        "payloads/1.json\0",
      ]
      const bodies = paths.map((path, index) => ({
        raw_payload_id: `raw_payload:${index}`,
        kind: { type: "other" },
        path,
      }))
      const line = {
        schema_version: 2,
        seq: 38,
        wall_time_unix_ms: 1,
        rollout_id: "x",
        thread_id: null,
        codex_turn_id: null,
      }
      appendFileSync(file, `${JSON.stringify({ ...line, payload: { type: "other", kind: "x", payloads: bodies } })}\n`)
      const { log, outcome } = yield* importOf(folder)
      expect(everything(log)).not.toContain("not yours")
      expect(outcome.bodies?.missing).toBe(paths.length)
      expect(new Set(outcome.bodies?.problems.map(({ problem }) => problem))).toEqual(
        new Set(["leads out of the folder", "is no file", "is no path"]),
      )
    }),
  )

  it.scoped("of a log that the manifest puts outside are not read: the bundle is refused", () =>
    Effect.gen(function* () {
      const { folder } = yield* copyOf("trace-plain-shell")
      writeFileSync(join(folder, "manifest.json"), '{"schema_version":2,"raw_event_log":"../../etc/passwd"}')
      expect(yield* Effect.flip(importOf(folder))).toMatchObject({
        _tag: "RecordingUnreadable",
        reason: '"../../etc/passwd" leads out of the folder',
      })
    }),
  )

  it.scoped("that are long are kept in parts, whole, and memory holds one part", () =>
    Effect.gen(function* () {
      const { body, folder } = yield* copyOf("trace-plain-shell")
      const piece = "a long answer, line after line. ".repeat(1024)
      writeFileSync(body(6), `{"output_items":[{"type":"message","text":"`)
      for (let count = 0; count < 700; count++) appendFileSync(body(6), piece)
      const { log, outcome } = yield* importOf(folder)
      expect(outcome.bodies?.problems).toMatchObject([{ path: "payloads/6.json" }])
      expect(outcome.bodies?.problems[0]?.problem).toMatch(
        /^longer than \d+ characters: kept in \d+ parts, and not read$/,
      )
      const parts = log.streams
        .flatMap((streamId) => log.eventsOf(streamId))
        .flatMap(({ body: text, row }) => (String(row.payload).includes("payload/part") ? [String(text)] : []))
      expect(parts.join("")).toBe(readFileSync(body(6), "utf8"))
      expect(Math.max(...parts.map((text) => text.length))).toBeLessThanOrEqual(512 * 1024)
      expect(rowsOf(log, "inferences").map(({ status }) => status)).toEqual(["completed", "completed", "completed"])
    }),
  )

  it("that are not as they were announced are kept, and not read", () => {
    const bodies = new TraceBodies()
    expect(bodies.piece("a", "text")).toEqual([])
    bodies.end("a", { bytes: 4, sha256: "0".repeat(64) })
    expect(bodies.take(["a"])).toEqual([
      { path: "a", text: "text", problem: "its bytes are not those that were announced" },
    ])
    bodies.piece("b", "cut")
    expect(bodies.take(["b", "c", "a"])).toMatchObject([
      { path: "b", text: "cut", problem: "its end did not come" },
      { path: "c", text: null, problem: "it did not come with the trace" },
      { path: "a", text: null, problem: null },
    ])
    expect(bodies.report).toMatchObject({ kept: 1, bytes: 4, missing: 2 })
  })
})

describe("a log", () => {
  it.scoped("with broken, repeated and missing lines is imported, and each is counted where it stands", () =>
    Effect.gen(function* () {
      const { folder, log: file } = yield* copyOf("trace-plain-shell")
      const lines = linesIn(file)
      const line = (number: number) => lines[number - 1] ?? ""
      // Line 12, an end of an attempt, is cut; line 21, another one, comes twice; line 26 is lost.
      const damaged = [
        ...lines.slice(0, 11),
        line(12).slice(0, 50),
        "",
        ...lines.slice(12, 21),
        line(21),
        ...lines.slice(21, 25),
        ...lines.slice(26),
      ]
      write(file, damaged)
      const { log, outcome } = yield* importOf(folder)
      expect(outcome).toMatchObject({
        lines: lines.length,
        unreadable: 1,
        unreadableLines: [{ line: 12, problem: "not JSON: the line is broken or cut" }],
      })
      const anomalies = rowsOf(log, "anomalies").map(({ detail, reason, subject }) => [reason, subject, detail])
      expect(anomalies).toEqual(
        expect.arrayContaining([
          ["unmapped", "method:sequence", "number 26 is missing"],
          ["unmapped", "method:inference_completed", "number 21 came before"],
        ]),
      )
      // The attempt whose end is lost is closed by its turn, which completed.
      expect(rowsOf(log, "inferences").map(({ cause, status }) => [status, cause])).toEqual([
        ["cancelled", "turn-ended"],
        ["completed", "provider"],
        ["completed", "provider"],
      ])
      expect(rowsOf(log, "turns").map(({ outcome: how }) => how)).toEqual(["completed", "completed"])
    }),
  )

  it.scoped("that just ends leaves nothing running, and one that has grown since goes on with the same turn", () =>
    Effect.gen(function* () {
      const { folder, log: file } = yield* copyOf("trace-plain-shell")
      const lines = linesIn(file)
      for (const count of [11, 20, 25, 29]) {
        // Its writer is in the middle of a line.
        writeFileSync(file, `${lines.slice(0, count).join("\n")}\n${lines[count]?.slice(0, 30)}`)
        const log = new MemoryLog()
        const first = yield* importOf(folder, log)
        expect(first.outcome.unreadable).toBe(1)
        write(file, lines)
        const second = yield* importOf(folder, log)
        expect(second.outcome).toMatchObject({ lines: lines.length, unreadable: 0 })
        expect(second.outcome.events).toBeGreaterThan(0)
        expect(
          rowsOf(log, "turns").map(({ outcome: how }) => how),
          `cut after ${count}`,
        ).toEqual(["completed", "completed"])
        expect(rowsOf(log, "inferences").map(({ items, status }) => [status, items])).toEqual([
          ["completed", 2],
          ["completed", 2],
          ["completed", 1],
        ])
        expect(rowsOf(log, "items").map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => "completed"))
        expect((yield* importOf(folder, log)).outcome.events).toBe(0)
      }
    }),
  )

  it.scoped("that was changed since, or a body of it, is refused, and nothing is stored", () =>
    Effect.gen(function* () {
      const { body, folder, log: file } = yield* copyOf("trace-plain-shell")
      const { log } = yield* importOf(folder)
      const { hash } = log
      writeFileSync(body(6), "{}")
      expect(yield* Effect.flip(importOf(folder, log))).toMatchObject({
        _tag: "RecordingChanged",
        how: "rewritten",
        line: 37,
      })
      cpSync(join(named("trace-plain-shell").path, "payloads", "6.json"), body(6))
      write(file, linesIn(file).slice(0, -3))
      expect(yield* Effect.flip(importOf(folder, log))).toMatchObject({ how: "shorter", line: 37 })
      expect(log.hash).toBe(hash)
    }),
  )

  it.scoped("of a version that is not known is refused with the versions that are", () =>
    Effect.gen(function* () {
      const { folder, log: file } = yield* copyOf("trace-eof")
      const manifest = readFileSync(join(folder, "manifest.json"), "utf8")
      writeFileSync(join(folder, "manifest.json"), manifest.replace('"schema_version": 2', '"schema_version": 7'))
      expect(yield* Effect.flip(recognize(traceBundle(folder, null)))).toMatchObject({
        _tag: "RecordingTooNew",
        message: `${folder} has schema version 7 of Codex's traces; versions 1 and 2 can be read. A newer Threadfold may read it.`,
      })
      rmSync(join(folder, "manifest.json"))
      write(
        file,
        linesIn(file).map((line) => line.replace('"schema_version":2', '"schema_version":7')),
      )
      expect(yield* Effect.flip(recognize(traceBundle(folder, null)))).toMatchObject({
        _tag: "NotARecording",
        seems: "a file of schema version 7 of Codex's traces; versions 1 and 2 can be read",
      })
    }),
  )

  it.scoped("without a manifest, or alone without its bodies, is imported all the same", () =>
    Effect.gen(function* () {
      const { folder, log: file } = yield* copyOf("trace-sub-agent")
      rmSync(join(folder, "manifest.json"))
      const { log } = yield* importOf(folder)
      expect(rowsOf(log, "threads")).toHaveLength(2)
      const alone = new MemoryLog()
      const outcome = yield* traced(alone, { name: "trace.jsonl", bytes: Stream.make(readFileSync(file)) })
      expect(outcome.lines).toBe(linesIn(file).length)
      expect(outcome.bodies).toMatchObject({ kept: 0, missing: 22 })
      expect(rowsOf(alone, "turns").map(({ outcome: how }) => how)).toEqual(
        rowsOf(log, "turns").map(({ outcome: how }) => how),
      )
      expect(running(alone)).toEqual([])
    }),
  )

  it.scoped("with lines that pass for ours, of types that are not known, or without a thread keeps them", () =>
    Effect.gen(function* () {
      const { folder, log: file } = yield* copyOf("trace-eof")
      const lines = linesIn(file)
      const like = (seq: number, payload: object, thread: string | null = null) =>
        JSON.stringify({
          schema_version: 2,
          seq,
          wall_time_unix_ms: -5,
          rollout_id: "x",
          thread_id: thread,
          codex_turn_id: null,
          payload,
        })
      const [, thread = null] = /"thread_id":"([0-9a-f-]{36})"/.exec(lines[4] ?? "") ?? []
      const ours = partLine({ threadfold: "body-end", path: "payloads/1.json", problem: "gone" }).trimEnd()
      write(file, [
        ...lines,
        ours,
        like(23, { type: "of_a_later_version", more: [1] }, thread),
        like(24, { type: "inference_completed" }),
        like(25, { type: "codex_turn_ended", codex_turn_id: "x".repeat(5_000), status: "done" }, thread),
        like(26, { type: "tool_call_ended", tool_call_id: "never-began", status: "completed" }, thread),
        like(27, { type: "__proto__" }),
      ])
      const { log, outcome } = yield* importOf(folder)
      expect(outcome).toMatchObject({
        lines: lines.length + 6,
        unreadable: 1,
        unreadableLines: [{ line: lines.length + 1 }],
      })
      expect(rowsOf(log, "anomalies").map(({ subject }) => subject)).toContain("method:of_a_later_version")
    }),
  )

  it.effect("is read piece by piece", () =>
    Effect.gen(function* () {
      const { path } = named("trace-plain-shell")
      const pieces = yield* Stream.runCollect(traceBundle(path, null).bytes)
      const bytes = Buffer.concat(Chunk.toReadonlyArray(pieces))
      const whole = new MemoryLog()
      yield* traced(whole, traceBundle(path, null))
      const inPieces = new MemoryLog()
      const small = Stream.range(0, Math.ceil(bytes.length / 97) - 1)
      yield* traced(
        inPieces,
        { name: path, bytes: Stream.map(small, (index) => bytes.subarray(index * 97, (index + 1) * 97)) },
        { submitAt: 3 },
      )
      expect(inPieces.hash).toBe(whole.hash)
    }),
  )
})
