/**
 * Serves from the sources: bundles after each change and starts the server anew. Data lies in `.threadfold/` of this checkout, as
 * with `npm start`. Options go to `threadfold serve`.
 *
 *   npm run dev -- --port 8080
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { watch } from "../apps/server/scripts/bundle.mjs"
import { program, root } from "./tools.mjs"

const options = ["serve", "--load-example", "--data-dir", join(root, ".threadfold"), ...process.argv.slice(2)]
let server: ChildProcess | null = null
/** Restarts run one after the other: two servers cannot own one data directory. */
let restarting: Promise<void> = Promise.resolve()

const stop = async (): Promise<void> => {
  const running = server
  server = null
  if (running === null || running.exitCode !== null || running.signalCode !== null) return
  const ended = once(running, "exit")
  running.kill("SIGTERM")
  await ended
}

const restart = async (): Promise<void> => {
  await stop()
  server = spawn(process.execPath, [program, ...options], { stdio: "inherit" })
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    restarting = restarting.then(stop).finally(() => process.exit(0))
  })
}

await watch((ok) => {
  if (!ok) return console.error("The bundle failed; the server goes on with the last one that was good.")
  restarting = restarting.then(restart)
})
