/** Logins of Codex. A notification tells when the person has signed in, by the id that the start was answered with. */
import { Deferred, Effect, FiberId } from "effect"
import { type LoginStarted, type ProviderFailure, Refused, Unsupported } from "../../ProviderDriver.js"
import { type Fields, hintText, isFields } from "../../runtime/readFields.js"

const provider = "codex"

/** The ways that can be started from here. */
const ways: ReadonlySet<string> = new Set(["chatgpt", "chatgptDeviceCode"])

/** Logins that were started on a connection. */
export interface Logins {
  /** The agent said something. */
  readonly observe: (method: string, params: Fields) => void
  readonly start: (
    way: string,
    ask: (method: string, params: Fields) => Effect.Effect<unknown, ProviderFailure>,
  ) => Effect.Effect<LoginStarted, ProviderFailure>
}

export const makeLogins = (): Logins => {
  const waiting = new Map<string, Deferred.Deferred<void, Refused>>()
  const refuse = (message: string) => new Refused({ provider, operation: "login", message })
  return {
    observe: (method, params) => {
      if (method !== "account/login/completed") return
      const loginId = hintText(params, "loginId")
      const login = loginId === undefined ? undefined : waiting.get(loginId)
      if (loginId === undefined || login === undefined) return
      waiting.delete(loginId)
      const message = hintText(params, "error") ?? "Codex does not say why."
      Deferred.unsafeDone(login, params.success === true ? Effect.void : refuse(message))
    },
    start: (way, ask) =>
      Effect.gen(function* () {
        if (!ways.has(way)) return yield* new Unsupported({ provider, operation: "login" })
        const answer = yield* ask("account/login/start", { type: way })
        const said = isFields(answer) ? answer : {}
        const loginId = hintText(said, "loginId")
        if (loginId === undefined) return yield* refuse("Codex started the login without an id.")
        const done = Deferred.unsafeMake<void, Refused>(FiberId.none)
        waiting.set(loginId, done)
        return {
          url: hintText(said, "authUrl") ?? hintText(said, "verificationUrl") ?? null,
          code: hintText(said, "userCode") ?? null,
          done: Deferred.await(done),
          cancel: Effect.asVoid(ask("account/login/cancel", { loginId })),
        }
      }),
  }
}
