// Owns the data directory named by its argument until it is killed, and says so.
import { writeSync } from "node:fs"
import { Effect } from "effect"
import { acquireOwnership } from "../../src/Ownership.ts"

const hold = Effect.gen(function* () {
  const { announcePort } = yield* acquireOwnership(process.argv[2], { version: "9.9.9" })
  yield* announcePort(4321)
  writeSync(1, "owned\n")
  yield* Effect.never
})
// A timer keeps the process: a fiber that waits for nothing does not.
setInterval(() => undefined, 60_000)
Effect.runPromise(Effect.scoped(hold)).catch((error) => {
  writeSync(2, `${error.message}\n`)
  process.exit(1)
})
