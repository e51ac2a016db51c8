/** A loopback port where connections are refused for as long as the scope is open: a network that is down. */
import { randomInt } from "node:crypto"
import { connect, createServer } from "node:net"
import { Effect, Schedule, type Scope } from "effect"

/** Ports outside the range that systems give to programs by themselves, so that no program takes a free one by chance. */
const [lowest, highest] = [20_000, 32_000]

interface Held {
  readonly port: number
  readonly release: Effect.Effect<void>
}

/** Holds a port as the client's end of a connection to ourselves, so that no program can listen on it. Fails where it is taken. */
const hold = (port: number): Effect.Effect<Held, Error> =>
  Effect.async<Held, Error>((resume) => {
    const server = createServer()
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (typeof address !== "object" || address === null) return resume(Effect.dieMessage("no port"))
      const socket = connect({ port: address.port, host: "127.0.0.1", localPort: port })
      socket.once("error", (error) => {
        server.close()
        resume(Effect.fail(error))
      })
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
        resume(Effect.succeed({ port, release }))
      })
    })
  })

/** The port. It is held, because another program could take a port that was merely closed. */
export const refusedPort: Effect.Effect<number, never, Scope.Scope> = Effect.acquireRelease(
  Effect.suspend(() => hold(randomInt(lowest, highest))).pipe(Effect.retry(Schedule.recurs(50)), Effect.orDie),
  ({ release }) => release,
).pipe(Effect.map(({ port }) => port))
