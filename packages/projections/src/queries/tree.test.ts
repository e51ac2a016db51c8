/** The tree of a thread: what each of the threads that it spawned does, has used and said last. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { putRow } from "../testing/fixtures.js"
import { withQueries } from "../testing/queryDatabase.js"
import { Projections } from "./Projections.js"

const row = (threadId: string, more: object = {}) => putRow("threads", { threadId, status: "working", ...more })
const item = (threadId: string, ordinal: number, more: object) =>
  putRow("items", {
    itemId: `${threadId}-${ordinal}`,
    threadId,
    ordinal,
    kind: "agent_message",
    status: "completed",
    hasFinal: 1,
    cause: "provider",
    evidence: "observed",
    endedAt: ordinal,
    ...more,
  })

describe("the tree of a thread", () => {
  it.effect("has each child with its state, its tokens and its last word, a parent before its children", () =>
    withQueries(
      ({ store }) =>
        store.apply([
          row("a"),
          row("b", { parentThreadId: "a", status: "waiting", title: "B" }),
          row("c", { parentThreadId: "b" }),
          row("d", { parentThreadId: "a" }),
          row("gone", { parentThreadId: "a", deletedAt: 1 }),
          row("other"),
          // A link that a damaged log could make.
          row("x", { parentThreadId: "y" }),
          row("y", { parentThreadId: "x" }),
          putRow("usage", {
            threadId: "b",
            inputTokens: 20,
            outputTokens: 2,
            last: { inputTokens: 7, outputTokens: 1 },
          }),
          item("b", 1, { text: "first" }),
          item("b", 2, { text: `last ${"é".repeat(2_000)}` }),
          item("b", 3, { kind: "command", text: "output" }),
          item("c", 1, {
            status: "open",
            cause: null,
            evidence: null,
            hasFinal: 0,
            text: null,
            endedAt: null,
            startedAt: 5,
          }),
          putRow("item_chunks", { itemId: "c-1", ordinal: 0, threadId: "c", part: 0, text: "it streams" }),
        ]),
      () =>
        Effect.gen(function* () {
          const { threadTree } = yield* Projections
          const { items, more } = yield* threadTree("a")
          expect(items.map(({ depth, parentThreadId, threadId }) => [threadId, parentThreadId, depth])).toEqual([
            ["a", null, 0],
            ["b", "a", 1],
            ["c", "b", 2],
            ["d", "a", 1],
          ])
          expect(more).toBe(false)
          const [, b, c, d] = items
          expect(b).toMatchObject({ status: "waiting", title: "B", usage: { inputTokens: 20 }, context: { used: 8 } })
          expect(b?.lastWord).toMatchObject({ itemId: "b-2", at: 2 })
          expect(b?.lastWord?.text.startsWith("last éé")).toBe(true)
          expect(Buffer.byteLength(b?.lastWord?.text ?? "")).toBeLessThanOrEqual(1_024)
          expect(c?.lastWord).toEqual({ itemId: "c-1", turnId: null, text: "it streams", at: 5 })
          expect(d?.lastWord).toBeNull()
          const cut = yield* threadTree("a", 2)
          expect([cut.items.length, cut.more]).toEqual([2, true])
          expect((yield* threadTree("other")).items).toHaveLength(1)
          expect((yield* threadTree("x")).items.map(({ threadId }) => threadId)).toEqual(["x", "y"])
        }),
    ),
  )
})
