/** What this server holds and no log may: its token, and the secrets of its environment. */
import { type HeldSecrets, secretValues } from "@threadfold/providers"
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
