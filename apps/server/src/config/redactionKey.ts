/** The key by which a log tells apart ids that hold a secret: 32 random bytes, made once, kept in the log, shown nowhere. */
import { randomBytes } from "node:crypto"
import type { EngineService } from "@threadfold/engine"
import { Effect } from "effect"

const name = "redaction.key"

/** The key of a log, made where there is none. On a disk that takes nothing it is kept for this run alone: no id is stored then. */
export const redactionKey = (engine: EngineService): Effect.Effect<string> =>
  Effect.gen(function* () {
    const made = randomBytes(32).toString("hex")
    const kept = Effect.gen(function* () {
      const known = yield* engine.getMeta(name)
      if (known !== null) return known
      yield* engine.submit({ drafts: [], meta: { [name]: made } })
      return made
    })
    return yield* Effect.orElseSucceed(kept, () => made)
  })
