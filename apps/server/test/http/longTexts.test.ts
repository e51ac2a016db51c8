/** Long texts: they never ride along whole, and every one of them can be read whole, by range. */
import { describe, expect, it } from "@effect/vitest"
import { connect, stateOf, viewOf } from "@threadfold/client"
import {
  type Cut,
  Inbox,
  ItemDetail,
  longestPageBytes,
  longestTextBytes,
  TextRange,
  Truncated,
} from "@threadfold/contracts"
import { EventPage, pageOf, RowChanges, RowsSnapshot, ThreadPage } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { openRemoteReader } from "../../src/offline/RemoteReader.js"
import { openStream } from "./support/Sse.js"
import {
  attachThread,
  call,
  callAs,
  callText,
  problemOfCall,
  push,
  says,
  sessionId,
  testServer,
} from "./support/TestServer.js"

const session = sessionId(1)
const opened = Effect.map(attachThread(1), ({ body }) => body.threadId)
const line = says()

/** Words of several bytes a character, each at another place. */
const words = (characters: number): string =>
  Array.from({ length: Math.ceil(characters / 8) }, (_, at) => `${String(at).padStart(5, "0")}é😀`).join("")

const long = words(250_000)
const inTurn = { turnId: "turn-1" }
const ofItem = (n: number) => ({ ...inTurn, itemId: `item-${n}` })
const completed = (n: number, payload: object) =>
  line("item.completed", ofItem(n), { kind: "command", status: "completed", ...payload })

/** Reads a text part by part, at odd offsets. */
const whole = (href: string, limit: number) =>
  Effect.gen(function* () {
    let text = ""
    let parts = 0
    for (let offset: number | null = 0; offset !== null; ) {
      const path: string = `${href}${href.includes("?") ? "&" : "?"}offset=${offset}&limit=${limit}`
      const { body } = yield* callAs(TextRange, path)
      expect(body.offset).toBe(offset)
      expect(Buffer.byteLength(body.text ?? "")).toBeLessThanOrEqual(limit)
      text += body.text ?? ""
      parts += 1
      offset = body.next
    }
    return { text, parts }
  })

const within = (text: string): void => expect(Buffer.byteLength(text)).toBeLessThanOrEqual(longestPageBytes)

const expectCut = (shown: string | null | undefined, cut: Cut | undefined, text: string): void => {
  expect(cut?.bytes).toBe(Buffer.byteLength(text))
  expect(text.startsWith(shown ?? "-")).toBe(true)
  expect(Buffer.byteLength(shown ?? "")).toBeLessThanOrEqual(longestTextBytes)
  expect((shown ?? "").isWellFormed()).toBe(true)
}

const cutOf = (row: { readonly [column: string]: unknown } | undefined): Truncated | null =>
  Schema.is(Truncated)(row?.truncated) ? row.truncated : null

describe("a text over 64 KiB", () => {
  it.live("is cut in lists, on the thread's page and in events, and is read by range", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      const changes = Array.from({ length: 30 }, (_, at) => ({ path: `src/${at}.ts`, diff: words(9_000) }))
      yield* push(session, [
        line("turn.started", inTurn),
        line("item.started", ofItem(1), { kind: "command" }),
        completed(1, { text: long, data: { changes } }),
        line("turn.diff.updated", inTurn, { diff: long }),
      ])
      const { text } = yield* callText(`/v1/threads/${threadId}/items`)
      within(text)
      const list = yield* callAs(pageOf(ItemDetail), "/v1/items")
      const [item] = list.body.items
      expectCut(item?.text, item?.truncated?.text, long)
      expect(item?.truncated?.text?.href).toBe(`/v1/items/${item?.itemId}/text`)
      // Of the JSON the structure rides along.
      expect(JSON.stringify(item?.data)).toContain('"path":"src/29.ts"')
      const page = yield* callAs(ThreadPage, `/v1/threads/${threadId}`)
      within((yield* callText(`/v1/threads/${threadId}`)).text)
      expectCut(page.body.items[0]?.text, page.body.items[0]?.truncated?.text, long)
      expectCut(page.body.turns[0]?.diff, page.body.turns[0]?.truncated?.diff, long)
      for (const limit of [65_536, 10_007]) {
        const read = yield* whole(item?.truncated?.text?.href ?? "", limit)
        expect(read.text).toBe(long)
        expect(read.parts).toBeGreaterThan(1)
      }
      expect((yield* whole(page.body.turns[0]?.truncated?.diff?.href ?? "", 65_536)).text).toBe(long)
      const data = yield* whole(item?.truncated?.data?.href ?? "", 65_536)
      expect(JSON.parse(data.text)).toMatchObject({ changes })
      const events = yield* callAs(EventPage, `/v1/threads/${threadId}/events?types=item.completed,turn.diff.updated`)
      expect(events.body.items).toHaveLength(2)
      for (const event of events.body.items) {
        const cut = event.truncated?.payload
        const payload = yield* whole(cut?.href ?? "", 65_536)
        expect(JSON.stringify(JSON.parse(payload.text))).toContain(long)
        expect(Buffer.byteLength(payload.text)).toBe(cut?.bytes)
      }
    }).pipe(Effect.provide(testServer())),
  )

  it.live("that streams is cut, and read to where it is", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      const delta = (text: string, part: object = {}) =>
        line("content.delta", ofItem(1), { stream: "output", delta: text, ...part })
      const pieces = Array.from({ length: 40 }, (_, at) => long.slice(at * 6_000, (at + 1) * 6_000))
      yield* push(session, [
        line("turn.started", inTurn),
        line("item.started", ofItem(1), { kind: "command" }),
        ...pieces.map((piece) => delta(piece)),
      ])
      const streamed = pieces.join("")
      const { body } = yield* callAs(pageOf(ItemDetail), "/v1/items")
      const [item] = body.items
      expect(streamed.startsWith(item?.text ?? "-")).toBe(true)
      expect(Buffer.byteLength(item?.text ?? "")).toBeLessThanOrEqual(longestTextBytes)
      const read = yield* whole(item?.truncated?.text?.href ?? "", 50_001)
      expect(read.text).toBe(streamed)
      const snapshot = yield* callText(`/v1/threads/${threadId}/snapshot`)
      within(snapshot.text)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("leaves a program that follows the thread with its beginning, and with the way to the rest", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      const { token, url } = yield* HttpServer
      const client = connect({ url, token })
      yield* push(session, [
        line("turn.started", inTurn),
        line("item.started", ofItem(1), { kind: "command" }),
        ...Array.from({ length: 30 }, () =>
          line("content.delta", ofItem(1), { stream: "output", delta: long.slice(0, 6_000) }),
        ),
      ])
      const states = client.followThread(threadId)[Symbol.asyncIterator]()
      const next = Effect.promise(() => states.next())
      const textOf = (state: Parameters<typeof viewOf>[0]) => viewOf(state)?.items[0]
      const first = yield* next
      expect(textOf(first.value.state)?.truncated?.text?.href).toContain("/v1/items/")
      const shown = textOf(first.value.state)?.text
      // More of the text is not held, and needs no other snapshot.
      yield* push(session, [line("content.delta", ofItem(1), { stream: "output", delta: "and so on" })])
      const second = yield* next
      expect(second.value.changes).not.toBeNull()
      expect(textOf(second.value.state)?.text).toBe(shown)
      yield* push(session, [completed(1, { text: long })])
      const third = yield* next
      // The event was too long to ride along.
      expect(third.value.changes).toBeNull()
      const item = textOf(third.value.state)
      expectCut(item?.text, item?.truncated?.text, long)
      let read = ""
      for (const part of yield* Effect.promise(async () => {
        const parts: string[] = []
        for await (const one of client.readText(item?.truncated?.text ?? { href: "" })) parts.push(one)
        return parts
      }))
        read += part
      expect(read).toBe(long)
      yield* Effect.promise(async () => states.return?.())
    }).pipe(Effect.provide(testServer())),
  )

  it.live("is whole for a tool that writes a thread out", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      yield* push(session, [
        line("turn.started", inTurn),
        completed(1, { text: long }),
        completed(2, { text: "short" }),
      ])
      const reader = yield* openRemoteReader(yield* HttpServer)
      const found = yield* reader.thread(threadId, true)
      expect(found.items.map(({ text }) => text)).toEqual([long, "short"])
      expect(JSON.stringify(found)).not.toContain('"truncated"')
      const shown = yield* reader.thread(threadId, false)
      expectCut(shown.items[0]?.text, shown.items[0]?.truncated?.text, long)
    }).pipe(Effect.provide(testServer())),
  )
})

describe("what is sent", () => {
  it.live("has no page and no event of a stream over 256 KiB, and every entry all the same", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      const stream = yield* openStream("/v1/events")
      const changes = yield* openStream(`/v1/threads/${threadId}/changes`)
      yield* changes.until("synced")
      yield* push(session, [line("turn.started", inTurn)])
      const count = 30
      for (let n = 1; n <= count; n++) {
        yield* push(session, [completed(n, { text: `${n} ${"\u0001".repeat(9_000)}${"x".repeat(20_000)}` })])
      }
      const wide = Array.from({ length: 12 }, (_, at) => completed(100 + at, { text: `${at}`.repeat(50_000) }))
      yield* push(session, wide)
      for (const path of ["/v1/items?limit=500", `/v1/threads/${threadId}/items?limit=500`, "/v1/events?limit=500"]) {
        const seen = new Set<string>()
        let pages = 0
        for (let cursor: string | null = ""; cursor !== null; pages++) {
          const page: string = cursor === "" ? path : `${path}&cursor=${encodeURIComponent(cursor)}`
          const { text } = yield* callText(page)
          within(text)
          const body: { readonly items: readonly { readonly itemId: string | null }[]; readonly next: string | null } =
            JSON.parse(text)
          for (const { itemId } of body.items) if (itemId !== null) seen.add(itemId)
          cursor = body.next
        }
        expect(pages).toBeGreaterThan(3)
        expect(seen.size, path).toBe(count + wide.length)
      }
      for (const path of ["", "/snapshot", "/items?limit=500", "/events?limit=500"]) {
        within((yield* callText(`/v1/threads/${threadId}${path}`)).text)
        within(
          (yield* callText(
            `/v1/threads/${threadId}${path}${path.includes("?") ? "&" : "?"}at=1000`.replace(
              "/events?limit=500&at=1000",
              "",
            ),
          )).text,
        )
      }
      const events = yield* stream.take(count + wide.length + 3)
      for (const { data } of events) within(data)
      const items = new Set<string>()
      for (let end = false; !end; ) {
        const block = yield* changes.next
        if (block === null) break
        within(block.data)
        const { changes: found, more } = Schema.decodeUnknownSync(Schema.parseJson(RowChanges))(block.data)
        // Only what ends a commit can be resumed from.
        expect(block.id === null).toBe(more === true)
        for (const change of found) if (change.table === "items") items.add(String(change.key[0]))
        end = items.size === count + wide.length && more !== true
      }
      expect(items.size).toBe(count + wide.length)
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )

  it.live("has no inbox over 256 KiB: an entry is one line", () =>
    Effect.gen(function* () {
      yield* opened
      const stream = yield* openStream("/v1/inbox")
      const asked = Array.from({ length: 90 }, (_, at) =>
        line(
          "request.opened",
          { ...inTurn, requestId: String(at) },
          { kind: "command_approval", title: "\u0001".repeat(9_000) },
        ),
      )
      yield* push(session, [line("turn.started", inTurn), ...asked])
      const { text } = yield* callText("/v1/inbox")
      within(text)
      const inbox = Schema.decodeUnknownSync(Schema.parseJson(Inbox))(text)
      expect([inbox.counts.request, inbox.more, inbox.items.length > 10]).toEqual([90, true, true])
      for (let total = 0; total < 90; ) {
        const block = yield* stream.next
        within(block?.data ?? "")
        if (block?.event === "inbox")
          total = Schema.decodeUnknownSync(Schema.parseJson(Inbox))(block?.data ?? "").counts.total
      }
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )

  it.live("is refused where no such text is, and stays whole at odd places", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      yield* push(session, [line("turn.started", inTurn), completed(1, { text: "a😀b" })])
      const { body } = yield* callAs(pageOf(ItemDetail), "/v1/items")
      const path = `/v1/items/${body.items[0]?.itemId}/text`
      const at = (query: string) => Effect.map(callAs(TextRange, `${path}?${query}`), ({ body }) => body)
      expect(yield* at("offset=3&limit=4")).toMatchObject({ offset: 1, text: "😀", next: 5, bytes: 6 })
      expect(yield* at("limit=4")).toMatchObject({ offset: 0, text: "a", next: 1 })
      expect(yield* at("offset=5")).toMatchObject({ text: "b", next: null })
      expect(yield* at("offset=99")).toMatchObject({ offset: 6, text: "", next: null })
      expect(yield* at("field=data")).toMatchObject({ mediaType: "application/json" })
      expect((yield* problemOfCall(`${path}?limit=3`)).slug).toBe("invalid-request")
      expect((yield* problemOfCall(`/v1/items/${sessionId(9)}/text`)).slug).toBe("resource-not-found")
      expect((yield* problemOfCall(`/v1/rows/turns/${sessionId(9)}/text?field=diff`)).slug).toBe("resource-not-found")
      expect((yield* problemOfCall(`/v1/rows/threads/${threadId}/text?field=nothing`)).slug).toBe("resource-not-found")
      expect((yield* problemOfCall("/v1/events/999/text")).slug).toBe("event-not-found")
      expect((yield* call(`/v1/threads/${threadId}/text`)).status).toBe(404)
    }).pipe(Effect.provide(testServer())),
  )

  it.live("tells a program without a reducer which rows are cut", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      yield* push(session, [line("turn.started", inTurn), completed(1, { text: long })])
      const { body } = yield* callAs(RowsSnapshot, `/v1/threads/${threadId}/snapshot`)
      const [row] = body.rows.items ?? []
      expect(cutOf(row)?.text).toMatchObject({ bytes: Buffer.byteLength(long) })
      expect(stateOf(body).rows.get("items", [String(row?.itemId)])).toMatchObject({ hasFinal: 1 })
    }).pipe(Effect.provide(testServer())),
  )
})
