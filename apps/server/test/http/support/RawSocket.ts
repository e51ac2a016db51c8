/** A client that says exactly the bytes it is told, and may stop reading. */
import { connect, type Socket } from "node:net"
import { Effect } from "effect"
import { HttpServer } from "../../../src/http/index.js"

/** Opens a socket to the server; closed with the scope. */
export const openSocket = Effect.gen(function* () {
  const { host, port } = yield* HttpServer
  return yield* Effect.acquireRelease(
    Effect.async<Socket>((resume) => {
      const socket = connect({ host, port })
      socket.on("error", () => undefined)
      socket.once("connect", () => resume(Effect.succeed(socket)))
    }),
    (socket) => Effect.sync(() => socket.destroy()),
  )
})

/** Everything that the server says until it closes the connection. */
export const readAll = (socket: Socket): Effect.Effect<string> =>
  Effect.async<string>((resume) => {
    const pieces: Buffer[] = []
    socket.on("data", (piece: Buffer) => pieces.push(piece))
    socket.once("close", () => resume(Effect.succeed(Buffer.concat(pieces).toString())))
  })

/** Says these bytes, ends its side when told, and returns the whole answer. */
export const say = (bytes: string, end = false): Effect.Effect<string, never, HttpServer> =>
  Effect.scoped(
    Effect.gen(function* () {
      const socket = yield* openSocket
      if (end) socket.end(bytes)
      else socket.write(bytes)
      return yield* readAll(socket)
    }),
  )

/** Status and slug of an answer. */
export const verdictOf = (answer: string): { readonly status: number; readonly slug: string } => ({
  status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]),
  slug: /urn:threadfold:problem:([a-z-]+)/.exec(answer)?.[1] ?? "",
})

/** A request as text. `headers` replace the usual ones; null leaves one out. */
export const requestText = (
  { port, token }: { readonly port: number; readonly token: string },
  method: string,
  target: string,
  headers: Readonly<Record<string, string | null>> = {},
  body = "",
): string => {
  const all: Record<string, string | null> = {
    host: `127.0.0.1:${port}`,
    authorization: `Bearer ${token}`,
    connection: "close",
    ...(body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]))
  return `${[`${method} ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n")}${body}`
}
