/**
 * Checks the types of the TypeScript samples in the docs, strictly, as a reader's project would. The samples of a page make one
 * module; what a reader has and a sample does not show is declared here. Needs the packages' types: run after a build.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./tools.mjs"

const connection = ["declare const url: string", "declare const token: string"]

/** Page → the package that its samples import by name, and what they take for given. */
const pages = {
  "docs/how-to/desktop-backend.md": {
    folder: "packages/client",
    given: [
      ...connection,
      "declare const folder: string",
      "declare const draw: (page: unknown) => void",
      "declare const apply: (event: unknown) => void",
      "declare const redraw: () => void",
    ],
  },
  "packages/client/README.md": {
    folder: "packages/client",
    given: [
      "declare const token: string",
      "declare const snapshot: { readonly sequence: number }",
      "declare const readAgain: (path: string) => Promise<void>",
    ],
  },
}

const samplesOf = (text: string): readonly string[] =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].flatMap(([, sample]) => sample ?? [])

let failed = 0
for (const [page, { folder, given }] of Object.entries(pages)) {
  const samples = samplesOf(readFileSync(join(root, page), "utf8"))
  const place = join(root, folder, "dist", "samples")
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  const file = join(place, "sample.ts")
  writeFileSync(file, [...samples, ...given, "export {}"].join("\n"))
  const options = ["--noEmit", "--strict", "--noUncheckedIndexedAccess", "--skipLibCheck", "--types", "node"]
  const modules = ["--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext"]
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, ...modules, file], {
    cwd: join(root, folder),
    encoding: "utf8",
  })
  rmSync(place, { recursive: true, force: true })
  console.log(`${page}: ${samples.length} samples, ${status === 0 ? "their types hold" : "wrong"}`)
  if (status !== 0) {
    console.log(stdout)
    failed += 1
  }
  if (samples.length === 0) failed += 1
}
process.exitCode = failed === 0 ? 0 : 1
