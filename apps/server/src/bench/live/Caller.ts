/**
 * Calls over HTTP with as little around them as can be, on kept connections: what is measured is the server, not how fast a
 * client on the same two cores makes its calls.
 */
import { Agent, request } from "node:http"
import { Effect, type Scope } from "effect"

/** Sends a JSON body; gives the time from the call to the whole answer, ms. Dies where that is not 200 or 202. */
export type Call = (method: string, path: string, body: object) => Effect.Effect<number>

/** Calls of a server; its connections end with the scope. */
export const makeCall = (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Effect.Effect<Call, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ keepAlive: true })),
      (agent) => Effect.sync(() => agent.destroy()),
    ),
    (agent): Call =>
      (method, path, body) =>
        Effect.async((resume) => {
          const text = JSON.stringify(body)
          const length = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
          const from = performance.now()
          const sent = request(`${url}${path}`, { method, agent, headers: { ...headers, ...length } }, (response) => {
            const { statusCode } = response
            response
              .resume()
              .once("end", () =>
                resume(
                  statusCode === 200 || statusCode === 202
                    ? Effect.succeed(performance.now() - from)
                    : Effect.dieMessage(`${method} ${path} was answered with ${statusCode}`),
                ),
              )
          })
          sent.once("error", (error) => resume(Effect.die(error)))
          sent.end(text)
        }),
  )
