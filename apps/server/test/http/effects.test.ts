/** The list of calls to agents: what became of each, by state and thread, page by page. */
import { describe, expect } from "@effect/vitest"
import { EffectView, pageOf } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { command, makeThread } from "./support/Managed.js"
import { sharing } from "./support/sharing.js"
import { callAs, callText, problemOfCall, testServer } from "./support/TestServer.js"

const EffectList = pageOf(EffectView)
const list = (query = "") => callAs(EffectList, `/v1/effects${query}`)

describe("effects", () => {
  sharing(testServer(), (test) => {
    test("are listed, newest first, with neither their texts nor their leases", () =>
      Effect.gen(function* () {
        const [one, two] = [yield* makeThread, yield* makeThread]
        for (const { threadId } of [one, two]) {
          yield* command("POST", `/v1/threads/${threadId}/messages`, { text: "a secret of the message" })
        }
        const { body: all } = yield* list()
        expect(all.items.map(({ kind, threadId }) => [kind, threadId])).toEqual([
          ["turn.start", two.threadId],
          ["turn.start", one.threadId],
        ])
        expect(all.next).toBe(null)
        expect((yield* callText("/v1/effects")).text).not.toContain("a secret of the message")
        const { body: first } = yield* list("?limit=1")
        expect(first.items).toEqual(all.items.slice(0, 1))
        const { body: second } = yield* list(`?limit=1&cursor=${first.next}`)
        expect([second.items, second.next]).toEqual([all.items.slice(1), null])
        expect((yield* list("?order=asc")).body.items).toEqual(all.items.toReversed())

        const ofOne = yield* list(`?threadId=${one.threadId}`)
        expect(ofOne.body.items).toEqual(all.items.slice(1))
        const status = all.items[0]?.status ?? ""
        expect((yield* list(`?status=${status}`)).body.items.length).toBeGreaterThan(0)
        expect((yield* list("?status=uncertain,failed")).body.items).toEqual([])
      }))

    test("refuse a state that there is not, and a cursor of another list", () =>
      Effect.gen(function* () {
        expect(yield* problemOfCall("/v1/effects?status=lost")).toMatchObject({ status: 400, slug: "invalid-request" })
        expect(yield* problemOfCall("/v1/effects?cursor=abc")).toMatchObject({ status: 400, slug: "invalid-cursor" })
        expect(yield* problemOfCall("/v1/effects?limit=0")).toMatchObject({ status: 400, slug: "invalid-request" })
      }))
  })
})
