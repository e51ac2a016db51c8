/** Choices of model, effort, mode and sandbox over HTTP, held against what the agent offers. */
import { describe, expect } from "@effect/vitest"
import { ThreadSnapshot } from "@threadfold/contracts"
import { Effect } from "effect"
import { command, makeThread } from "./support/Managed.js"
import { sharing } from "./support/sharing.js"
import { callAs, problemOfCall, published, testServer } from "./support/TestServer.js"

const json = (method: string, body: object): RequestInit => ({
  method,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
})

describe("what a client chooses for a thread", () => {
  sharing(testServer(), (test) => {
    test("choices that the agent does not offer: refused by name, and nothing is changed", () =>
      Effect.gen(function* () {
        const { threadId } = yield* makeThread
        const path = `/v1/threads/${threadId}/configure`
        const before = yield* published
        const refused = (body: object) => problemOfCall(path, json("POST", body))
        expect(yield* refused({ mode: "never" })).toMatchObject({ status: 409, slug: "unsupported" })
        const effort = yield* refused({ model: "other", effort: "extreme" })
        expect(effort).toMatchObject({ status: 400, slug: "value-not-offered" })
        expect(effort.detail).toContain("It offers: low, high.")
        expect(yield* published).toBe(before)
        yield* command("POST", path, { model: "other", effort: "low", sandbox: "tight" })
        const { thread } = (yield* callAs(ThreadSnapshot, `/v1/threads/${threadId}`)).body
        expect(thread).toMatchObject({ model: "other", settings: { effort: "low", sandbox: "tight" } })
      }))
  })
})
