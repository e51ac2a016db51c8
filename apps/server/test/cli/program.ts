/** Runs the program, in this process or built and in child processes, on directories that go away with the test. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { Schema } from "effect"
import { onTestFinished } from "vitest"
import { type Ended, runHere } from "./inProcess.js"

export type { Ended }

/** The built program: what people run, not the sources. */
export const program = fileURLToPath(new URL("../../dist/threadfold.js", import.meta.url))
if (!existsSync(program)) throw new Error(`${program} is not there: build first (npm run build)`)

/** The environment of a child: no data directory, colours or width of the terminal that runs the tests. */
export const cleanEnv = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const { FORCE_COLOR: _force, NO_COLOR: _no, THREADFOLD_DATA_DIR: _dir, NODE_OPTIONS: _options, ...env } = process.env
  return { ...env, ...more }
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Starts the built program; the test's end ends it. */
export const start = (args: readonly string[], { cwd, env = {} }: RunOptions = {}): ChildProcess => {
  const child = spawn(process.execPath, [program, ...args], {
    env: cleanEnv(env),
    stdio: ["pipe", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  return child
}

/** Everything that a child says until it has ended. */
export const ended = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve, reject) => {
    let stdout = ""
    let stderr = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
  })

/** Runs the built program to its end with nothing on its standard input. */
export const built = (args: readonly string[], options?: RunOptions): Promise<Ended> => {
  const child = start(args, options)
  child.stdin?.end()
  return ended(child)
}

/** The same in this process, which takes a twentieth of the time. */
export const threadfold = (args: readonly string[], { env }: Pick<RunOptions, "env"> = {}): Promise<Ended> =>
  runHere(args, env)

/** Runs a command line in this process, expects exit code 0, and gives the one JSON document that it prints, decoded. */
export const document = async <A, I>(
  schema: Schema.Schema<A, I>,
  args: readonly string[],
  run: (args: readonly string[]) => Promise<Ended> = threadfold,
): Promise<A> => {
  const { code, stderr, stdout } = await run([...args, "--json"])
  if (code !== 0) throw new Error(`threadfold ${args.join(" ")} ended with ${code}: ${stderr}`)
  return Schema.decodeUnknownSync(Schema.parseJson(schema), { onExcessProperty: "error" })(stdout)
}

/** The problem that a failed run tells as JSON: on standard error, with nothing on standard output. */
export const problemOf = ({ stderr, stdout }: Pick<Ended, "stderr" | "stdout">): ProblemDetails => {
  if (stdout !== "") throw new Error(`standard output should be empty: ${stdout}`)
  return Schema.decodeUnknownSync(Schema.parseJson(ProblemDetails))(stderr)
}

/** A new directory; a data directory can be made in it. */
export const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-test-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Schema of what `threads --json` prints, by the view of one thread. */
export const threadList = <A, I>(view: Schema.Schema<A, I>) =>
  Schema.Struct({ sequence: Schema.Number, threads: Schema.Array(view), more: Schema.Boolean })
