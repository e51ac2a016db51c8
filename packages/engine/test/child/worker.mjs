// Runs the commands of the session on engines whose writers run in worker threads, and prints both outcomes: submitted by the engine
// on the database of the first argument, and by a port of the engine on that of the second.
import { writeSync } from "node:fs"
import { Effect } from "effect"
import { Engine, openWriterLine } from "../../src/index.ts"
import { story } from "../commandSession.ts"

const [, , first, second] = process.argv

const byPort = Effect.gen(function* () {
  const engine = yield* Engine
  const port = yield* engine.openPort
  const { submit } = yield* openWriterLine(port)
  return yield* Effect.provideService(story, Engine, { ...engine, submit })
}).pipe(Effect.scoped)

const outcomes = await Effect.runPromise(
  Effect.all([
    Effect.provide(story, Engine.layerWorker({ file: first })),
    Effect.provide(byPort, Engine.layerWorker({ file: second })),
  ]),
)
writeSync(1, `${JSON.stringify(outcomes)}\n`)
