/**
 * The built engine on a data directory, without a server around it: takes submissions as lines of JSON on standard input,
 * answers each one after its commit. Says `ready` first.
 */
import { createInterface } from "node:readline"
import { Engine } from "@threadfold/engine"
import { Effect } from "effect"

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

const main = Effect.gen(function* () {
  const engine = yield* Engine
  say({ ready: true })
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { id, drafts } = JSON.parse(line)
    Effect.runPromise(engine.submit({ drafts })).then(
      ({ results }) => say({ id, results }),
      (error) => say({ id, error: String(error) }),
    )
  })
  yield* Effect.never
}).pipe(Effect.provide(Engine.layerInProcess({ file: process.argv[2] })))

Effect.runFork(main)
