/**
 * Installs the browser that tests of the web page drive: Debian's Chromium, where it is missing and `apt-get` may install it. A
 * machine without it runs all other tests.
 *
 *   node scripts/run.mjs browser
 *   THREADFOLD_BROWSER=none npm test              without the tests that need it
 *   THREADFOLD_BROWSER=/opt/chrome/chrome npm test
 */
import { spawn } from "node:child_process"
import { installedBrowser, programOnPath } from "../packages/testkit/src/browser/installedBrowser.js"
import { isMain, step } from "./tools.mjs"

/** For one call of apt-get, ms. */
const timeLimit = 10 * 60_000

/** Resolves to what went wrong, or null. */
const apt = (program: string, args: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      stdio: ["ignore", "ignore", "pipe"],
      timeout: timeLimit,
    })
    let said = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-2_000)
    })
    child.on("error", ({ message }) => resolve(message))
    child.on("close", (code, signal) =>
      resolve(code === 0 ? null : said.trim() || `apt-get ended by ${signal ?? `exit code ${code}`}`),
    )
  })

/** Installs it where it is missing and can be had; resolves to why its tests are skipped, or null. */
export const installBrowser = async (): Promise<string | null> => {
  const found = installedBrowser()
  if (found.installed) return null
  const program = programOnPath("apt-get")
  // One that is named is not ours to install, and `none` is no wish for one.
  const isNamed = (process.env.THREADFOLD_BROWSER?.trim() ?? "") !== ""
  if (isNamed || program === null || process.getuid?.() !== 0) return found.reason
  const install = ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core", "fonts-liberation"]
  const problem = await step("installing Chromium for the tests of the web page (about 400 MB on disk)", async () =>
    // A new machine has no lists of packages yet.
    (await apt(program, install)) === null ? null : ((await apt(program, ["update"])) ?? (await apt(program, install))),
  )
  if (problem !== null) console.error(`  not installed: ${problem}`)
  const now = installedBrowser()
  return now.installed ? null : now.reason
}

if (isMain(import.meta.url)) {
  const reason = await installBrowser()
  if (reason !== null) console.error(reason)
  process.exitCode = reason === null ? 0 : 3
}
