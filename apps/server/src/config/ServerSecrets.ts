/** What this server holds and no log may: its token, the secrets of its environment, the key of the log. */
import { randomBytes } from "node:crypto"
import type { EngineService } from "@threadfold/engine"
import { type HeldSecrets, secretValues } from "@threadfold/providers"
import { Effect } from "effect"
import { type Environment, wholeEnvironment } from "./Environment.js"

export class ServerSecrets implements HeldSecrets {
  readonly values: readonly string[]
  /** Places from which a secret was taken before it was recorded, since the server started. */
  removed = 0
  /** Key of the log, once it is open; see {@link HeldSecrets.idKey}. */
  idKey: string | undefined = undefined

  constructor(token: string, env: Environment = wholeEnvironment()) {
    this.values = [token, ...secretValues(env)]
  }

  readonly onRedacted = (): void => {
    this.removed += 1
  }
}

/** Under which name the log keeps its key. */
const keyName = "redaction.key"

/**
 * The key by which ids that hold a secret are replaced, so that two of them stay two: 32 random bytes, made once for a log and stored
 * in it, and never shown. Where the database refuses to store it, it is kept in memory for this run: no id is stored then either.
 */
export const redactionKey = (engine: EngineService): Effect.Effect<string> =>
  Effect.gen(function* () {
    const made = randomBytes(32).toString("hex")
    const kept = Effect.gen(function* () {
      const known = yield* engine.getMeta(keyName)
      if (known !== null) return known
      yield* engine.submit({ drafts: [], meta: { [keyName]: made } })
      return made
    })
    return yield* Effect.orElseSucceed(kept, () => made)
  })
