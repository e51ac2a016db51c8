/** Where the program and what comes with it lie. */
import { fileURLToPath } from "node:url"

/** A file of this package: `src` lies one level below its folder, and so does the flat `dist` that the build makes. */
const installed = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** The package's own manifest. */
export const manifestFile = installed("package.json")

/** The built program. */
export const programFile = installed("dist/threadfold.js")

/** What `bench live` and `bench http` run besides the program, built. */
export const benchPrograms = {
  agent: installed("dist/benchAgent.js"),
  bareServer: installed("dist/bareServer.js"),
  bareHttpServer: installed("dist/bareHttpServer.js"),
}

/** A real Codex session in which the user approves a command. */
export const exampleRecording = installed("examples/codex-02-approval-untrusted-accept.jsonl")
