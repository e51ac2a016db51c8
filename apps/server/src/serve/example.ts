/** A recorded session that comes with the program, so that a first look has something to look at. */
import { fileURLToPath } from "node:url"
import type { Problem } from "@threadfold/contracts"
import { Engine } from "@threadfold/engine"
import { Effect } from "effect"
import { importCodexAppServer } from "../import/CodexAppServer.js"

/** A real Codex session in which the user approves a command; beside `src` and `dist`. */
export const exampleRecording = fileURLToPath(
  new URL("../../examples/codex-02-approval-untrusted-accept.jsonl", import.meta.url),
)

/**
 * Imports the example into an empty log; a log with anything in it stays as it is. The caller owns the data directory
 * and has no engine open on it. Returns how many events were added.
 */
export const loadExample = (file: string): Effect.Effect<number, Problem> =>
  Effect.gen(function* () {
    const { log } = yield* Engine
    const head = yield* Effect.orDie(log.head)
    if (head > 0) return 0
    return (yield* importCodexAppServer({ files: [exampleRecording] })).events
  }).pipe(Effect.provide(Engine.layerInProcess({ file, owner: "held" })))
