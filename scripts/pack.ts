/**
 * Makes the packages that are passed on, as files that npm installs: `threadfold`, which is the program and its library, and
 * `@threadfold/client` with the two packages that it needs. Prints name, size and number of files of each.
 *
 *   npm run pack                          all, into dist/
 *   npm run pack -- --into FOLDER         elsewhere
 *   npm run pack -- server                some: server, client, contracts, core
 */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs, promisify } from "node:util"
import { stage } from "./packages/stage.js"
import { root } from "./tools.mjs"

/** Most bytes that a package may have, packed: some more than it has. The program has 3.3 MB, its web page 0.9, and the page as one file for exports 0.4. */
const mostBytes: Readonly<Record<string, number>> = {
  contracts: 300_000,
  core: 300_000,
  client: 100_000,
  server: 4_700_000,
}

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly entryCount: number
}

const pack = async (name: string, into: string): Promise<Packed> => {
  const staged = mkdtempSync(join(tmpdir(), "threadfold-pack-"))
  try {
    await stage(name, staged)
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", into]
    const { stdout } = await promisify(execFile)("npm", args, { cwd: staged, shell: process.platform === "win32" })
    const [packed]: readonly Packed[] = JSON.parse(stdout)
    if (packed === undefined) throw new Error(`npm packed nothing of ${name}: ${stdout}`)
    return packed
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
}

const { positionals, values } = parseArgs({
  options: { into: { type: "string", default: join(root, "dist") } },
  allowPositionals: true,
})
const names = positionals.length === 0 ? Object.keys(mostBytes) : positionals
const unknown = names.filter((name) => !Object.hasOwn(mostBytes, name))
if (unknown.length > 0) {
  console.error(`There is no package ${unknown.join(", ")}; there are ${Object.keys(mostBytes).join(", ")}.`)
  process.exit(2)
}
const into = resolve(values.into)
mkdirSync(into, { recursive: true })
const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1000).toLocaleString("en")} kB`
const tooLarge: string[] = []
for (const name of names) {
  const { entryCount, filename, size, unpackedSize } = await pack(name, into)
  console.log(`${filename}  ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked, ${entryCount} files`)
  const most = mostBytes[name] ?? 0
  if (size > most) tooLarge.push(`${filename} has ${kilobytes(size)}; the limit is ${kilobytes(most)}.`)
}
for (const one of tooLarge) console.error(one)
process.exitCode = tooLarge.length === 0 ? 0 : 1
