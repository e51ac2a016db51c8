/** Where the program and what comes with it lie, and which version it is. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"

/** A file of this package: `src` lies one level below its folder, and so does the flat `dist` that the build makes. */
const installed = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

const Manifest = Schema.parseJson(Schema.Struct({ version: Schema.String }))

/** The version of this program, from its own manifest: semantic, for example `0.1.0`. */
export const version = Schema.decodeUnknownSync(Manifest)(readFileSync(installed("package.json"), "utf8")).version

/** The built program. */
export const programFile = installed("dist/threadfold.js")

/** The built web page. A checkout that was never built has none. */
export const pageFolder = installed("dist/page")

/** The process that runs statements, built. */
export const sqlProgram = installed("dist/sqlChild.js")

/** What `bench live`, `bench http` and `bench gateway` run besides the program, built. */
export const benchPrograms = {
  agent: installed("dist/benchAgent.js"),
  bareServer: installed("dist/bareServer.js"),
  bareHttpServer: installed("dist/bareHttpServer.js"),
  gatewayLoad: installed("dist/gatewayLoad.js"),
}

/** A real Codex session in which the user approves a command. */
export const exampleRecording = installed("examples/codex-02-approval-untrusted-accept.jsonl")
