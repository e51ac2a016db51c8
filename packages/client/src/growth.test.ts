import { createServer } from "node:http"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeThreadfold } from "./Threadfold.js"

const tomorrow = { aFieldOfTomorrow: { nested: [1, 2] } }

const receipt = { commandId: "c", threadId: "t", turnId: "u", messageId: null, sequence: 7, ...tomorrow }
const agent = {
  name: "codex",
  kind: "codex",
  model: null,
  capabilities: {
    "start-thread": true,
    "resume-thread": true,
    "send-turn": true,
    steer: true,
    interrupt: true,
    answer: true,
    configure: true,
    stop: true,
    images: true,
    mentions: true,
    skills: false,
    commands: false,
    rewind: true,
    restoreFiles: false,
    compact: true,
    review: true,
    stopTask: true,
    fork: true,
    unknown: ["images"],
    sharesConnection: true,
    lists: ["models"],
    configuration: {
      model: { taken: true, values: null },
      effort: { taken: true, values: ["low", "high"] },
      mode: { taken: true, values: null },
      sandbox: { taken: false, values: [] },
    },
    ...tomorrow,
  },
  ...tomorrow,
}

/** An agent as the first version listed it. */
const firstAgent = {
  name: "codex",
  kind: "codex",
  model: null,
  capabilities: {
    "start-thread": true,
    "resume-thread": true,
    "send-turn": true,
    steer: true,
    interrupt: true,
    answer: true,
    stop: true,
    sharesConnection: true,
  },
}

/** A server of another version, with this answer to each read. */
const serverWith = (items: readonly object[]) =>
  Effect.acquireRelease(
    Effect.async<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        const accepted = request.method === "POST"
        response.writeHead(accepted ? 202 : 200, { "content-type": "application/json", connection: "close" })
        response.end(JSON.stringify(accepted ? receipt : { items, ...tomorrow }))
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close),
  )

describe("answers that have grown", () => {
  it.scopedLive("are read without what this client does not know, receipts too", () =>
    Effect.gen(function* () {
      const { url } = yield* serverWith([agent])
      const threadfold = yield* makeThreadfold({ url, token: "token" })
      const { items } = yield* threadfold.call((api) => api.agents.list())
      const { aFieldOfTomorrow: _, ...known } = agent
      const { aFieldOfTomorrow: _capability, ...capabilities } = agent.capabilities
      expect(items).toEqual([{ ...known, capabilities }])
      const given = yield* threadfold.sendMessage("t", { text: "Hello" })
      expect(given).toEqual({ commandId: "c", threadId: "t", turnId: "u", messageId: null, sequence: 7 })
    }),
  )
})

describe("answers of an older server", () => {
  it.scopedLive("are read, and what it does not name its agents cannot do", () =>
    Effect.gen(function* () {
      const { url } = yield* serverWith([firstAgent])
      const threadfold = yield* makeThreadfold({ url, token: "token" })
      const { items } = yield* threadfold.call((api) => api.agents.list())
      const notTaken = { taken: false, values: [] }
      expect(items).toEqual([
        {
          ...firstAgent,
          capabilities: {
            ...firstAgent.capabilities,
            configure: false,
            images: false,
            mentions: false,
            skills: false,
            commands: false,
            rewind: false,
            restoreFiles: false,
            compact: false,
            review: false,
            stopTask: false,
            fork: false,
            unknown: [],
            lists: [],
            configuration: { model: notTaken, effort: notTaken, mode: notTaken, sandbox: notTaken },
          },
        },
      ])
    }),
  )
})
