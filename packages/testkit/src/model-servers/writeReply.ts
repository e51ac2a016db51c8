/** Writes replies to an HTTP response, at the client's pace. */
import type { ServerResponse } from "node:http"
import type { Ending, Frame, Reply, StatusReply, StreamReply } from "./Step.js"

export const writeStatus = (response: ServerResponse, { body, headers, status }: StatusReply): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers })
  response.end(JSON.stringify(body))
}

const encode = ({ data, event }: Frame): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      response.off("drain", done)
      response.off("close", done)
      resolve()
    }
    response.on("drain", done)
    response.on("close", done)
  })

const letOthersRun = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** After so many frames others get a turn, too: a long answer must not stop a second one, or the test. */
const framesAtATime = 64

/** Waits until what was written has left this process, then ends. */
const end = (response: ServerResponse, ending: Ending): Promise<void> =>
  new Promise((resolve) => {
    if (response.destroyed) return resolve()
    if (ending === "end") return void response.end(() => resolve())
    const reset = () => {
      response.socket?.resetAndDestroy()
      resolve()
    }
    if (response.headersSent) response.write("\n", reset)
    else reset()
  })

const writeStream = async (response: ServerResponse, { ending, frames }: StreamReply): Promise<void> => {
  let count = 0
  for await (const frame of frames) {
    if (response.destroyed) return
    if (!response.headersSent) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" })
    }
    if (!response.write(encode(frame))) await drained(response)
    count += 1
    if (count % framesAtATime === 0) await letOthersRun()
  }
  await end(response, ending())
}

export const writeReply = async (response: ServerResponse, reply: Reply, left: AbortSignal): Promise<void> => {
  if (reply.kind === "status") return writeStatus(response, reply)
  if (reply.kind === "stream") return writeStream(response, reply)
  const body = await reply.body
  if (left.aborted) return
  const ending = reply.ending()
  const text = JSON.stringify(body)
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
  // A body that is reset stops in its middle; one that ends properly is whole.
  if (ending === "end") response.end(text)
  else {
    response.write(text.slice(0, text.length / 2))
    await end(response, ending)
  }
}
