/** The configured agents over HTTP: what each can be asked to do, and what it says of itself. */
import { describe, expect } from "@effect/vitest"
import { AgentAccountState, AgentDetail, AgentList, AgentModels } from "@threadfold/contracts/api"
import { Effect, Schema } from "effect"
import { sharing } from "./support/sharing.js"
import { callAs, callText, problemOfCall, testServer } from "./support/TestServer.js"

describe("agents", () => {
  sharing(testServer(), (test) => {
    test("by name, without what their configuration holds", () =>
      Effect.gen(function* () {
        const { body, status, text } = yield* Effect.map(callText("/v1/agents"), (answer) => ({
          ...answer,
          body: Schema.decodeUnknownSync(Schema.parseJson(AgentList))(answer.text),
        }))
        expect(status).toBe(200)
        expect(body.items).toMatchObject([{ name: "tester", kind: "test", model: "test-model" }])
        expect(body.items[0]?.capabilities).toMatchObject({ steer: true, "resume-thread": false })
        expect(text).not.toContain("secret")
      }))

    test("one: what it can be asked to do, and nothing of an installation where the server does not look", () =>
      Effect.gen(function* () {
        const { body } = yield* callAs(AgentDetail, "/v1/agents/tester")
        expect(body).toMatchObject({ name: "tester", kind: "test", model: "test-model", running: false })
        expect(body).toMatchObject({ installation: null, signedIn: null, capabilities: { configure: true } })
        expect(yield* problemOfCall("/v1/agents/nobody")).toMatchObject({ status: 404, slug: "agent-not-found" })
      }))

    test("lists: empty and without a time before the agent was asked, which takes a start that is asked for", () =>
      Effect.gen(function* () {
        const models = yield* callAs(AgentModels, "/v1/agents/tester/models")
        expect([models.status, models.body]).toEqual([200, { agent: "tester", asOf: null, items: [], omitted: 0 }])
        const { body } = yield* callAs(AgentAccountState, "/v1/agents/tester/account?refresh=false")
        expect(body).toEqual({ agent: "tester", asOf: null, account: null })
        const failed = yield* problemOfCall("/v1/agents/tester/models?refresh=true")
        expect(failed).toMatchObject({ status: 502, slug: "agent-failed" })
      }))

    test("logins: none was started, and the agent cannot be started for one", () =>
      Effect.gen(function* () {
        const path = "/v1/agents/tester/login"
        expect(yield* problemOfCall(path)).toMatchObject({ status: 404, slug: "resource-not-found" })
        expect(yield* problemOfCall(path, { method: "DELETE" })).toMatchObject({ status: 404 })
        const post = (body: string) =>
          problemOfCall(path, { method: "POST", headers: { "content-type": "application/json" }, body })
        expect(yield* post('{"way":"key"}')).toMatchObject({ status: 502, slug: "agent-failed" })
        expect(yield* post("{}")).toMatchObject({ status: 400, slug: "invalid-request" })
      }))

    test("lists: refused by name where the agent has none, where there is no such agent, and without the token", () =>
      Effect.gen(function* () {
        const refusal = (path: string) => Effect.map(problemOfCall(path), ({ slug, status }) => [status, slug])
        expect(yield* refusal("/v1/agents/tester/skills")).toEqual([409, "unsupported"])
        expect(yield* refusal("/v1/agents/nobody/models")).toEqual([404, "agent-not-found"])
        expect(yield* refusal("/v1/agents/tester/models?refresh=perhaps")).toEqual([400, "invalid-request"])
        const foreign = yield* problemOfCall("/v1/agents/tester/account", { headers: { authorization: "" } })
        expect(foreign.status).toBe(401)
      }))
  })
})
