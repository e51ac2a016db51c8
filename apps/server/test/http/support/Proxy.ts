/** Something between a client and its server that fails in the ways that networks do, as it is told, call by call. */
import { createServer } from "node:http"
import { Effect } from "effect"
import { type BoundServer, HttpServer } from "../../../src/http/index.js"

/**
 * - `pass`: the call goes through.
 * - `lose-call`: it never reaches the server.
 * - `lose-answer`: the server does what it is told, and nobody hears of it.
 * - a number: this status, and no body that says more.
 */
export type Fate = "pass" | "lose-call" | "lose-answer" | number

/** The server behind such a thing: what happens to the first calls, then all pass. `keys` are those of each call. */
export const behindProxy = (fates: readonly Fate[]) =>
  Effect.gen(function* () {
    const server = yield* HttpServer
    const left = [...fates]
    const keys: (string | undefined)[] = []
    const proxy = createServer(async (request, response) => {
      const fate = left.shift() ?? "pass"
      const pieces: Uint8Array[] = []
      for await (const piece of request) pieces.push(piece)
      keys.push(request.headers["idempotency-key"]?.toString())
      if (typeof fate === "number") return response.writeHead(fate).end()
      if (fate === "lose-call") return request.socket.destroy()
      const { authorization = "", "content-type": type } = request.headers
      const answer = await fetch(`${server.url}${request.url}`, {
        method: request.method ?? "GET",
        headers: {
          authorization,
          ...(type === undefined ? {} : { "content-type": type }),
          ...(keys.at(-1) === undefined ? {} : { "idempotency-key": keys.at(-1) ?? "" }),
        },
        ...(pieces.length === 0 ? {} : { body: Buffer.concat(pieces) }),
      })
      const text = await answer.text()
      if (fate === "lose-answer") return request.socket.destroy()
      return response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(text)
    })
    const port = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        proxy.listen(0, "127.0.0.1", () => {
          const address = proxy.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      }),
      () =>
        Effect.async<void>((resume) => {
          proxy.close(() => resume(Effect.void))
          proxy.closeAllConnections()
        }),
    )
    const connection: Pick<BoundServer, "url" | "token"> = { url: `http://127.0.0.1:${port}`, token: server.token }
    return { connection, keys }
  })
