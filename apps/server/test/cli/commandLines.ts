/**
 * Command lines of the built program, one after the other in one process: the start of a process takes a second of a core, whatever
 * the command. What is about starts, ends, signals and standard input needs a process of its own (`program.ts`).
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { childBundle } from "@threadfold/event-log/testing"
import { build } from "esbuild"
import { afterAll, beforeAll } from "vitest"
import { cleanEnv, type Ended, program } from "./program.js"

/** Runs one command line to its end. */
export type RunLine = (args: readonly string[]) => Promise<Ended>

/** Makes the program that takes command lines, for the tests of a file. Gives the arguments of Node that start it. */
export const lineProgram = (): (() => readonly string[]) => {
  let folder = ""
  beforeAll(async () => {
    folder = mkdtempSync(fileURLToPath(new URL("../../node_modules/.lines-", import.meta.url)))
    const entry = fileURLToPath(new URL("./child/commandLines.mjs", import.meta.url))
    await build({ ...childBundle, entryPoints: [entry], outfile: join(folder, "commandLines.mjs") })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return () => [join(folder, "commandLines.mjs"), dirname(program)]
}

/** Command lines of a process that was started so. */
export const linesOf = ({ stdin, stdout }: ChildProcess): RunLine => {
  if (stdin === null || stdout === null) throw new Error("its input and output are pipes")
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return async (args) => {
    stdin.write(`${JSON.stringify(args)}\n`)
    const { done, value } = await answers.next()
    if (done === true) throw new Error(`the process ended at ${args.join(" ")}`)
    return JSON.parse(value)
  }
}

/**
 * Command lines for all tests of a file, in one process that its first test starts.
 *
 * @param env variables besides those of the tests
 */
export const commandLines = (env: Readonly<Record<string, string>> = {}): RunLine => {
  const start = lineProgram()
  let child: ChildProcess | null = null
  let run: RunLine | null = null
  afterAll(() => {
    child?.kill("SIGKILL")
  })
  return (args) => {
    child ??= spawn(process.execPath, start(), { env: cleanEnv(env), stdio: ["pipe", "pipe", "inherit"] })
    run ??= linesOf(child)
    return run(args)
  }
}
