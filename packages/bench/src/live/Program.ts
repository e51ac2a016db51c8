/** A program that prints its address on its first line, and ends when its standard input does. */
import { spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { Effect, type Scope } from "effect"
import { type BenchError, ProgramUnavailable } from "../BenchError.js"

/** The end of what a program wrote to its standard error, for a problem's text. */
const lastWords = (log: string): string => {
  const words = readFileSync(log, "utf8").trim().slice(-1_000)
  return words === "" ? "" : ` It said: ${words}`
}

/**
 * Starts it with this Node; its first line. It ends with the scope. Fails with `unavailable` where it ends before.
 *
 * @param log file that takes its standard error: a server writes a line for each call there, which is nothing to look at
 */
export const startProgram = (args: readonly string[], log: string): Effect.Effect<string, BenchError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const file = openSync(log, "a")
      try {
        return spawn(process.execPath, args, { stdio: ["pipe", "pipe", file] })
      } finally {
        closeSync(file)
      }
    }),
    (child) =>
      Effect.async<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.stdin?.end()
      }),
  ).pipe(
    Effect.flatMap((child) =>
      Effect.async<string, BenchError>((resume) => {
        const failed = (message: string) => resume(new ProgramUnavailable({ message }))
        child.once("exit", (code) => failed(`${args[0]} ended with code ${code}.${lastWords(log)}`))
        if (child.stdout === null) return failed(`${args[0]} has no output.`)
        createInterface({ input: child.stdout }).once("line", (line) => resume(Effect.succeed(line)))
      }),
    ),
  )
