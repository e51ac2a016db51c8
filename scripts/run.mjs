/**
 * Makes the checkout ready, then runs one script of this folder in this very process:
 *
 *   node scripts/run.mjs test        what `npm test` is
 *
 * This file, `setup.mjs`, `start.mjs` and `tools.mjs` are plain JavaScript because they run before anything is installed; their
 * types are in comments and are checked with the others. Every other script is TypeScript and is run by tsx.
 */
import { setupOrExit } from "./setup.mjs"

const [name, ...rest] = process.argv.slice(2)
if (name === undefined) {
  console.error("Say which script of this folder is to run: node scripts/run.mjs NAME [argument ...]")
  process.exit(2)
}
await setupOrExit()
process.argv = [process.execPath, new URL(`./${name}.ts`, import.meta.url).pathname, ...rest]
const { tsImport } = await import("tsx/esm/api")
await tsImport(`./${name}.ts`, import.meta.url)
