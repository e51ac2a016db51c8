/**
 * Work with the web page in a real browser, on the built program.
 *
 *   npm run screenshots          the pictures of docs/images, made anew
 *   npm run bench:page           how fast the page is: a minute of load
 *   npm run bench:page -- long   ten minutes of it
 */
import { installBrowser } from "./browser.js"
import { run } from "./tools.mjs"

const [what = "", how] = process.argv.slice(2)
const works: Readonly<Record<string, string>> = { screenshots: "screenshots.page.ts", bench: "bench.page.ts" }
const file = works[what]
const reason =
  file === undefined ? `Say what is to be done: ${Object.keys(works).join(" or ")}.` : await installBrowser()
if (file === undefined || reason !== null) {
  console.error(reason)
  process.exitCode = file === undefined ? 2 : 3
} else {
  const args = ["--dir", "apps/server", "exec", "vitest", "run", "--config=vitest.page.config.ts", file]
  process.exitCode = await run("pnpm", args, { env: { PAGE_BENCH: how === "long" ? "long" : "short" } })
}
