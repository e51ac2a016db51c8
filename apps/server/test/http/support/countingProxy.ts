/** A way to a server that counts what is sent on it. */
import { connect, createServer, type Server } from "node:net"
import { Effect } from "effect"

/** A way to a port of this machine that counts the bytes that go there. */
export const countingProxy = (target: number) =>
  Effect.gen(function* () {
    let sent = 0
    const server = yield* Effect.acquireRelease(
      Effect.async<Server>((resume) => {
        const made = createServer((socket) => {
          const there = connect(target, "127.0.0.1")
          for (const [one, other] of [
            [socket, there],
            [there, socket],
          ] as const) {
            one.on("error", () => undefined).once("close", () => other.destroy())
          }
          let isHead = true
          socket.on("data", (piece: Buffer) => {
            sent += piece.length
            // The server answers only who calls it by its own address.
            const said = isHead ? piece.toString("latin1").replace(/^host: \S+/im, `Host: 127.0.0.1:${target}`) : piece
            isHead = false
            there.write(said, "latin1")
          })
          socket.once("end", () => there.end())
          there.pipe(socket)
        }).listen(0, "127.0.0.1", () => resume(Effect.succeed(made)))
      }),
      (made) => Effect.sync(() => made.close()),
    )
    const address = server.address()
    return { port: typeof address === "object" && address !== null ? address.port : 0, sent: () => sent }
  })
