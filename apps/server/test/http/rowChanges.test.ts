/** Rows for programs that keep a copy: the snapshot, the stream of changes, and the client that folds events itself. */
import { describe, expect, it } from "@effect/vitest"
import { connect, stateOf, viewOf } from "@threadfold/client"
import { isTableName } from "@threadfold/contracts"
import { type RowChange, RowChanges, RowsSnapshot, StreamReset, ThreadPage } from "@threadfold/contracts/api"
import { keyOf, layout, layouts } from "@threadfold/core/model"
import { Effect, Schema } from "effect"
import { HttpServer } from "../../src/http/index.js"
import { type Block, openStream } from "./support/Sse.js"
import { attach, callAs, callText, notices, problemOfCall, push, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)
const opened = Effect.map(
  attach(session, { provider: "test", nativeThreadId: "native-1", leaseMs: 600_000 }),
  ({ body }) => body.threadId,
)

interface Said {
  readonly type: string
  readonly native?: object
  readonly payload?: object
}

/** What an adapter pushes, from a number on. */
const lines = (from: number, said: readonly Said[]) =>
  said.map(({ native = {}, payload = {}, type }, index) => ({
    type,
    channel: "adapter:test",
    seq: from + index,
    at: 1_700_000_000_000 + from + index,
    native,
    payload,
  }))

/** A turn of one message that streams, and then has its final text. */
const turn = (n: number): readonly Said[] => {
  const native = { turnId: `turn-${n}` }
  const ofItem = { ...native, itemId: `item-${n}` }
  const piece = (delta: string) => ({ type: "content.delta", native: ofItem, payload: { stream: "text", delta } })
  return [
    { type: "turn.started", native },
    { type: "item.started", native: ofItem, payload: { kind: "agent_message" } },
    piece("Good "),
    piece("morning"),
    {
      type: "item.completed",
      native: ofItem,
      payload: { kind: "agent_message", status: "completed", text: "Good morning." },
    },
    {
      type: "request.opened",
      native: { ...native, requestId: String(n) },
      payload: { kind: "command_approval", title: "May I?" },
    },
    { type: "request.resolved", native: { requestId: String(n) }, payload: { decision: "accept" } },
    { type: "turn.completed", native, payload: { outcome: "completed" } },
  ]
}

/** A program's copy of rows: table and key → row. */
class Copy {
  readonly rows = new Map<string, unknown>()

  read(snapshot: RowsSnapshot): this {
    this.rows.clear()
    for (const [table, of] of layouts) {
      for (const row of snapshot.rows[table] ?? []) this.rows.set(JSON.stringify([table, ...keyOf(of, row)]), row)
    }
    return this
  }

  apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      const text = JSON.stringify([change.table, ...change.key])
      if ("row" in change) this.rows.set(text, change.row)
      else if (!isTableName(change.table)) throw new Error(`a table of the name ${change.table}`)
      else if (change.key.length === layout(change.table).key.length) this.rows.delete(text)
      else for (const key of [...this.rows.keys()]) if (key.startsWith(`${text.slice(0, -1)},`)) this.rows.delete(key)
    }
  }
}

const decode = Schema.decodeUnknownSync(Schema.parseJson(RowChanges))
const snapshotOf = (threadId: string, query = "") =>
  Effect.map(callAs(RowsSnapshot, `/v1/threads/${threadId}/snapshot${query}`), ({ body }) => body)

/** Carries out changes until everything up to a sequence came; gives the blocks. */
const upTo = (
  stream: { readonly next: Effect.Effect<Block | null> },
  copy: Copy,
  sequence: number,
): Effect.Effect<readonly Block[]> =>
  Effect.gen(function* () {
    const seen: Block[] = []
    for (;;) {
      const block = yield* stream.next
      if (block === null) throw new Error("the stream ended")
      seen.push(block)
      if (block.event !== "changes") continue
      const said = decode(block.data)
      copy.apply(said.changes)
      if (said.sequence >= sequence) return seen
    }
  })

describe("the snapshot of a thread's rows", () => {
  it.live("is of one moment, has its tag, and holds no more than was asked for", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      for (const n of [1, 2, 3, 4, 5, 6, 7]) yield* push(session, lines(1 + 8 * (n - 1), turn(n)))
      const path = `/v1/threads/${threadId}/snapshot`
      const { body, headers } = yield* callAs(RowsSnapshot, `${path}?limit=2`)
      expect(headers.get("sequence")).toBe(String(body.sequence))
      expect(body.cursor.endsWith(`.${body.sequence}`)).toBe(true)
      expect(["threads", "sessions", "turns", "items", "requests"].map((table) => body.rows[table]?.length)).toEqual([
        1, 1, 2, 2, 2,
      ])
      expect(Object.keys(body.rest)).toEqual(expect.arrayContaining(["turns", "items", "requests"]))
      expect(body.more.turns).not.toBeNull()
      const again = yield* callText(`${path}?limit=2`, { headers: { "if-none-match": headers.get("etag") ?? "" } })
      expect([again.status, again.text]).toEqual([304, ""])
      const all = yield* snapshotOf(threadId)
      expect(Object.keys(all.rest).filter((table) => all.rest[table] !== null)).toEqual([])
      const { body: page } = yield* callAs(ThreadPage, `/v1/threads/${threadId}`)
      const { more: _, ...shown } = page
      expect(JSON.parse(JSON.stringify(viewOf(stateOf(all))))).toEqual(JSON.parse(JSON.stringify(shown)))
      expect((yield* problemOfCall(`/v1/threads/${sessionId(404)}/snapshot`)).slug).toBe("thread-not-found")
      expect((yield* problemOfCall(`${path}?limit=0`)).slug).toBe("invalid-request")
    }).pipe(Effect.provide(testServer())),
  )
})

describe("the stream of changed rows", () => {
  it.live("keeps a copy of the rows right, deletions included, and goes on after its last id", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      const path = `/v1/threads/${threadId}/changes`
      const copy = new Copy()
      const first = yield* openStream(path)
      expect((yield* first.next)?.event).toBe("synced")
      copy.read(yield* snapshotOf(threadId))
      // What streams is told piece by piece, and its chunks go with the final text.
      const said = turn(1)
      yield* push(session, lines(1, said.slice(0, 4)))
      let now = yield* snapshotOf(threadId)
      const streaming = yield* upTo(first, copy, now.sequence)
      expect(copy.rows).toEqual(new Copy().read(now).rows)
      expect([...copy.rows.keys()].filter((key) => key.startsWith('["item_chunks"'))).toHaveLength(1)
      yield* push(session, lines(5, said.slice(4)))
      now = yield* snapshotOf(threadId)
      const blocks = yield* upTo(first, copy, now.sequence)
      expect(copy.rows).toEqual(new Copy().read(now).rows)
      expect([...streaming, ...blocks].every(({ id }) => id?.includes(".") === true)).toBe(true)
      yield* first.close
      // While it is away, more comes.
      yield* push(session, lines(9, turn(2)))
      const last = blocks.at(-1)?.id ?? ""
      const second = yield* openStream(path, { "last-event-id": last })
      now = yield* snapshotOf(threadId)
      const missed = yield* upTo(second, copy, now.sequence)
      expect(missed.map(({ event }) => event)).not.toContain("reset")
      expect(copy.rows).toEqual(new Copy().read(now).rows)
    }).pipe(Effect.scoped, Effect.provide(testServer())),
  )

  it.live("tells who comes too late, of another log or of the future, to read the snapshot again", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      yield* push(session, lines(1, turn(1)))
      const { cursor, sequence } = yield* snapshotOf(threadId)
      const resetOf = (after: string, path = `/v1/threads/${threadId}/changes`) =>
        Effect.scoped(
          Effect.gen(function* () {
            const stream = yield* openStream(`${path}?after=${after}`)
            const blocks = yield* stream.until("synced")
            const reset = blocks.find(({ event }) => event === "reset")
            return reset === undefined ? null : Schema.decodeUnknownSync(Schema.parseJson(StreamReset))(reset.data)
          }),
        )
      // Nobody watched: what changed before cannot be told. A thread that is as it was has missed nothing.
      expect(yield* resetOf("1")).toMatchObject({
        reason: "past",
        snapshot: `/v1/threads/${threadId}/snapshot`,
        cursor,
      })
      expect(yield* resetOf(cursor)).toBeNull()
      expect(yield* resetOf("1", "/v1/changes")).toMatchObject({ reason: "past", snapshot: "/v1/threads" })
      expect(yield* resetOf(String(sequence + 10))).toMatchObject({ reason: "future" })
      expect(yield* resetOf(`another.${sequence}`)).toMatchObject({ reason: "other-log" })
      expect(
        (yield* problemOfCall(`/v1/changes?after=nonsense`, { headers: { accept: "text/event-stream" } })).slug,
      ).toBe("invalid-cursor")
      expect((yield* problemOfCall("/v1/changes")).slug).toBe("invalid-request")
      const missing = yield* problemOfCall(`/v1/threads/${sessionId(404)}/changes`, {
        headers: { accept: "text/event-stream" },
      })
      expect(missing.slug).toBe("thread-not-found")
    }).pipe(Effect.provide(testServer())),
  )

  it.live("gives up what no ring holds: a stream that is resumed behind it begins anew", () =>
    Effect.gen(function* () {
      const threadId = yield* opened
      const stream = yield* openStream("/v1/changes")
      expect((yield* stream.next)?.event).toBe("synced")
      const { cursor } = yield* snapshotOf(threadId)
      const copy = new Copy()
      for (const n of [1, 2, 3]) yield* push(session, notices(n, n))
      const { sequence } = yield* snapshotOf(threadId)
      yield* upTo(stream, copy, sequence)
      const late = yield* openStream(`/v1/threads/${threadId}/changes`, { "last-event-id": cursor })
      expect((yield* late.until("synced")).map(({ event }) => event)).toEqual(["reset", "synced"])
    }).pipe(Effect.scoped, Effect.provide(testServer({ limits: { stream: { ringEvents: 1 } } }))),
  )
})

describe("the client", () => {
  it.live("follows a thread by the reducer to what the server shows", () =>
    Effect.gen(function* () {
      const server = yield* HttpServer
      const threadId = yield* opened
      yield* push(session, lines(1, turn(1)))
      const client = connect(server)
      const states = client.followThread(threadId, { limit: 5 })[Symbol.asyncIterator]()
      const next = Effect.promise(() => states.next())
      let { value } = yield* next
      expect(value?.changes).toBeNull()
      yield* push(session, lines(9, turn(2)))
      const { sequence } = yield* snapshotOf(threadId)
      while (value !== undefined && value.state.sequence < sequence) value = (yield* next).value
      const { body } = yield* callAs(ThreadPage, `/v1/threads/${threadId}`)
      const { more: _, ...shown } = body
      expect(JSON.parse(JSON.stringify(viewOf(value.state)))).toEqual(JSON.parse(JSON.stringify(shown)))
      yield* Effect.promise(async () => states.return?.())
    }).pipe(Effect.provide(testServer())),
  )
})
