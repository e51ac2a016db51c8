/**
 * The page's worker, built for a browser and fed with pages of events over HTTP: at every event of a thread it gives what the server
 * gives for that moment.
 */
import { join } from "node:path"
import { createContext, runInContext } from "node:vm"
import { describe, expect, it } from "@effect/vitest"
import { MomentsDiff } from "@threadfold/contracts/api"
import { recording } from "@threadfold/testkit"
import { Effect, type Layer } from "effect"
import { build } from "esbuild"
import { callAs, callText, serverOn } from "../http/support/TestServer.js"
import { Library } from "../recordings/Library.js"

const bundle = async (): Promise<string> => {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(import.meta.dirname, "../../../inspector/src/worker/pastPart.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "past",
    platform: "browser",
    target: "es2022",
    conditions: ["source"],
    logLevel: "silent",
  })
  expect(warnings).toEqual([])
  return outputFiles[0]?.text ?? ""
}

const code = Effect.runSync(Effect.cached(Effect.promise(bundle)))

/** A worker of its own: what a page has, and nothing of Node. */
const worker = Effect.map(code, (text) => {
  const globals = { TextEncoder, TextDecoder, URL, URLSearchParams, AbortController, setTimeout, clearTimeout }
  const context = createContext(globals)
  runInContext(text, context)
  return (ask: object): ReturnType<typeof JSON.parse> => {
    Object.assign(context, { ask })
    return JSON.parse(runInContext("JSON.stringify(past.answer(ask))", context))
  }
})

const answerTo = (path: string) => Effect.map(callText(path), ({ text }) => JSON.parse(text))

/** Gives the worker all events of a thread, and returns their sequences. */
const feed = (ask: (ask: object) => ReturnType<typeof JSON.parse>, threadId: string, limit: number) =>
  Effect.gen(function* () {
    const sequences: number[] = []
    for (let after = 0; ; ) {
      const { text } = yield* callText(`/v1/threads/${threadId}/events?after=${after}&limit=${limit}`)
      const page: { readonly items: readonly { readonly sequence: number }[] } = JSON.parse(text)
      const last = page.items.at(-1)
      if (last === undefined) return sequences
      sequences.push(...page.items.map(({ sequence }) => sequence))
      const added = ask({ kind: "add", threadId, page: new TextEncoder().encode(text).buffer })
      if (added.cut.length > 0) {
        const payloads = []
        for (const { href, sequence } of added.cut) payloads.push({ sequence, payload: yield* wholeText(href) })
        expect(ask({ kind: "payloads", payloads }).last).toBe(last.sequence)
      } else expect(added.last).toBe(last.sequence)
      after = last.sequence
    }
  })

const wholeText = (href: string) =>
  Effect.gen(function* () {
    let text = ""
    for (let offset: number | null = 0; offset !== null; ) {
      const part: { readonly text: string; readonly next: number | null } = yield* answerTo(
        `${href}${href.includes("?") ? "&" : "?"}offset=${offset}`,
      )
      text += part.text
      offset = part.next
    }
    return text
  })

const withLibrary = <A, E, R>(
  names: readonly string[],
  body: (threadIds: readonly string[]) => Effect.Effect<A, E, R | Layer.Layer.Success<ReturnType<typeof serverOn>>>,
) =>
  Effect.acquireUseRelease(
    Effect.promise(async () => {
      const library = new Library()
      for (const name of names) await library.import([recording(name).path])
      return library
    }),
    (library) =>
      Effect.gen(function* () {
        const threadIds = library.look(({ driver }) =>
          driver
            .streams(null, 100)
            .filter((id) => driver.read({ streamId: id, limit: 100 }).some(({ type }) => type.startsWith("thread."))),
        )
        return yield* body(threadIds)
      }).pipe(Effect.provide(serverOn(library.directory))),
    (library) => Effect.sync(() => library.close()),
  )

describe("the past in the page's worker", () => {
  it.live.each([
    "codex-01-plain",
    "codex-04-approval-untrusted-cancel",
    "codex-11-interrupt-running-command",
    "codex-31-resume-after-kill",
    "codex-40-realtime-handoff-v2",
    "codex-50-revert",
  ])("is at every event of %s what the server says of that moment", (name) =>
    withLibrary([name], (threadIds) =>
      Effect.gen(function* () {
        let moments = 0
        for (const threadId of threadIds) {
          const ask = yield* worker
          const sequences = yield* feed(ask, threadId, 17)
          for (const sequence of sequences) {
            const { more, ...expected } = yield* answerTo(`/v1/threads/${threadId}?at=${sequence}&limit=500`)
            const { page } = ask({ kind: "thread", at: sequence, limit: 500 })
            expect(page).toEqual({
              ...expected,
              more: Object.fromEntries(Object.keys(more).map((list) => [list, null])),
            })
            moments += 1
          }
          // Also backwards, as a person drags.
          for (const sequence of sequences.toReversed().filter((_, index) => index % 7 === 0)) {
            const { more: _, ...expected } = yield* answerTo(`/v1/threads/${threadId}?at=${sequence}&limit=3`)
            const { more: __, ...page } = ask({ kind: "thread", at: sequence, limit: 3 }).page
            expect(page).toEqual(expected)
          }
        }
        expect(moments).toBeGreaterThan(20)
      }),
    ),
  )

  it.live("gives older entries page by page, what an event changed, and what differs between two moments", () =>
    withLibrary(["codex-50-revert"], ([threadId = ""]) =>
      Effect.gen(function* () {
        const ask = yield* worker
        const sequences = yield* feed(ask, threadId, 500)
        const at = sequences[Math.floor((sequences.length * 3) / 4)] ?? 0
        for (const list of ["turns", "items"] as const) {
          const { items: expected } = yield* answerTo(`/v1/threads/${threadId}/${list}?at=${at}&limit=500`)
          const newest = ask({ kind: "thread", at, limit: 2 }).page
          const found = [...newest[list]].reverse()
          for (let cursor = newest.more[list]; cursor !== null; ) {
            const { page } = ask({ kind: "list", list, at, cursor, limit: 3 })
            found.push(...page.items)
            cursor = page.next
          }
          expect(found).toEqual(expected)
        }
        let before: number | null = null
        let changed = 0
        for (const sequence of sequences) {
          const step = ask({ kind: "step", at: sequence })
          expect(step.event.sequence).toBe(sequence)
          if (before !== null) {
            const { body } = yield* callAs(MomentsDiff, `/v1/threads/${threadId}/diff?from=${before}&to=${sequence}`)
            const rows = JSON.parse(JSON.stringify(body.rows))
            expect(step.rows).toEqual(rows)
            expect(ask({ kind: "diff", from: before, to: sequence }).rows).toEqual(rows)
            changed += rows.length
          }
          before = sequence
        }
        expect(changed).toBeGreaterThan(0)
        const [first = 0] = sequences
        const { body } = yield* callAs(MomentsDiff, `/v1/threads/${threadId}/diff?from=${first}&to=${at}`)
        expect(ask({ kind: "diff", from: first, to: at }).rows).toEqual(JSON.parse(JSON.stringify(body.rows)))
        expect(ask({ kind: "timeline" }).violations).toEqual([])
      }),
    ),
  )
})
