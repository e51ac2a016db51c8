/**
 * Calls over HTTP with as little around them as can be, on kept connections and without an effect per call: what is measured
 * is the server, not how fast a client on the same two cores makes its calls.
 */
import { Agent, request } from "node:http"
import { Effect, type Scope } from "effect"

/**
 * Sends a JSON body; resolves with the time from the call to the whole answer, ms. Rejects where that is not 200 or 202.
 */
export type Call = (method: string, path: string, body: object) => Promise<number>

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
    (agent): Call => {
      const { hostname, port } = new URL(url)
      return (method, path, body) =>
        new Promise((resolve, reject) => {
          const text = JSON.stringify(body)
          const length = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
          const from = performance.now()
          const options = { hostname, port, path, method, agent, headers: { ...headers, ...length } }
          const sent = request(options, (response) => {
            const { statusCode } = response
            response.resume().once("end", () => {
              if (statusCode === 200 || statusCode === 202) resolve(performance.now() - from)
              else reject(new Error(`${method} ${path} was answered with ${statusCode}`))
            })
          })
          sent.once("error", reject)
          sent.end(text)
        })
    },
  )

/**
 * Makes the calls in turns, one every `everyMs`, each at its time whether or not the one before has its answer; until it is
 * interrupted. Dies when a call fails.
 */
export const callInTurns = (calls: readonly (() => Promise<void>)[], everyMs: number): Effect.Effect<never> =>
  Effect.async((resume) => {
    let made = 0
    const timer = setInterval(() => {
      const call = calls[made % calls.length]
      made += 1
      call?.().catch((error) => resume(Effect.die(error)))
    }, everyMs)
    return Effect.sync(() => clearInterval(timer))
  })
