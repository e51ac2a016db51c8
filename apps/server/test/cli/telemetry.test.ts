/** The built program and a collector: what it sends where it is asked to, and that it sends nothing of its secrets. */
import { createServer } from "node:http"
import { join } from "node:path"
import { PageCode } from "@threadfold/contracts/api"
import { Schema } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { temporary, threadfold } from "./program.js"
import { type RunningServer, serve } from "./server.js"

interface Received {
  readonly path: string | undefined
  readonly key: string | undefined
  readonly body: string
}

interface Collector {
  readonly url: string
  readonly received: readonly Received[]
  /** Waits until a body with this text in it has arrived. */
  readonly until: (text: string) => Promise<void>
}

/** A collector on a loopback port. It keeps what it is sent. */
const collector = (): Promise<Collector> =>
  new Promise((resolve) => {
    const received: Received[] = []
    let heard = (): void => undefined
    const server = createServer((request, response) => {
      let body = ""
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text
      })
      request.on("end", () => {
        received.push({ path: request.url, key: request.headersDistinct["x-key"]?.join(), body })
        response.end("{}")
        heard()
      })
    })
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") throw new Error("no port")
      const until = async (text: string) => {
        while (!received.some(({ body }) => body.includes(text))) {
          await new Promise<void>((more) => {
            heard = more
          })
        }
      }
      resolve({ url: `http://127.0.0.1:${address.port}`, received, until })
    })
  })

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optional(Schema.String),
  name: Schema.String,
  attributes: Schema.Array(
    Schema.Struct({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Schema.Unknown }) }),
  ),
})
const Traces = Schema.parseJson(
  Schema.Struct({
    resourceSpans: Schema.Array(
      Schema.Struct({ scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) })) }),
    ),
  }),
)
const spansOf = (body: string) =>
  Schema.decodeUnknownSync(Traces)(body).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  )

const Threads = Schema.parseJson(Schema.Struct({ items: Schema.Array(Schema.Struct({ threadId: Schema.String })) }))

/** Archives the one thread of the example. */
const archive = async (server: RunningServer): Promise<string> => {
  const list = Schema.decodeUnknownSync(Threads)(await (await server.call("/v1/threads")).text())
  const threadId = list.items[0]?.threadId ?? ""
  const answer = await server.call(`/v1/threads/${threadId}/archive`, { method: "POST" })
  expect(answer.status).toBe(202)
  return threadId
}

/** A page opens a link, in vain: what is looked at is what the server tells of it. */
const openLink = async (server: RunningServer): Promise<string> => {
  const text = await (await server.call("/v1/page/codes", { method: "POST" })).text()
  const { code } = Schema.decodeUnknownSync(Schema.parseJson(PageCode))(text)
  await fetch(`${server.url}/v1/page/exchange`, {
    method: "POST",
    headers: { origin: server.url, "content-type": "application/json" },
    body: JSON.stringify({ code }),
  })
  return code
}

describe("serve with a collector", () => {
  it("sends the spans of a command, from the call to the submission, and metrics; no token", async () => {
    const { received, until, url } = await collector()
    const server = await serve(join(temporary(), "data"), ["--load-example"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20key",
    })
    const code = await openLink(server)
    const threadId = await archive(server)
    await until("threadfold.command")
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)

    expect(new Set(received.map(({ key, path }) => `${path} ${key}`))).toEqual(
      new Set(["/v1/traces a key", "/v1/metrics a key"]),
    )
    const spans = received.filter(({ path }) => path === "/v1/traces").flatMap(({ body }) => spansOf(body))
    const command = spans.find(({ name }) => name === "threadfold.command")
    expect(command?.attributes).toContainEqual({ key: "type", value: { stringValue: "thread.archive" } })
    expect(command?.attributes).toContainEqual({ key: "threadId", value: { stringValue: threadId } })
    const call = spans.find(({ spanId }) => spanId === command?.parentSpanId)
    expect(call?.name).toBe("http.server POST")
    const submit = spans.find(({ parentSpanId }) => parentSpanId === command?.spanId)
    expect([submit?.name, submit?.traceId]).toEqual(["threadfold.submit", command?.traceId])
    expect(spans.filter(({ name }) => !/^(threadfold\.|http\.server )/.test(name))).toEqual([])
    const metrics = received.filter(({ path }) => path === "/v1/metrics").map(({ body }) => body)
    expect(metrics.join()).toContain("threadfold_command_seconds")
    const all = received.map(({ body }) => body).join()
    expect(all).toContain("/v1/page/exchange")
    for (const secret of [server.token, code]) expect(all).not.toContain(secret)
  })

  it("goes on where the collector is gone", async () => {
    const server = await serve(join(temporary(), "data"), ["--load-example"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    })
    await archive(server)
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
  })

  it("says what an address must be, and not what it is", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://secret.example" }
    const run = await threadfold(["serve", "--data-dir", join(temporary(), "data")], { env })
    expect(run.code).toBe(3)
    expect(run.stderr).toContain("OTEL_EXPORTER_OTLP_ENDPOINT takes an address that begins with http")
    expect(run.stderr).not.toContain("secret")
  })
})

describe("serve without one", () => {
  it("has the same figures in /metrics", async () => {
    const server = await serve(join(temporary(), "data"), ["--load-example"])
    await archive(server)
    const text = await (await server.call("/metrics")).text()
    expect(text).toMatch(/^threadfold_command_seconds_count\{.*type="thread.archive".*\} 1$/m)
    expect(text).toMatch(/^threadfold_submit_seconds_count\{.*result="ok".*\} [1-9]/m)
    expect(text).toMatch(/^threadfold_http_request_seconds_count [1-9]/m)
    expect(text).toMatch(/^# TYPE threadfold_connect_seconds histogram$/m)
  })
})
