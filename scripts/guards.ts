/**
 * Everything that must hold beside the tests: types of sources and tests, format and lint, the direction of imports,
 * generated files. Prints a line each and, as its last line, `N passed, N failed`.
 *
 *   npm run check             all of them
 *   npm run check -- types    those with this word in their name
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { packages, root } from "./tools.mjs"

const bin = (name: string): string =>
  join(root, "node_modules", ".bin", process.platform === "win32" ? `${name}.cmd` : name)

/** A package that generates files says how to see whether they are up to date in a script of this name. */
const generatedScript = "check:generated"

interface Guard {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** A guard that is a script of this folder. */
const script = (name: string, file: string, ...args: readonly string[]): Guard => ({
  name,
  command: bin("tsx"),
  args: [join("scripts", file), ...args],
})

const guards: readonly Guard[] = [
  ...packages
    .filter(({ folder }) => existsSync(join(root, folder, "tsconfig.test.json")))
    .map(({ folder }) => ({
      name: `types of ${folder}`,
      command: bin("tsc"),
      args: ["-p", `${folder}/tsconfig.test.json`],
    })),
  { name: "format and lint", command: bin("biome"), args: ["check", "."] },
  { name: "types of scripts", command: bin("tsc"), args: ["-p", "scripts"] },
  script("direction of imports", "checkDependencies.ts"),
  script("sizes and names of files", "checkShape.ts"),
  script("samples of the docs", "checkSamples.ts"),
  script("generated reference and links", "generateDocs.ts", "--check"),
  ...packages
    .filter(({ manifest }) => manifest.scripts?.[generatedScript] !== undefined)
    .map(({ folder }) => ({
      name: `generated files of ${folder}`,
      command: "npm",
      args: ["run", "--silent", "--prefix", folder, generatedScript],
    })),
]

const runGuard = ({ args, command, name }: Guard): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    })
    const kept: Buffer[] = []
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
const [word = ""] = process.argv.slice(2)
const queue = guards.filter(({ name }) => name.includes(word))
if (queue.length === 0) {
  console.error(`No guard has "${word}" in its name; there are: ${guards.map(({ name }) => name).join(", ")}.`)
  process.exit(2)
}
const worker = async () => {
  for (let guard = queue.shift(); guard !== undefined; guard = queue.shift()) {
    if (await runGuard(guard)) passed += 1
    else failed += 1
  }
}
await Promise.all([worker(), worker()])
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
