/** A program that says on its first line where it is, and ends when its standard input does. */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Problem } from "@threadfold/contracts"
import { Effect, type Scope } from "effect"

/** Starts it with this Node; its first line. It ends with the scope. Fails with `unavailable` where it ends before. */
export const startProgram = (args: readonly string[]): Effect.Effect<string, Problem, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] })),
    (child) =>
      Effect.async<void>((resume) => {
        if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.stdin.end()
      }),
  ).pipe(
    Effect.flatMap((child) =>
      Effect.async<string, Problem>((resume) => {
        const failed = (detail: string) => resume(new Problem({ slug: "unavailable", detail }))
        child.once("exit", (code) => failed(`${args[0]} ended with code ${code}.`))
        createInterface({ input: child.stdout }).once("line", (line) => resume(Effect.succeed(line)))
      }),
    ),
  )
