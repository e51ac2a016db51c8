/** The size of answers: every `GET` of the API, about a thread of which every text and every list is long. */
import * as OpenApi from "@effect/platform/OpenApi"
import { describe, expect, it } from "@effect/vitest"
import { eventVersions, longestPageBytes, SubscriptionView } from "@threadfold/contracts"
import { Api, EventPage } from "@threadfold/contracts/api"
import { Effect, Layer, Schema } from "effect"
import { JobStarter } from "../../src/offline/runJob.js"
import { jobsHere } from "../cli/inProcess.js"
import { attachThread, callAs, callText, push, says, sessionId, testServer } from "./support/TestServer.js"

const session = sessionId(1)

/** A text whose every character but the first ones is six bytes of JSON. */
const long = (name: string, characters = 45_000): string => `${name} ${"\u0001".repeat(characters)}`

const inTurn = { turnId: "turn-1" }
const ofItem = (n: number) => ({ ...inTurn, itemId: `item-${n}` })
const many = (count: number, make: (n: number) => object): readonly object[] =>
  Array.from({ length: count }, (_, at) => make(at + 1))

/** Pushes that give a thread everything it can have, in sizes that no answer holds. */
const hugeThread = (): readonly (readonly object[])[] => {
  const line = says()
  const changes = many(100, (n) => ({ path: `src/${n}.ts`, diff: long("+", 500) }))
  const diff = many(100, (n) => ({ text: `--- a/${n}\n+++ b/${n}\n@@ -1 +1 @@\n+${long("+", 500)}\n` }))
  const opened = (kind: string) => (n: number) => {
    // One that is too long by itself; the others are together.
    const characters = n === 1 ? 10_000 : 1_000
    return line(
      "request.opened",
      { ...inTurn, requestId: `${kind}-${n}` },
      {
        kind,
        title: long("title", 4_000),
        choices: many(20, (at) => ({ decision: `d${at}`, label: long("label", characters / 20) })),
        questions: [{ id: "q", text: long("question", characters) }],
        data: { all: long("data", characters) },
      },
    )
  }
  const inference = (n: number) => ({ ...inTurn, inferenceId: `call-${n}` })
  return [
    [
      line(
        "session.configured",
        {},
        { model: long("model", 2_000), cwd: `/${long("cwd", 2_000)}`, sandbox: { all: long("sandbox") } },
      ),
      line("thread.metadata.updated", {}, { title: long("title", 5_000) }),
      line("turn.started", inTurn, { model: long("model", 500) }),
      line("turn.diff.updated", inTurn, { diff: diff.map((one) => Reflect.get(one, "text")).join("") }),
    ],
    [line("turn.plan.updated", inTurn, { steps: many(100, (n) => ({ step: long(`${n}`, 500), status: "pending" })) })],
    [line("turn.proposed.completed", inTurn, { text: long("plan") })],
    ...many(6, (n) =>
      line("item.completed", ofItem(n), { kind: "agent_message", status: "completed", text: long("word") }),
    ).map((one) => [one]),
    [
      line("item.completed", ofItem(20), {
        kind: "file_change",
        status: "declined",
        title: long("title", 5_000),
        text: long("told"),
        data: { changes },
      }),
    ],
    many(60, (n) => line("item.started", ofItem(100 + n), { kind: "command", title: long("title", 2_000) })),
    many(20, opened("command_approval")),
    many(20, opened("user_input")),
    many(40, (n) => line("task.started", { taskId: `task-${n}` }, { kind: "shell", title: long("title", 4_000) })),
    many(40, (n) => line("task.progress", { taskId: `task-${n}` }, { message: long("output", 1_500) })),
    ...many(30, (n) => ({ n })).map((_, at) => [
      line("inference.started", inference(at), { model: long("model", 2_000) }),
      line("inference.failed", inference(at), {
        error: long("error", 2_000),
        items: many(100, (item) => ({ key: `item-${item}`, item: { type: "message", text: "no" } })),
      }),
    ]),
    many(60, (n) => line("realtime.started", { realtimeId: `voice-${n}` }, { version: long("version", 1_000) })),
    many(60, (n) =>
      line("realtime.handoff", { realtimeId: "voice-60", handoffId: `${n}` }, { text: long("do", 1_000) }),
    ),
    // Of items that nothing has begun: anomalies.
    many(60, (n) => line("item.updated", { itemId: `nothing-${n}${"y".repeat(3_000)}` }, { title: "none" })),
  ]
}

/** The types with the longest names. */
const types = Object.keys(eventVersions).sort((a, b) => b.length - a.length)

/** Durable subscriptions with filters as long as they may be. */
const subscribe = Effect.forEach(
  Array.from({ length: 100 }, (_, at) => at),
  (at) =>
    callAs(SubscriptionView, `/v1/subscriptions/s${at}${"x".repeat(90)}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ threadId: "t".repeat(1_000), types: types.slice(0, 32), except: types.slice(0, 32) }),
    }),
)

const document = OpenApi.fromApi(Api)

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema: object
}

/** Every `GET`, with the parameters of its query. */
const reads = Object.entries(document.paths).flatMap(([path, { get }]) =>
  get === undefined
    ? []
    : [{ path, params: get.parameters.filter((one: Parameter) => one.in === "query") as readonly Parameter[] }],
)

/** Answers that are whole, as their routes say: the bytes that a client stored, and reports with an entry for each thread. */
const whole = new Set([
  "/v1/blobs/{hash}",
  "/v1/imports/{importId}",
  "/v1/projections",
  "/v1/projections/verify",
  "/v1/projections/check",
  "/v1/projections/rebuild",
])

/** Routes that are streams alone. */
const streams = new Set(["/v1/changes", "/v1/threads/{threadId}/changes"])

const IdsOfThread = Schema.Struct({
  turns: Schema.Array(Schema.Struct({ turnId: Schema.String })),
  items: Schema.Array(Schema.Struct({ itemId: Schema.String })),
  requests: Schema.Array(Schema.Struct({ requestId: Schema.String })),
  tasks: Schema.Array(Schema.Struct({ taskId: Schema.String })),
})

/** The values that the routes are asked with. */
const asked = (threadId: string) =>
  Effect.gen(function* () {
    const { body } = yield* callAs(IdsOfThread, `/v1/threads/${threadId}`)
    const [[turn], [item], [request], [task]] = [body.turns, body.items, body.requests, body.tasks]
    const events = yield* callAs(EventPage, `/v1/threads/${threadId}/events?types=turn.diff.updated`)
    const sequence = String(events.body.items[0]?.sequence)
    const { text } = yield* callText("/v1/stats")
    const head = String(JSON.parse(text).lastSequence)
    const path: Readonly<Record<string, string>> = {
      threadId,
      sequence,
      turnId: turn?.turnId ?? "",
      itemId: item?.itemId ?? "",
      requestId: request?.requestId ?? "",
      taskId: task?.taskId ?? "",
      sessionId: session,
      table: "turns",
      key: turn?.turnId ?? "",
      agent: "tester",
      name: `s1${"x".repeat(90)}`,
      commandId: sessionId(99),
      importId: sessionId(99),
    }
    /** Queries without which a route answers nothing, or little. Each is asked. */
    const queries: Readonly<Record<string, readonly string[]>> = {
      "/v1/threads/{threadId}/why": [
        "row=thread",
        "row=session",
        "row=session&field=sandbox",
        "row=usage",
        `row=turns/${turn?.turnId}`,
        `row=turns/${turn?.turnId}&field=diff`,
        `row=items/${item?.itemId}`,
        `row=requests/${request?.requestId}`,
        `event=${sequence}`,
      ],
      "/v1/threads/{threadId}/diff": [`from=3&to=${head}`, `from=3&to=${head}&after=50`],
      "/v1/threads/{threadId}/moment": [`turn=${turn?.turnId}`, `event=${sequence}`],
      "/v1/rows/{table}/{key}/text": ["field=diff"],
      "/v1/items/{itemId}/text": ["field=title", "field=data"],
      "/v1/search": ["q=word", "q=title"],
      "/v1/usage": ["by=day,agent,model,folder,provider,thread"],
      "/v1/stats": ["types=true&threads=true&gaps=true&skew=true&byType=true"],
      "/v1/events/{sequence}": ["native=true"],
      "/v1/events": ["native=true&types=turn.diff.updated"],
      "/v1/subscriptions/{name}/events": ["consumer=c"],
    }
    return { path, queries, head }
  })

/**
 * Routes of which nothing is there: no command, no replay, no login of an agent, no lists that it does not have. Lists of agents are kept
 * within a page where they are read (`boundedLists.ts`).
 */
const nothingThere: readonly string[] = [
  "/v1/commands/{commandId}",
  "/v1/agents/{agent}/commands",
  "/v1/agents/{agent}/skills",
  "/v1/agents/{agent}/mcp",
  "/v1/agents/{agent}/limits",
  "/v1/agents/{agent}/login",
  "/v1/replay",
]

/** Problems that are answers, too: there is nothing to show of these. */
const absent = new Set([404, 409])

describe("the size of answers", () => {
  it.live("is 256 KiB at most, for every GET that the API declares", () =>
    Effect.gen(function* () {
      const { body } = yield* attachThread(1)
      for (const lines of hugeThread()) yield* push(session, lines)
      yield* subscribe
      const { head, path, queries } = yield* asked(String(body.threadId))
      const answered: string[] = []
      const tooLong: string[] = []
      for (const route of reads) {
        if (whole.has(route.path) || streams.has(route.path)) continue
        const address = route.path.replace(/\{(\w+)\}/g, (_, name) => path[name] ?? `no value for ${name}`)
        const limit = route.params.find(({ name }) => name === "limit")
        const most = limit === undefined ? [] : [`limit=${Reflect.get(limit.schema, "maximum")}`]
        const at = route.params.some(({ name }) => name === "at") ? [`at=${head}`] : []
        for (const query of queries[route.path] ?? [""]) {
          const ways = queries[route.path] === undefined ? [[], most, at] : [most]
          const texts = ways.map((further) => [query, ...further].filter((part) => part !== "").join("&"))
          for (const text of new Set(texts)) {
            const call = text === "" ? address : `${address}?${text}`
            const { status, text: answer } = yield* callText(call)
            if (status !== 200 && !absent.has(status)) throw new Error(`${status} ${call}: ${answer}`)
            if (status === 200) answered.push(route.path)
            if (Buffer.byteLength(answer) > longestPageBytes) tooLong.push(`${call}: ${Buffer.byteLength(answer)}`)
          }
        }
      }
      expect(tooLong).toEqual([])
      const unanswered = reads.map(({ path }) => path).filter((one) => !answered.includes(one))
      expect(unanswered.filter((one) => !whole.has(one) && !streams.has(one))).toEqual([...nothingThere])
      const whatIf = yield* callText(`/v1/threads/${body.threadId}/whatif`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ edits: [{ op: "drop", sequence: Number(path.sequence) }] }),
      })
      expect([whatIf.status, Buffer.byteLength(whatIf.text) <= longestPageBytes]).toEqual([200, true])
    }).pipe(Effect.scoped, Effect.provide(Layer.provide(testServer(), Layer.succeed(JobStarter, jobsHere)))),
  )
})
