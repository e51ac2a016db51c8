/** Session files of real agents, against what an oracle reads from the same files. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Engine } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { Projections } from "@threadfold/projections"
import { readSessionFile, type SessionFile, sessionFiles } from "@threadfold/testkit"
import { Effect, Stream } from "effect"
import { importRecording, type ReadingOptions, type Recording, readerOf, recognize } from "./index.js"

const given = (file: SessionFile, text: string | Uint8Array): Recording => ({
  name: basename(file.path),
  bytes: Stream.make(typeof text === "string" ? Buffer.from(text) : text),
})

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-sessions-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)

/** Runs in an empty log. */
const inEmptyLog = <A, E>(body: Effect.Effect<A, E, Engine | Projections>) =>
  Effect.scoped(
    Effect.flatMap(directory, (path) => {
      const file = join(path, "threadfold.db")
      return body.pipe(Effect.provide(Projections.layer(file)), Effect.provide(engineOn({ file })))
    }),
  )

const taken = (file: SessionFile, text: string | Uint8Array = file.text(), options: ReadingOptions = {}) =>
  Effect.gen(function* () {
    const reader = yield* readerOf(file.source)
    return yield* importRecording(yield* recognize(given(file, text), reader), options)
  })

const events = Effect.flatMap(Engine, ({ log }) => log.read({ limit: 10_000 }))

/** The rows of a thread, oldest first. */
const rows = (threadId: string) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const limit = 200
    const { value: thread } = yield* projections.thread(threadId)
    const turns = (yield* projections.turns(threadId, { limit })).items.toReversed()
    const items = (yield* projections.items(threadId, { limit })).items.toReversed()
    const { usage } = yield* projections.usage(threadId)
    return { thread, turns, items, usage }
  })

const lineCount = (text: string) => text.trimEnd().split("\n").length

describe.each(sessionFiles)("$source $name", (file) => {
  it.effect("becomes what the file says, and every line is accounted for", () =>
    inEmptyLog(
      Effect.gen(function* () {
        const expected = readSessionFile(file.source, file.text())
        const outcome = yield* taken(file)
        expect(outcome.lines).toBe(lineCount(file.text()))
        expect(outcome.mapped + outcome.kept).toBe(outcome.lines)
        expect(outcome.threads.map(({ nativeThreadId }) => nativeThreadId)).toEqual([expected.nativeThreadId])
        const { items, thread, turns, usage } = yield* rows(outcome.threads[0]?.threadId ?? "")
        expect(turns.map(({ nativeTurnId, outcome: how }) => ({ nativeTurnId, outcome: how }))).toEqual(expected.turns)
        const said = items.filter(({ kind }) => kind === "user_message" || kind === "agent_message")
        expect(said.map(({ text }) => text)).toEqual(expected.messages)
        const ran = items.filter(
          ({ kind, status }) => kind === "command" && (status === "completed" || status === "failed"),
        )
        for (const output of expected.commands) expect(ran.map(({ text }) => text)).toContain(output)
        expect(usage === null ? null : { input: usage.inputTokens, output: usage.outputTokens }).toEqual(
          expected.tokens,
        )
        expect([thread.status, thread.activeTurnId]).toEqual(["stopped", null])
        const stored = yield* events
        const started = stored.flatMap(({ payload, type }) =>
          type === "thread.started" ? [JSON.parse(String(payload))] : [],
        )
        const told = (name: string) => started.map((one) => one[name]).find((value) => value !== undefined) ?? null
        expect([told("parentNativeThreadId"), told("forkedFromNativeThreadId")]).toEqual([
          expected.parent,
          expected.forkedFrom,
        ])
      }),
    ),
  )

  it.effect("adds nothing the second time", () =>
    inEmptyLog(
      Effect.gen(function* () {
        const first = yield* taken(file)
        expect(yield* taken(file)).toMatchObject({ lines: first.lines, mapped: first.mapped, events: 0 })
      }),
    ),
  )
})

const smallest = (source: SessionFile["source"]): SessionFile => {
  const [one] = sessionFiles
    .filter((file) => file.source === source)
    .sort((a, b) => lineCount(a.text()) - lineCount(b.text()))
  if (one === undefined) throw new Error(`no session file of ${source}`)
  return one
}

describe.each([smallest("codex-rollout"), smallest("claude")])("$source $name", (file) => {
  const lines = file.text().trimEnd().split("\n")
  const leaveOpen = true

  it.effect(
    "cut at any line and gone on with is the whole file",
    () =>
      Effect.gen(function* () {
        const idsOf = Effect.map(events, (stored) => stored.map(({ eventId }) => eventId))
        const whole = yield* inEmptyLog(Effect.zipRight(taken(file, file.text(), { leaveOpen }), idsOf))
        for (const [index] of lines.entries()) {
          const begun = `${lines.slice(0, index + 1).join("\n")}\n`
          const inTwo = Effect.gen(function* () {
            // The beginning alone may not name a thread yet.
            yield* Effect.option(taken(file, begun, { leaveOpen }))
            yield* taken(file, file.text(), { leaveOpen })
            return yield* idsOf
          })
          expect(yield* inEmptyLog(inTwo), `cut after line ${index + 1}`).toEqual(whole)
        }
      }),
    600_000,
  )

  it.effect("that has become shorter, or other, since an import is refused, and nothing is stored", () =>
    inEmptyLog(
      Effect.gen(function* () {
        yield* taken(file)
        const before = (yield* events).length
        const shorter = `${lines.slice(0, -2).join("\n")}\n`
        expect(yield* Effect.flip(taken(file, shorter))).toMatchObject({ _tag: "RecordingChanged", how: "shorter" })
        const changed = lines.with(-2, lines.at(-3) ?? "").join("\n")
        expect(yield* Effect.flip(taken(file, `${changed}\n{}\n`))).toMatchObject({
          how: "rewritten",
          line: lines.length,
        })
        expect(yield* events).toHaveLength(before)
      }),
    ),
  )

  it.effect("keeps lines of types that it does not know, wherever they stand", () =>
    inEmptyLog(
      Effect.gen(function* () {
        const at = "2026-11-29T22:03:50.000Z"
        const unknown = (index: number) =>
          file.source === "claude"
            ? JSON.stringify({ type: "of-a-later-version", index, timestamp: at, sessionId: "s" })
            : JSON.stringify({ timestamp: at, type: "of_a_later_version", payload: { index } })
        const mixed = lines.flatMap((line, index) => (index === 0 ? [line] : [unknown(index), line]))
        const plain = yield* inEmptyLog(taken(file))
        const outcome = yield* taken(file, `${mixed.join("\n")}\n`)
        expect(outcome).toMatchObject({ lines: mixed.length, mapped: plain.mapped, unreadable: 0 })
        expect(outcome.kept).toBe(plain.kept + lines.length - 1)
        const kept = (yield* events).filter(({ payload }) => String(payload).includes("later"))
        expect(kept).toHaveLength(lines.length - 1)
      }),
    ),
  )

  it.effect("survives lines that are broken, huge, deep or no UTF-8", () =>
    inEmptyLog(
      Effect.gen(function* () {
        const deep = `{"type":"user","payload":${"[".repeat(5_000)}${"]".repeat(5_000)}}`
        const huge = JSON.stringify({
          type: "user",
          timestamp: "2026-11-29T22:03:50.000Z",
          payload: { text: "x".repeat(2_000_000) },
        })
        const bytes = Buffer.concat([
          ...lines.flatMap((line, index) => [
            Buffer.from(`${line}\n`),
            Buffer.from(index % 3 === 0 ? `${line.slice(0, line.length / 2)}\n` : ""),
          ]),
          Buffer.from(`${deep}\n${huge}\n[1]\nnull\n`),
          Buffer.from([0xff, 0xfe, 0x7b, 0x0a]),
        ])
        const outcome = yield* taken(file, bytes)
        expect(outcome.mapped + outcome.kept + outcome.unreadable).toBe(outcome.lines)
        expect(outcome.unreadable).toBeGreaterThan(lines.length / 3)
        const { thread } = yield* rows(outcome.threads[0]?.threadId ?? "")
        expect(thread.status).toBe("stopped")
      }),
    ),
  )
})
