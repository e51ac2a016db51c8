// Runs the commands of the session on engines whose writers run in worker threads, and prints the outcomes: submitted by the engine
// on the database of the first argument, by a port of the engine on that of the second, and by a port that is opened when the
// writer has ended.
import { writeSync } from "node:fs"
import { Context, Effect, Layer } from "effect"
import { Engine, openWriterLine } from "../../src/index.ts"
import { story } from "../commandSession.ts"

const [, , first, second] = process.argv

const byPort = Effect.gen(function* () {
  const engine = yield* Engine
  const port = yield* engine.openPort
  const { submit } = yield* openWriterLine(port)
  return yield* Effect.provideService(story, Engine, { ...engine, submit })
}).pipe(Effect.scoped)

const afterTheEnd = Effect.gen(function* () {
  const built = yield* Effect.scoped(Layer.build(Engine.layerWorker({ file: first })))
  const engine = Context.get(built, Engine)
  yield* Effect.flip(engine.getMeta(""))
  const { getMeta, submit } = yield* openWriterLine(yield* engine.openPort)
  return yield* Effect.all([Effect.flip(submit({ drafts: [] })), Effect.flip(getMeta(""))])
}).pipe(Effect.scoped)

const outcomes = await Effect.runPromise(
  Effect.all([
    Effect.provide(story, Engine.layerWorker({ file: first })),
    Effect.provide(byPort, Engine.layerWorker({ file: second })),
    afterTheEnd,
  ]),
)
writeSync(1, `${JSON.stringify(outcomes)}\n`)
