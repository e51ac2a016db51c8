/**
 * The two ends of `bench gateway`, each a process of its own so that its CPU time is not that of the gateway: a model that streams what
 * a call asks for, and an agent that calls it. Speaks with the benchmark over the channel of `fork`.
 */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { performance } from "node:perf_hooks"

/** What a call asks of the model. */
export interface Answer {
  /** Frames of text. */
  readonly frames: number
  /** Characters of each. */
  readonly characters: number
  /** Pause between two frames, ms; 0: none, as fast as they are read. */
  readonly everyMs: number
}

/** What the agent is to do. */
export interface Load {
  /** Where it calls: the base URL and the path below it. */
  readonly url: string
  readonly answer: Answer
  readonly calls: number
  /** How many at a time. */
  readonly atOnce: number
}

/** What came of it. */
interface Loaded {
  /** From the call to the first byte of its body, ms, each. */
  readonly firstByteMs: readonly number[]
  readonly elapsedMs: number
  readonly bytes: number
}

const frame = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const created = frame("response.created", { response: { id: "resp_1" } })
const itemDone = frame("response.output_item.done", {
  output_index: 0,
  item: { type: "message", id: "msg_1", content: [{ type: "output_text", text: "done" }] },
})
const completed = frame("response.completed", { response: { id: "resp_1", usage: { output_tokens: 1 } } })

const stream = (response: http.ServerResponse, { characters, everyMs, frames }: Answer): void => {
  const delta = frame("response.output_text.delta", { item_id: "msg_1", delta: "x".repeat(characters) })
  response.writeHead(200, { "content-type": "text/event-stream" })
  response.write(created)
  let sent = 0
  const next = (): void => {
    for (;;) {
      if (response.destroyed) return
      if (sent === frames) return void response.end(itemDone + completed)
      sent += 1
      const hasRoom = response.write(delta)
      if (everyMs > 0) return void setTimeout(next, everyMs)
      if (!hasRoom) return void response.once("drain", next)
    }
  }
  next()
}

const serveModel = (): void => {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const asked: { readonly answer: Answer } = JSON.parse(Buffer.concat(chunks).toString())
      stream(response, asked.answer)
    })
  })
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo
    process.send?.({ port })
  })
}

const callOnce = (agent: http.Agent, { answer, url }: Load): Promise<{ firstByteMs: number; bytes: number }> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now()
    let firstByteMs = 0
    let bytes = 0
    const request = http.request(url, { method: "POST", agent }, (response) => {
      response.on("data", (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - startedAt
        bytes += chunk.length
      })
      response.once("end", () => resolve({ firstByteMs, bytes }))
      response.once("error", reject)
    })
    request.once("error", reject)
    request.end(JSON.stringify({ model: "m", answer }))
  })

const run = async (load: Load, agent: http.Agent): Promise<Loaded> => {
  const firstByteMs: number[] = []
  let bytes = 0
  let left = load.calls
  const startedAt = performance.now()
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const one = await callOnce(agent, load)
      firstByteMs.push(one.firstByteMs)
      bytes += one.bytes
    }
  }
  await Promise.all(Array.from({ length: load.atOnce }, lane))
  return { firstByteMs, elapsedMs: performance.now() - startedAt, bytes }
}

const serveAgent = (): void => {
  const agent = new http.Agent({ keepAlive: true })
  process.on("message", (load: Load) => {
    run(load, agent).then(
      (loaded) => process.send?.({ loaded }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    )
  })
  process.send?.({ ready: true })
}

process.once("disconnect", () => process.exit(0))
if (process.argv[2] === "model") serveModel()
else serveAgent()
