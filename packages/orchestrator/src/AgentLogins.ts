/** Logins to agents that a person does through us: started, looked at, cancelled. One at a time for each agent. */
import type { AgentLogin } from "@threadfold/contracts"
import { Clock, Context, Effect, ExecutionStrategy, Exit, Fiber, Layer, Scope } from "effect"
import { AgentListings, startAside } from "./AgentListings.js"
import { type Agent, Agents, oneOfEachAgent } from "./Agents.js"
import { agentFailure, Connections } from "./connections/Connections.js"
import { type AgentFailed, type AgentUnknown, LoginUnknown, LoginUnsupported } from "./Errors.js"

export interface AgentLoginsService {
  /** Starts the agent for a login. One that waits is cancelled. */
  readonly start: (
    agent: string,
    way: string,
  ) => Effect.Effect<AgentLogin, AgentUnknown | AgentFailed | LoginUnsupported>
  /** The last login. */
  readonly get: (agent: string) => Effect.Effect<AgentLogin, AgentUnknown | LoginUnknown>
  /** Cancels a login that waits. */
  readonly cancel: (agent: string) => Effect.Effect<AgentLogin, AgentUnknown | LoginUnknown>
}

/** For how long a login waits for its person, ms. */
export const loginMs = 15 * 60_000

interface Login {
  view: AgentLogin
  readonly cancel: Effect.Effect<void>
}

const make = Effect.gen(function* () {
  const agents = yield* Agents
  const connections = yield* Connections
  const listings = yield* AgentListings
  const all = yield* Effect.scope
  const logins = new Map<string, Login>()
  const inTurn = oneOfEachAgent()

  const end = (login: Login, status: Exclude<AgentLogin["status"], "pending">, message: string | null = null) =>
    Effect.map(Clock.currentTimeMillis, (endedAt) => {
      if (login.view.status !== "pending") return
      login.view = { ...login.view, status, message, endedAt }
      listings.forget(login.view.agent)
    })

  const known = ({ name }: Agent) =>
    Effect.suspend(() => {
      const login = logins.get(name)
      return login === undefined ? new LoginUnknown({ agent: name }) : Effect.succeed(login)
    })

  const start = (agent: Agent, way: string) =>
    Effect.gen(function* () {
      yield* logins.get(agent.name)?.cancel ?? Effect.void
      // The agent lives for the login, and no longer than this service.
      const scope = yield* Scope.fork(all, ExecutionStrategy.sequential)
      const close = Scope.close(scope, Exit.void)
      const opened = Effect.gen(function* () {
        const { connection } = yield* startAside(agent)
        if (connection.login === undefined) return yield* new LoginUnsupported({ agent: agent.name, way })
        return yield* Effect.mapError(connection.login(way), (failure) =>
          failure._tag === "Unsupported"
            ? new LoginUnsupported({ agent: agent.name, way })
            : agentFailure(agent, failure),
        )
      })
      const started = yield* opened.pipe(
        Scope.extend(scope),
        Effect.provideService(Connections, connections),
        Effect.onError(() => close),
      )
      const startedAt = yield* Clock.currentTimeMillis
      const { code, url } = started
      const login: Login = {
        view: { agent: agent.name, way, status: "pending", url, code, message: null, startedAt, endedAt: null },
        cancel: Effect.suspend(() =>
          login.view.status === "pending"
            ? // First: an agent may say of a cancelled login that it failed.
              Effect.zipRight(end(login, "cancelled"), Effect.ignore(Effect.timeout(started.cancel, 5_000))).pipe(
                Effect.zipRight(Fiber.interrupt(waiting)),
                Effect.asVoid,
              )
            : Effect.void,
        ),
      }
      logins.set(agent.name, login)
      const waiting = yield* started.done.pipe(
        Effect.timeoutFail({
          duration: loginMs,
          onTimeout: () => ({ message: "No person signed in within 15 minutes." }),
        }),
        Effect.matchEffect({
          onSuccess: () => end(login, "succeeded"),
          onFailure: (failure) =>
            end(login, "failed", "message" in failure ? failure.message : "The agent did not answer."),
        }),
        Effect.ensuring(close),
        Effect.forkIn(all),
      )
      return login.view
    })

  return AgentLogins.of({
    start: (name, way) => Effect.flatMap(agents.get(name), (agent) => inTurn(agent, start(agent, way))),
    get: (name) => Effect.map(Effect.flatMap(agents.get(name), known), ({ view }) => view),
    cancel: (name) =>
      Effect.flatMap(agents.get(name), (agent) =>
        inTurn(
          agent,
          Effect.flatMap(known(agent), (login) => Effect.map(login.cancel, () => login.view)),
        ),
      ),
  })
})

export class AgentLogins extends Context.Tag("@threadfold/orchestrator/AgentLogins")<
  AgentLogins,
  AgentLoginsService
>() {
  static readonly layer: Layer.Layer<AgentLogins, never, AgentListings | Agents | Connections> = Layer.scoped(
    AgentLogins,
    make,
  )
}
