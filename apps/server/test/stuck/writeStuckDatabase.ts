/**
 * Writes the database of a stuck state into a file, and beside it, as `NAME.fold.mjs`, the fold that left it:
 *
 *   npm run stuck -- inference-runs-after-cancel copied.db
 */
import { copyFileSync, existsSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { brokenFoldModule, stuckStates } from "@threadfold/testkit"
import { makeStuckDatabase } from "./StuckDatabase.js"

const [name = "", target = ""] = process.argv.slice(2)
const state = stuckStates.find((one) => one.name === name)
if (state === undefined || target === "" || existsSync(target)) {
  console.error(
    `usage: npm run stuck -- NAME FILE (a new file), where NAME is one of\n  ${stuckStates.map((one) => one.name).join("\n  ")}`,
  )
  process.exit(2)
}
const library = await makeStuckDatabase(state)
try {
  library.tamper((handle) => handle.pragma("wal_checkpoint(TRUNCATE)"))
  copyFileSync(library.file, target)
} finally {
  library.close()
}
const module = [
  `import { brokenFold } from ${JSON.stringify(pathToFileURL(brokenFoldModule).href)}`,
  `export const fold = brokenFold(${JSON.stringify(state.flaws)})`,
]
writeFileSync(`${resolve(target).replace(/\.db$/, "")}.fold.mjs`, `${module.join("\n")}\n`)
