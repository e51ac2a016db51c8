import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import * as OpenApi from "@effect/platform/OpenApi"
import { afterAll, describe, expect, it } from "vitest"
import { Api } from "./Api.js"

/** What a program says that uses the types, and what it must not be able to say. */
const client = `
import type { components, paths } from "./api.mjs"

type Thread = components["schemas"]["Thread"]
type Turn = components["schemas"]["Turn"]
type Message = components["schemas"]["SendMessageBody"]
type Page = paths["/v1/threads"]["get"]["responses"]["200"]["content"]["application/json"]
type Refused = paths["/v1/threads/{threadId}/messages"]["post"]["responses"]["409"]["content"]["application/problem+json"]
type Query = NonNullable<paths["/v1/threads"]["get"]["parameters"]["query"]>
type Event = components["schemas"]["Event"]
type KnownEvent = components["schemas"]["KnownEvent"]
type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends {
  responses: { 200: { content: { "application/json": infer Body } } }
}
  ? Body
  : never
type Found = Answer<"/v1/search", "get">
type Sums = Answer<"/v1/usage", "get">
type Rows = Answer<"/v1/sql", "post">
type Inbox = Answer<"/v1/inbox", "get">
type Turns = Answer<"/v1/turns", "get">
type Items = Answer<"/v1/items", "get">
type Inferences = Answer<"/v1/inferences", "get">
type Subscription = Answer<"/v1/subscriptions/{name}", "put">
type Subscribed = Answer<"/v1/subscriptions/{name}/events", "get">
type Stream = paths["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]

export const title = ({ firstWords, threadId, title }: Thread): string => title ?? firstWords ?? threadId
export const waits = ({ items }: Page): readonly string[] =>
  items.flatMap((thread) => (thread.status === "waiting" ? [thread.threadId] : []))
export const tokens = ({ usage }: Turn): number => usage?.totalTokens ?? 0
export const message: Message = { text: "Hello", mode: "steer" }
export const next = ({ next }: Refused): string => next
export const query: Query = { limit: 10, status: "working", order: "asc" }
export const lines = (stream: Stream): readonly string[] => stream.split("\\n")

const isOf = <T extends KnownEvent["type"]>(event: Event, type: T): event is Extract<KnownEvent, { type: T }> =>
  event.type === type
export const turnMs = (event: Event): number => (isOf(event, "turn.completed") ? (event.payload.durationMs ?? 0) : 0)
export const said = (event: KnownEvent): string => (event.type === "content.delta" ? event.payload.delta : "")
export const nameOfType = ({ type }: Event): string => type

export const matched = ({ items }: Found): readonly string[] => items.map(({ threadId }) => threadId)
export const total = ({ total }: Sums): number => total.totalTokens ?? 0
export const cells = ({ rows }: Rows): readonly unknown[] => rows.flat()
export const badge = ({ counts }: Inbox): number => counts.total
export const failed = ({ items }: Turns): readonly string[] => items.map(({ turnId }) => turnId)
export const kinds = ({ items }: Items): readonly string[] => items.map(({ kind }) => kind)
export const called = ({ items }: Inferences): readonly string[] => items.map(({ inferenceId }) => inferenceId)
export const behind = ({ checkpoint, lag }: Subscription): number => checkpoint + lag.events
export const eventIds = ({ items }: Subscribed): readonly string[] => items.map(({ eventId }) => eventId)
export const filter: components["schemas"]["SubscriptionBody"] = { types: ["turn.completed"], after: 0 }
export const done: components["schemas"]["SubscriptionAck"] = { consumer: "worker", sequence: 7 }
export const statement: components["schemas"]["SqlBody"] = { sql: "SELECT * FROM v_turns", params: [1, null] }

// @ts-expect-error a consumer that is not named
export const wrongAck: components["schemas"]["SubscriptionAck"] = { sequence: 7 }
// @ts-expect-error a mode that there is not
export const wrongMode: Message = { text: "Hello", mode: "later" }
// @ts-expect-error a status that there is not
export const wrongStatus = (thread: Thread): boolean => thread.status === "asleep"
// @ts-expect-error a field that there is not
export const wrongField = (turn: Turn): unknown => turn.colour
// @ts-expect-error a payload of another type
export const wrongPayload = (event: Event): unknown => (isOf(event, "turn.started") ? event.payload.delta : null)
`

const folder = mkdtempSync(join(tmpdir(), "threadfold-generated-"))
afterAll(() => rmSync(folder, { recursive: true }))

const { resolve } = createRequire(import.meta.url)

/** Runs a program of a dependency in a process of its own, because it computes for seconds; its output, whatever its exit code. */
const run = (name: string, program: string, ...args: readonly string[]): Promise<string> =>
  promisify(execFile)(process.execPath, [join(dirname(resolve(`${name}/package.json`)), program), ...args], {
    cwd: folder,
    // The types of the whole API are longer than what is kept by default, and a part of them does not compile.
    maxBuffer: 64 * 1024 * 1024,
  }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { readonly stdout: string }) => stdout,
  )

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

const compilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: "ES2022",
  lib: ["ES2022"],
  module: "NodeNext",
  types: [],
}

interface Answered {
  readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema?: object } } }
}

describe("a client that is generated from the OpenAPI document", () => {
  it("gets a named and described type for every answer and body that is JSON", () => {
    const { components, paths } = OpenApi.fromApi(Api)
    const nameless: string[] = []
    const look = (place: string, schema: object | undefined) => {
      const reference = schema !== undefined && "$ref" in schema ? String(schema.$ref) : ""
      const named: object | undefined = Reflect.get(components.schemas, reference.replace("#/components/schemas/", ""))
      if (named === undefined || !("description" in named)) nameless.push(place)
    }
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const responses: Answered = operation.responses
        for (const [status, { content = {} }] of Object.entries(responses)) {
          const json = content["application/json"]
          if (json !== undefined) look(`${method} ${path} ${status}`, json.schema)
        }
        const body = operation.requestBody?.content["application/json"]
        if (body !== undefined) look(`${method} ${path}`, body.schema)
      }
    }
    expect(nameless).toEqual([])
  })

  it("has named types with what each field means, and a program with them compiles", async () => {
    write("openapi.json", JSON.stringify(OpenApi.fromApi(Api)))
    const types = await run("openapi-typescript", "bin/cli.js", "openapi.json")
    expect(types).toMatch(/@description Display name; null: it has none[^*]*\*\/\s*title: string \| null;/)
    expect(types).toMatch(/status: components\["schemas"\]\["ThreadStatus"\];/)
    write("api.mts", types)
    write("client.mts", client)
    write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["client.mts"] }))
    expect(await run("typescript", "bin/tsc", "--project", ".")).toBe("")
  })
})
