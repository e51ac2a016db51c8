/**
 * Sets up and serves, with a recorded session to look at, from `.threadfold/` of this checkout. Options after `--` go
 * to `threadfold serve`.
 *
 *   npm start
 *   npm start -- --port 8080
 */
import { join, relative } from "node:path"
import { pathToFileURL } from "node:url"
import { setupOrExit } from "./setup.mjs"
import { program, root } from "./tools.mjs"

await setupOrExit()

const options = process.argv.slice(2)
const directory = options.some((option) => option.startsWith("--data-dir"))
  ? []
  : ["--data-dir", relative(process.cwd(), join(root, ".threadfold")) || "."]
// npm does not pass on a signal that it gets itself: once npm has ended, nothing else would stop the server.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, "SIGTERM")
}, 500).unref()
// In this very process, so that a signal to `npm start` reaches the server and no process stays.
process.argv = [process.execPath, program, "serve", "--load-example", ...directory, ...options]
await import(pathToFileURL(program).href)
