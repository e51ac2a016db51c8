/** Small programs that behave as agents do when they behave badly, and what is left of them. */
import { readdirSync } from "node:fs"
import { Effect } from "effect"
import { makeLineTransport } from "../../src/process/LineTransport.js"
import { type SuperviseOptions, supervise } from "../../src/process/SupervisedProcess.js"

/** Runs a script with Node. */
export const runScript = (script: string, options: Partial<SuperviseOptions> = {}) =>
  Effect.gen(function* () {
    const process = yield* supervise({
      provider: "test",
      command: globalThis.process.execPath,
      args: ["-e", script],
      ...options,
    })
    const transport = yield* makeLineTransport(process, { provider: "test" })
    return { process, transport }
  })

/** Files that this process holds open; only Linux tells. */
export const openFiles = (): number => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0)

/** Does not listen to SIGTERM and never ends by itself. */
export const stubborn = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6);`
