/** Answers of the three protocols in every form in which servers write them: the bytes pass as they are, and say the same. */
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Answering, bodyOf, callModel, proxyFixture, upstream } from "./ProxyFixture.js"

interface Protocol {
  readonly path: string
  /** Events of an answer with one item, each with its name; empty: it has none. */
  readonly events: readonly (readonly [string, string])[]
  /** The same answer as one document. */
  readonly document: object
  /** An event that ends an answer with an error; with its name. */
  readonly failure: readonly [string, string]
}

/** Characters of two, three and four bytes, so that cuts fall into them. */
const text = "é€😀"
const named = (message: Readonly<Record<string, unknown>> & { readonly type: string }): readonly [string, string] => [
  message.type,
  JSON.stringify(message),
]
const unnamed = (message: object): readonly [string, string] => ["", JSON.stringify(message)]

const responsesItem = { type: "message", id: "msg_1", content: [{ type: "output_text", text }] }
const responsesUsage = { input_tokens: 1, output_tokens: 2 }
const chatUsage = { prompt_tokens: 1, completion_tokens: 2 }
const chunk = (delta: object, finish_reason: string | null = null) =>
  unnamed({ id: "r1", choices: [{ index: 0, delta, finish_reason }] })
const block = (type: string, more: object) => named({ type, index: 0, ...more })

const protocols: Readonly<Record<string, Protocol>> = {
  "Responses API": {
    path: "/responses",
    events: [
      named({ type: "response.created", response: { id: "r1" } }),
      named({ type: "response.output_text.delta", delta: text }),
      named({ type: "response.output_item.done", output_index: 0, item: responsesItem }),
      named({ type: "response.completed", response: { id: "r1", usage: responsesUsage } }),
    ],
    document: { id: "r1", status: "completed", output: [responsesItem], usage: responsesUsage },
    failure: named({ type: "error", message: "no more" }),
  },
  "Chat Completions": {
    path: "/chat/completions",
    events: [
      chunk({ role: "assistant", content: "é€" }),
      chunk({ content: "😀" }),
      chunk({}, "stop"),
      unnamed({ id: "r1", choices: [], usage: chatUsage }),
      ["", "[DONE]"],
    ],
    document: { id: "r1", choices: [{ message: { content: text }, finish_reason: "stop" }], usage: chatUsage },
    failure: unnamed({ error: { message: "no more" } }),
  },
  "Messages API": {
    path: "/messages",
    events: [
      named({ type: "message_start", message: { id: "r1", usage: { input_tokens: 1, output_tokens: 1 } } }),
      block("content_block_start", { content_block: { type: "text", text: "" } }),
      ["ping", '{"type":"ping"}'],
      block("content_block_delta", { delta: { type: "text_delta", text: "é€" } }),
      block("content_block_delta", { delta: { type: "text_delta", text: "😀" } }),
      block("content_block_stop", {}),
      named({ type: "message_delta", usage: { output_tokens: 2 } }),
      named({ type: "message_stop" }),
    ],
    document: { id: "r1", content: [{ type: "text", text }], usage: { input_tokens: 1, output_tokens: 2 } },
    failure: named({ type: "error", error: { message: "no more" } }),
  },
}

/** How an event is written. */
const written = (
  [event, data]: readonly [string, string],
  {
    eol = "\n",
    space = " ",
    names = true,
  }: { readonly eol?: string; readonly space?: string; readonly names?: boolean },
): string => `${event === "" || !names ? "" : `event:${space}${event}${eol}`}data:${space}${data}${eol}${eol}`

type Form = Parameters<typeof written>[1]
const streamOf = ({ events }: Protocol, form: Form = {}): string => events.map((one) => written(one, form)).join("")

const inPieces = (whole: Buffer, size: number): readonly Buffer[] =>
  Array.from({ length: Math.ceil(whole.length / size) }, (_, at) => whole.subarray(at * size, (at + 1) * size))

const sse = { "content-type": "text/event-stream; charset=utf-8" }
const json = { "content-type": "application/json" }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Writes a body piece by piece, each by itself. */
const piecemeal =
  (whole: Buffer, size: number, headers: OutgoingHttpHeaders, status = 200): Answering =>
  (_request, response) => {
    response.writeHead(status, headers)
    const write = async (): Promise<void> => {
      for (const piece of inPieces(whole, size)) {
        response.write(piece)
        await turn()
      }
      response.end()
    }
    void write()
  }

const whole =
  (body: Buffer, headers: OutgoingHttpHeaders, status = 200): Answering =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body)

interface Variant {
  readonly body: (protocol: Protocol) => Buffer
  readonly answers: (body: Buffer) => Answering
  /** What the attempt is like; one item with the text, unless set. */
  readonly attempt?: object
  readonly request?: OutgoingHttpHeaders
  readonly also?: (answer: IncomingMessage) => void
}

const streamed = (form: Form, answers = (body: Buffer) => whole(body, sse)): Variant => ({
  body: (protocol) => Buffer.from(streamOf(protocol, form)),
  answers,
})
const documentOf = ({ document }: Protocol): Buffer => Buffer.from(JSON.stringify(document))
const failed = (error: unknown) => ({ status: "failed", outputItems: 0, error })
const errorBody = (): Buffer => Buffer.from(JSON.stringify({ error: { message: "slow down" } }))

const variants: Readonly<Record<string, Variant>> = {
  "in one piece": streamed({}),
  "byte by byte": streamed({}, (body) => piecemeal(body, 1, sse)),
  "cut in characters and lines": streamed({}, (body) => piecemeal(body, 7, sse)),
  "without a space after the colon": streamed({ space: "" }),
  "lines that end with CR LF": streamed({ eol: "\r\n" }),
  "CR LF, cut between the two": streamed({ eol: "\r\n" }, (body) => piecemeal(body, 1, sse)),
  "lines that end with CR": streamed({ eol: "\r" }),
  "events without a name": streamed({ names: false }),
  "a byte order mark, comments, ids and times": {
    body: (protocol) =>
      Buffer.from(
        `\ufeff: hello\n\n${protocol.events.map((one) => `: c\nid: 1\nretry: 5\n${written(one, {})}`).join(":\n\n")}`,
      ),
    answers: (body) => piecemeal(body, 11, sse),
  },
  "a length that is known": {
    ...streamed({}),
    answers: (body) => whole(body, { ...sse, "content-length": body.length }),
  },
  gzip: {
    body: (protocol) => gzipSync(streamOf(protocol)),
    answers: (body) => piecemeal(body, 9, { ...sse, "content-encoding": "gzip" }),
  },
  deflate: {
    body: (protocol) => deflateSync(streamOf(protocol)),
    answers: (body) => whole(body, { ...sse, "content-encoding": "deflate" }),
  },
  brotli: {
    body: (protocol) => brotliCompressSync(streamOf(protocol)),
    answers: (body) => piecemeal(body, 9, { ...sse, "content-encoding": "BR" }),
  },
  "gzip that is none": {
    body: () => Buffer.from("no gzip"),
    answers: (body) => whole(body, { ...sse, "content-encoding": "gzip" }),
    attempt: { status: "completed", untraced: true },
  },
  "a document": { body: documentOf, answers: (body) => whole(body, json) },
  "a document, cut": { body: documentOf, answers: (body) => piecemeal(body, 3, json) },
  "a compressed document": {
    body: (protocol) => gzipSync(documentOf(protocol)),
    answers: (body) => whole(body, { ...json, "content-encoding": "gzip" }),
  },
  "an error": {
    body: errorBody,
    answers: (body) => whole(body, { ...json, "retry-after": "1" }, 429),
    attempt: failed("HTTP 429: slow down"),
    also: ({ headers }) => expect(headers["retry-after"]).toBe("1"),
  },
  "a compressed error": {
    body: () => gzipSync(errorBody()),
    answers: (body) => whole(body, { ...json, "content-encoding": "gzip" }, 503),
    attempt: failed("HTTP 503: slow down"),
  },
  "an error that is no JSON": {
    body: () => Buffer.from("<h1>Bad Gateway</h1>"),
    answers: (body) => piecemeal(body, 4, { "content-type": "text/html" }, 502),
    attempt: failed("HTTP 502: <h1>Bad Gateway</h1>"),
  },
  "an error without a body": {
    body: () => Buffer.alloc(0),
    answers: (body) => whole(body, {}, 500),
    attempt: failed("HTTP 500"),
  },
  "an error in the stream": {
    body: ({ failure }) => Buffer.from(written(failure, {})),
    answers: (body) => piecemeal(body, 5, sse),
    attempt: failed(expect.stringContaining("no more")),
  },
  "an end before its time": {
    body: ({ events }) =>
      Buffer.from(
        events
          .slice(0, 2)
          .map((one) => written(one, {}))
          .join(""),
      ),
    answers: (body) => whole(body, sse),
    attempt: failed("The stream ended before its terminal event."),
  },
  trailers: {
    ...streamed({}),
    answers: (body) => (_request, response) => {
      response.writeHead(200, { ...sse, trailer: "x-sum" })
      response.write(body)
      response.addTrailers({ "x-sum": "7" })
      response.end()
    },
    also: ({ trailers }) => expect(trailers["x-sum"]).toBe("7"),
  },
  "an answer before the answer": {
    ...streamed({}),
    answers: (body) => (_request, response) => {
      response.writeProcessing()
      response.writeEarlyHints({ link: "</a>; rel=preload" })
      response.writeHead(200, sse).end(body)
    },
  },
  "a request that waits to be asked for its body": { ...streamed({}), request: { expect: "100-continue" } },
}

for (const [name, protocol] of Object.entries(protocols)) {
  it.scopedLive(`${name}: every form of an answer passes as it is and is read`, () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      const entries = Object.entries(variants)
      for (const [, { also, answers, body, request }] of entries) {
        const sent = body(protocol)
        model.next(answers(sent))
        const answer = yield* Effect.promise(() =>
          callModel(of.baseUrl, { path: protocol.path, ...(request === undefined ? {} : { headers: request }) }),
        )
        const got = yield* Effect.promise(() => bodyOf(answer))
        expect(got.whole).toBe(true)
        expect(got.body.equals(sent)).toBe(true)
        also?.(answer)
      }
      const attempts = yield* of.ended(entries.length)
      const readAs = {
        status: "completed",
        outputItems: 1,
        responseId: "r1",
        untraced: false,
        usage: { outputTokens: 2 },
      }
      expect(Object.fromEntries(entries.map(([variant], place) => [variant, attempts[place]]))).toMatchObject(
        Object.fromEntries(entries.map(([variant, { attempt }]) => [variant, attempt ?? readAs])),
      )
      const items = (yield* of.log).filter(({ type }) => type === "inference.item")
      expect(items.length).toBe(entries.filter(([, { attempt }]) => attempt === undefined).length)
      expect(items.every(({ payload }) => JSON.stringify(payload).includes(text))).toBe(true)
      expect(yield* of.violations).toEqual([])
    }),
  )

  it.scopedLive(`${name}: HEAD and OPTIONS pass, and are no calls of a model`, () =>
    Effect.gen(function* () {
      const model = yield* upstream
      const of = yield* proxyFixture(model.url)
      for (const method of ["HEAD", "OPTIONS"]) {
        model.next((request, response) => response.writeHead(204, { "x-method": request.method ?? "" }).end())
        const answer = yield* Effect.promise(() => fetch(`${of.baseUrl}${protocol.path}`, { method }))
        expect([answer.status, answer.headers.get("x-method")]).toEqual([204, method])
      }
      expect(yield* of.attempts).toEqual([])
    }),
  )
}
