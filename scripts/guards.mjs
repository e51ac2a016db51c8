/**
 * Everything that must hold beside the tests: types of sources and tests, format and lint, the direction of imports,
 * generated files. Prints a line each and, as its last line, `N passed, N failed`.
 *
 *   node scripts/guards.mjs
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { packages, root } from "./tools.mjs"

const bin = (name) => join(root, "node_modules", ".bin", process.platform === "win32" ? `${name}.cmd` : name)

/** A package that generates files says how to see whether they are up to date in a script of this name. */
const generatedScript = "check:generated"

const guards = [
  ...packages
    .filter(({ folder }) => existsSync(join(root, folder, "tsconfig.test.json")))
    .map(({ folder }) => ({
      name: `types of ${folder}`,
      command: bin("tsc"),
      args: ["-p", `${folder}/tsconfig.test.json`],
    })),
  { name: "format and lint", command: bin("biome"), args: ["check", "."] },
  { name: "direction of imports", command: process.execPath, args: ["scripts/check-imports.mjs"] },
  { name: "samples of the docs", command: process.execPath, args: ["scripts/check-samples.mjs"] },
  { name: "generated reference and links", command: process.execPath, args: ["scripts/generate-docs.mjs", "--check"] },
  ...packages
    .filter(({ manifest }) => manifest.scripts?.[generatedScript] !== undefined)
    .map(({ folder }) => ({
      name: `generated files of ${folder}`,
      command: "npm",
      args: ["run", "--silent", "--prefix", folder, generatedScript],
    })),
]

const runGuard = ({ name, command, args }) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    })
    const kept = []
    child.stdout.on("data", (bytes) => kept.push(bytes))
    child.stderr.on("data", (bytes) => kept.push(bytes))
    child.on("error", (error) => kept.push(Buffer.from(`${error.message}\n`)))
    child.on("close", (code) => {
      console.log(`${code === 0 ? "ok    " : "FAILED"} ${name}`)
      if (code !== 0) process.stdout.write(Buffer.concat(kept))
      resolve(code === 0)
    })
  })

let passed = 0
let failed = 0
const queue = [...guards]
const worker = async () => {
  for (let guard = queue.shift(); guard !== undefined; guard = queue.shift()) {
    if (await runGuard(guard)) passed += 1
    else failed += 1
  }
}
await Promise.all([worker(), worker()])
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
