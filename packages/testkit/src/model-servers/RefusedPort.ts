/** A loopback port where connections are refused for as long as the scope is open: a network that is down. */
import { connect, createServer } from "node:net"
import { Effect, type Scope } from "effect"

/**
 * The port is held by the client's end of a connection to ourselves: nobody listens on it, and the system gives it to
 * nobody else. (A port that was merely closed may belong to the next program that asks for one.)
 */
export const refusedPort: Effect.Effect<number, never, Scope.Scope> = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly release: Effect.Effect<void> }>((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.die(error)))
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (typeof address !== "object" || address === null) return resume(Effect.dieMessage("no port"))
      const socket = connect(address.port, "127.0.0.1")
      socket.once("error", (error) => resume(Effect.die(error)))
      server.once("connection", (other) => {
        other.on("error", () => undefined)
        const release = Effect.async<void>((released) => {
          // It calls back when the other end is closed, too.
          server.close(() =>
            socket.closed ? released(Effect.void) : socket.once("close", () => released(Effect.void)),
          )
          socket.destroy()
          // Reset, so that no end of it lingers and the port is free at once.
          other.resetAndDestroy()
        })
        const port = other.remotePort
        resume(port === undefined ? Effect.dieMessage("no port") : Effect.succeed({ port, release }))
      })
    })
  }),
  ({ release }) => release,
).pipe(Effect.map(({ port }) => port))
