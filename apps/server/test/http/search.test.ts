/** Searches over what was said and done, and tokens added up. */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { UsageSums } from "@threadfold/contracts"
import { PurgeView, SearchPage } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { attach, call, callAs, callSession, problemOfCall, push, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)
const day = 86_400_000
const at = Date.UTC(2026, 0, 5, 12)

const line = (seq: number, type: string, payload: object, native: object = {}) =>
  ({ type, channel: "adapter:test", seq, at: at + seq, native, payload }) as const

const filled = Effect.gen(function* () {
  const { body } = yield* attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 })
  const item = (seq: number, itemId: string, kind: string, more: object) =>
    line(seq, "item.completed", { kind, status: "completed", ...more }, { turnId: "t1", itemId })
  yield* push(session, [
    line(1, "turn.started", {}, { turnId: "t1" }),
    item(2, "i1", "user_message", { text: "Mend the Gärtner module" }),
    item(3, "i2", "command", { title: "npm run build", text: "error: zucchini is not defined" }),
    line(4, "item.started", { kind: "agent_message" }, { turnId: "t1", itemId: "i3" }),
    line(5, "content.delta", { stream: "text", delta: "the aubergine " }, { turnId: "t1", itemId: "i3" }),
    line(
      6,
      "turn.completed",
      { outcome: "completed", usage: { inputTokens: 100, outputTokens: 10 } },
      { turnId: "t1" },
    ),
  ])
  return body.threadId
})

const search = (query: string) => Effect.map(callAs(SearchPage, `/v1/search?${query}`), ({ body }) => body)
const anyUsage = (query: string) => Effect.map(callAs(UsageSums, `/v1/usage?${query}`), ({ body }) => body)

describe("search", () => {
  it.live("finds words of titles and texts, with what matched, and says how far the index is", () =>
    Effect.gen(function* () {
      const threadId = yield* filled
      const page = yield* search("q=gartner")
      expect(page.watermark).toBe(page.sequence)
      expect(page.items).toMatchObject([
        { threadId, kind: "user_message", rewound: false, title: null, requestId: null },
      ])
      const { matches = [], text = "" } = page.items[0]?.text ?? {}
      expect(matches.map(({ from, to }) => text.slice(from, to))).toEqual(["Gärtner"])
      expect((yield* search("q=zucchini&kind=command")).items[0]?.title?.text).toBe("npm run build")
      expect((yield* search("q=zucchini&kind=plan,turn")).items).toEqual([])
      // The end of the turn has ended the item, and what was streamed is its text.
      expect((yield* search("q=auberg*")).items).toHaveLength(1)
      expect((yield* search(`q=module&threadId=${threadId}&provider=test&root=true`)).items.length).toBeGreaterThan(0)
      expect((yield* search("q=module&agent=codex")).items).toEqual([])
      expect((yield* search(`q=zucchini&to=${at}`)).items).toEqual([])
      // Each shows its own text, however many are found.
      const several = yield* search("q=mend OR zucchini OR auberg*")
      expect(several.items.map(({ kind, text }) => [kind, text?.text.trim()])).toEqual([
        ["agent_message", "the aubergine"],
        ["command", "error: zucchini is not defined"],
        ["user_message", "Mend the Gärtner module"],
      ])
      const first = yield* search("q=the OR npm OR mend&limit=1")
      const second = yield* search(`q=the OR npm OR mend&limit=1&cursor=${first.next}`)
      expect(second.items[0]?.itemId).not.toBe(first.items[0]?.itemId)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("takes any text, and refuses what is too much or nothing to find", () =>
    Effect.gen(function* () {
      yield* filled
      for (const q of [
        '"',
        "a AND",
        "NEAR(",
        "*",
        "%00",
        "%F0%9F%A6%8A",
        "a:b",
        "{x}",
        "'; DROP TABLE texts",
        "^a",
        "%22%22",
      ]) {
        expect([q, (yield* call(`/v1/search?q=${q}`)).status]).toEqual([q, 200])
      }
      for (const [query, said] of [
        [`q=${"x".repeat(10_000)}`, "1000 characters"],
        [`q=${"x+".repeat(40)}`, "32 words"],
        ["q=-x", "name a word"],
        ["", "q"],
        ["q=x&kind=comand", '"command"'],
      ] as const) {
        const problem = yield* problemOfCall(`/v1/search?${query}`)
        expect([problem.status, problem.slug]).toEqual([400, "invalid-request"])
        expect(problem.detail).toContain(said)
      }
      expect((yield* problemOfCall("/v1/search?q=x&cursor=nonsense")).slug).toBe("invalid-cursor")
    }).pipe(Effect.provide(testServer())),
  )
})

describe("tokens", () => {
  it.live("are added up by what is asked for", () =>
    Effect.gen(function* () {
      const threadId = yield* filled
      const none = yield* anyUsage("")
      expect(none).toMatchObject({
        items: [],
        more: false,
        total: { turns: 1, inputTokens: 100, outputTokens: 10, cost: null },
      })
      expect((yield* anyUsage("by=day,provider,thread")).items).toMatchObject([
        { day: "2026-01-05", provider: "test", threadId, model: null, turns: 1, inputTokens: 100 },
      ])
      expect((yield* anyUsage("by=day&utcOffset=-720")).items).toMatchObject([{ day: "2026-01-05" }])
      expect((yield* anyUsage("by=day&utcOffset=720")).items).toMatchObject([{ day: "2026-01-06" }])
      expect((yield* anyUsage(`from=${at + day}`)).total.turns).toBe(0)
      expect((yield* anyUsage("provider=codex")).total.turns).toBe(0)
      for (const query of ["by=week", "utcOffset=900", "utcOffset=x", "limit=1001"]) {
        expect((yield* problemOfCall(`/v1/usage?${query}`)).slug).toBe("invalid-request")
      }
    }).pipe(Effect.provide(testServer())),
  )
})

describe("a purge", () => {
  it.live("reaches the index: no file of it has the words any more", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const threadId = yield* filled
        yield* attach(sessionId(2), { provider: "test", nativeThreadId: "native-2", leaseMs: 600_000 })
        expect((yield* search("q=zucchini")).items).toHaveLength(1)
        const { tokenFile } = yield* HttpServer
        const directory = dirname(tokenFile)
        const holding = (words: string) =>
          readdirSync(directory).filter(
            (name) => name.startsWith("search.db") && readFileSync(join(directory, name)).includes(words),
          )
        expect(holding("zucchini").length).toBeGreaterThan(0)
        yield* callSession(session, "", "DELETE")
        expect((yield* call(`/v1/threads/${threadId}/purge`, { method: "POST" })).ok).toBe(true)
        const look = Effect.map(callAs(PurgeView, `/v1/threads/${threadId}/purge`), ({ body }) => body.status)
        yield* Effect.repeat(Effect.delay(look, "10 millis"), { until: (status) => status === "finished" })
        expect(holding("zucchini")).toEqual([])
        expect((yield* search("q=zucchini")).items).toEqual([])
        expect(holding("zucchini")).toEqual([])
      }),
    ).pipe(Effect.provide(testServer())),
  )
})
