/** A server under load: calls on kept connections by a number of callers, and the CPU time that they took it. */
import { Agent, request } from "node:http"
import { Effect, type Scope } from "effect"
import type { Sent } from "./Plan.js"

/** One call. */
export interface Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE"
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a number of calls took. */
export interface Load {
  readonly calls: number
  readonly ms: number
  readonly cpuMicros: number
}

export interface Target {
  /** One call; rejects where the answer is not of the 200s or 304. */
  readonly call: (call: Call) => Promise<Sent>
  /** CPU time that it takes while nobody calls it, µs per ms. */
  readonly idle: () => Promise<number>
  /** Calls from so many callers at a time, each after the answer to its last. */
  readonly load: (calls: readonly Call[], callers: number) => Promise<Load>
}

/** Headers that each answer has its own of, or that Node writes. */
const own = new Set(["date", "connection", "keep-alive"])

const kept = (raw: readonly string[]): readonly string[] =>
  raw.filter((_, index) => !own.has((raw[index - (index % 2)] ?? "").toLowerCase()))

/** For how long a connection may wait for its next call, ms. */
const IDLE_MS = 2_000

/** For how long an idle server is watched, ms. */
const WATCHED_MS = 3_000

/**
 * A server by its address; its connections end with the scope. One that waited for long is left before its server does that (Node's
 * servers after five seconds): a call that is sent as the server leaves would get no answer.
 */
export const makeTarget = (
  url: string,
  headers: Readonly<Record<string, string>> = {},
  idleMs = IDLE_MS,
): Effect.Effect<Target, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Agent({ keepAlive: true, timeout: idleMs })),
      (agent) => Effect.sync(() => agent.destroy()),
    ),
    (agent): Target => {
      const { hostname, port } = new URL(url)
      const call = ({ body = "", headers: more, method, path }: Call): Promise<Sent> =>
        new Promise((resolve, reject) => {
          const length = body === "" ? {} : { "content-length": Buffer.byteLength(body) }
          const options = { hostname, port, path, method, agent, headers: { ...headers, ...more, ...length } }
          const attempt = (): void => {
            const sent = request(options, (response) => {
              const { rawHeaders, statusCode: status = 0 } = response
              const chunks: Buffer[] = []
              response.on("data", (chunk: Buffer) => chunks.push(chunk))
              response.once("end", () => {
                const text = Buffer.concat(chunks).toString("utf8")
                if (status < 300 || status === 304) resolve({ status, headers: kept(rawHeaders), body: text })
                else reject(new Error(`${method} ${path} was answered with ${status}: ${text.slice(0, 300)}`))
              })
            })
            // A server may close a kept connection in the moment in which it is used again; every call may be repeated.
            sent.once("error", (error: Error & { readonly code?: string }) => {
              if (sent.reusedSocket && error.code === "ECONNRESET") attempt()
              else reject(error)
            })
            sent.end(body)
          }
          attempt()
        })
      const cpuMicros = async (): Promise<number> => {
        const { body } = await call({ method: "GET", path: "/metrics" })
        return Number(/^threadfold_cpu_seconds_total (\S+)$/m.exec(body)?.[1] ?? Number.NaN) * 1e6
      }
      const load = async (calls: readonly Call[], callers: number): Promise<Load> => {
        const before = await cpuMicros()
        const from = performance.now()
        const waiting = calls.values()
        await Promise.all(
          Array.from({ length: callers }, async () => {
            for (const next of waiting) await call(next)
          }),
        )
        const ms = performance.now() - from
        return { calls: calls.length, ms, cpuMicros: (await cpuMicros()) - before }
      }
      const idle = async (): Promise<number> => {
        const before = await cpuMicros()
        const from = performance.now()
        await new Promise((resolve) => setTimeout(resolve, WATCHED_MS))
        return Math.max(0, (await cpuMicros()) - before) / (performance.now() - from)
      }
      return { call, idle, load }
    },
  )
