/**
 * Calls over HTTP with as little around them as can be, on kept connections and without an effect per call: what is measured
 * is the server, not how fast a client on the same two cores makes its calls.
 */
import { Agent, request } from "node:http"
import { Effect, type Scope } from "effect"

export interface Caller {
  /** Sends a JSON body; resolves with the time from the call to the whole answer, ms. Rejects where that is not 200 or 202. */
  readonly call: (method: string, path: string, body: object) => Promise<number>
  /** CPU time that the server has taken, all its threads, µs. */
  readonly cpuMicros: () => Promise<number>
}

/** Calls of a server; its connections end with the scope. */
export const makeCaller = (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Effect.Effect<Caller, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ keepAlive: true })),
      (agent) => Effect.sync(() => agent.destroy()),
    ),
    (agent): Caller => {
      const { hostname, port } = new URL(url)
      const send = (method: string, path: string, text: string) =>
        new Promise<{ readonly ms: number; readonly answer: string }>((resolve, reject) => {
          const length = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
          const from = performance.now()
          const all = { ...headers, ...(text === "" ? {} : length) }
          const attempt = (): void => {
            const sent = request({ hostname, port, path, method, agent, headers: all }, (response) => {
              const { statusCode } = response
              let answer = ""
              response.setEncoding("utf8").on("data", (piece: string) => {
                answer += piece
              })
              response.once("end", () => {
                if (statusCode === 200 || statusCode === 202) resolve({ ms: performance.now() - from, answer })
                else reject(new Error(`${method} ${path} was answered with ${statusCode}`))
              })
            })
            // A server may close a kept connection in the moment in which it is used again; every call may be repeated.
            sent.once("error", (error: Error & { readonly code?: string }) => {
              if (sent.reusedSocket && error.code === "ECONNRESET") attempt()
              else reject(error)
            })
            sent.end(text)
          }
          attempt()
        })
      return {
        call: async (method, path, body) => (await send(method, path, JSON.stringify(body))).ms,
        cpuMicros: async () => {
          const { answer } = await send("GET", "/metrics", "")
          return Number(/^threadfold_cpu_seconds_total (\S+)$/m.exec(answer)?.[1] ?? Number.NaN) * 1e6
        },
      }
    },
  )

/** Spreads what is counted evenly over [0, 1), never in step with anything that is regular. */
const spread = (count: number): number => (count * 0.618_033_988_749_895) % 1

/**
 * Makes the calls in turns, one in every span of `everyMs`, at any moment of it: at regular moments they would all meet the
 * same moment of what the server does regularly. Each has its time, whether or not the one before has its answer. Until it is
 * interrupted; dies when a call fails.
 */
export const callInTurns = (calls: readonly (() => Promise<void>)[], everyMs: number): Effect.Effect<never> =>
  Effect.async((resume) => {
    const from = performance.now()
    let made = 0
    const due = () => from + (made + spread(made)) * everyMs
    const make = (): void => {
      for (; due() <= performance.now(); made += 1) {
        calls[made % calls.length]?.().catch((error) => resume(Effect.die(error)))
      }
      timer = setTimeout(make, due() - performance.now())
    }
    let timer = setTimeout(make)
    return Effect.sync(() => clearTimeout(timer))
  })
