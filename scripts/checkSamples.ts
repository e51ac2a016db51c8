/**
 * Checks the types of the TypeScript samples in the docs, strictly, as a reader's project would. The samples of a page make one
 * module; what a reader has and a sample does not show is declared here. Needs the packages' types: run after a build.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./tools.mjs"

const connection = ["declare const url: string", "declare const token: string"]

interface Page {
  /** The package that its samples import by name. */
  readonly folder: string
  /** What they take for given. */
  readonly given: readonly string[]
  /** Further arguments of the compiler. */
  readonly with?: readonly string[]
}

const pages: Readonly<Record<string, Page>> = {
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
  "docs/how-to/act-on-events.md": {
    folder: "packages/client",
    given: [...connection, "declare const openTicket: (eventId: string, threadId: string) => Promise<void>"],
  },
  "docs/how-to/in-process.md": {
    folder: "apps/server",
    given: ["declare const dataDir: string", "declare const sequence: number"],
    // Its types are its sources.
    with: ["--lib", "es2023", "--exactOptionalPropertyTypes", "src/http/compression.d.ts"],
  },
  "apps/server/PACKAGE.md": {
    folder: "apps/server",
    given: [],
    with: ["--lib", "es2023", "--exactOptionalPropertyTypes", "src/http/compression.d.ts"],
  },
  "packages/client/README.md": {
    folder: "packages/client",
    given: ["declare const token: string", "declare const readAgain: (path: string) => Promise<void>"],
  },
}

const samplesOf = (text: string): readonly string[] =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].flatMap(([, sample]) => sample ?? [])

let failed = 0
for (const [page, { folder, given, with: more = [] }] of Object.entries(pages)) {
  const samples = samplesOf(readFileSync(join(root, page), "utf8")).map((sample) =>
    // The server's package has another name where it is installed.
    sample.replaceAll('from "threadfold"', 'from "@threadfold/server"'),
  )
  const place = join(root, folder, "dist", "samples")
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  const file = join(place, "sample.ts")
  writeFileSync(file, [...samples, ...given, "export {}"].join("\n"))
  const options = ["--noEmit", "--strict", "--noUncheckedIndexedAccess", "--skipLibCheck", "--types", "node"]
  const modules = ["--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext"]
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, ...modules, ...more, file], {
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
