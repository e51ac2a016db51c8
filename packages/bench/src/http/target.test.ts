import { createServer } from "node:http"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { makeTarget } from "./Target.js"

it.scopedLive("a connection that waits for long is left by the caller, and the next call gets another one", () =>
  Effect.gen(function* () {
    const left = yield* Deferred.make<void>()
    let connections = 0
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => createServer((_request, response) => response.end("ok"))),
      (one) => Effect.sync(() => one.close().closeAllConnections()),
    )
    // It leaves no connection by itself.
    server.keepAliveTimeout = 0
    server.on("connection", (socket) => {
      connections += 1
      socket.once("close", () => Deferred.unsafeDone(left, Effect.void))
    })
    const address = yield* Effect.async<ReturnType<typeof server.address>>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server.address())))
    })
    const port = typeof address === "object" && address !== null ? address.port : 0
    const target = yield* makeTarget(`http://127.0.0.1:${port}`, {}, 10)
    const call = Effect.promise(() => target.call({ method: "GET", path: "/" }))
    expect((yield* call).body).toBe("ok")
    yield* Deferred.await(left)
    expect((yield* call).body).toBe("ok")
    expect(connections).toBe(2)
  }),
)
