/**
 * The built program as Node loads it, for one command line after the other in one process: each comes as a line of JSON on standard
 * input, and is answered with what it printed and its exit code. Argument: the folder of the built program. `TEST_PLATFORM`: the
 * platform that the program is told it runs on.
 */
import "../../../src/heap.ts"
import { createInterface } from "node:readline"
import { Effect } from "effect"
import { compiledProgram } from "../../../src/compiledProgram.ts"

const program = compiledProgram(process.argv[2] ?? "")
if (program === null) throw new Error("V8 does not take its form of the program: build again")
const { main } = program
const { TEST_PLATFORM: platform } = process.env
if (platform !== undefined) Object.defineProperty(process, "platform", { value: platform })

const answer = process.stdout.write.bind(process.stdout)
const said = { stdout: "", stderr: "" }
for (const name of ["stdout", "stderr"]) {
  process[name].write = (piece, ...rest) => {
    said[name] += String(piece)
    for (const done of rest) if (typeof done === "function") done()
    return true
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  said.stdout = ""
  said.stderr = ""
  const code = await Effect.runPromise(main(["node", "threadfold", ...JSON.parse(line)]))
  answer(`${JSON.stringify({ code, signal: null, ...said })}\n`)
}
process.exit(0)
