// Tells the story to an engine whose writer runs in a worker thread, on the database named by the argument, and prints it.
import { writeSync } from "node:fs"
import { Effect } from "effect"
import { Engine } from "../../src/index.ts"
import { story } from "../commandSession.ts"

const told = await Effect.runPromise(Effect.provide(story, Engine.layerWorker({ file: process.argv[2] })))
writeSync(1, `${JSON.stringify(told)}\n`)
