/** `threadfold agents`: the agents, one of them, and what it says of itself. */
import { Args, Command, Options } from "@effect/cli"
import type { Threadfold } from "@threadfold/client"
import { AgentListName } from "@threadfold/contracts"
import { Effect, Option } from "effect"
import { Finding, usageProblem } from "../failures.js"
import { ask, asProblem, openServer } from "../live.js"
import { currentLook, note, write, writeJson } from "../output.js"
import { accountPage, agentListPage, agentPage, agentsPage } from "../pages/agentsPage.js"
import { dataDir, json } from "../sharedOptions.js"

const name = Args.text({ name: "AGENT" }).pipe(
  Args.withDescription("Name of an agent. Without it: all agents."),
  Args.optional,
)

const list = Args.choice(
  AgentListName.literals.map((one): [string, AgentListName] => [one, one]),
  { name: "LIST" },
).pipe(
  Args.withDescription(
    "What the agent says of itself: models, commands, skills, account, mcp (tool servers) or limits.",
  ),
  Args.optional,
)

const refresh = Options.boolean("refresh").pipe(
  Options.withDescription("Ask the agent now, and start it for that where it does not run."),
)

const way = Options.text("login").pipe(
  Options.withDescription("Start a login by this way of the account: print where to go, and wait for its end."),
  Options.optional,
)

/** Between two looks at a login, ms. */
const lookMs = 1_000

/** Starts a login, says where the person goes, and waits for its end. */
const signIn = (threadfold: Threadfold, agent: string, wanted: string) =>
  Effect.gen(function* () {
    const path = { agent }
    const started = yield* threadfold.call((api) => api.agents.startLogin({ path, payload: { way: wanted } }))
    if (started.url !== null) yield* note(`Open ${started.url}`)
    if (started.code !== null) yield* note(`Enter the code ${started.code}`)
    const look = Effect.delay(
      threadfold.call((api) => api.agents.login({ path })),
      lookMs,
    )
    return yield* Effect.repeat(look, { until: ({ status }) => status !== "pending" }).pipe(
      // Ctrl-C: it is no longer waited for.
      Effect.onInterrupt(() => Effect.ignore(threadfold.call((api) => api.agents.cancelLogin({ path })))),
    )
  }).pipe(Effect.mapError(asProblem))

/** A list whose entries have fields of their own. */
interface Entries {
  readonly agent: string
  readonly asOf: number | null
  readonly items: readonly Readonly<Record<string, unknown>>[]
  readonly omitted: number
}

export const agentsCommand = Command.make("agents", { name, list, refresh, login: way, dataDir, json }, (options) =>
  Effect.gen(function* () {
    if (Option.isSome(options.login) && (Option.isNone(options.name) || Option.isSome(options.list))) {
      return yield* usageProblem("--login WAY belongs to an AGENT, without a LIST.")
    }
    if (options.refresh && Option.isNone(options.list)) {
      return yield* usageProblem("--refresh belongs to an AGENT and a LIST of it.")
    }
    const { threadfold } = yield* openServer(options.dataDir)
    const look = yield* currentLook
    const show = <A>(found: A, page: (found: A) => string) => (options.json ? writeJson(found) : write(page(found)))
    if (Option.isNone(options.name)) {
      const all = yield* ask(threadfold, (api) => api.agents.list())
      return yield* show(all, (found) => agentsPage(look, found))
    }
    const path = { agent: options.name.value }
    if (Option.isSome(options.login)) {
      const ended = yield* signIn(threadfold, path.agent, options.login.value)
      yield* show(ended, ({ message, status }) => `${status}${message === null ? "" : `: ${message}`}\n`)
      return ended.status === "succeeded" ? undefined : yield* new Finding()
    }
    if (Option.isNone(options.list)) {
      const one = yield* ask(threadfold, (api) => api.agents.get({ path }))
      return yield* show(one, (found) => agentPage(look, found))
    }
    const call = { path, urlParams: { refresh: options.refresh } }
    const which = options.list.value
    if (which === "account") {
      const account = yield* ask(threadfold, (api) => api.agents.account(call))
      return yield* show(account, (found) => accountPage(look, found))
    }
    const entries = yield* ask(threadfold, (api): Effect.Effect<Entries, unknown> => {
      switch (which) {
        case "models":
          return api.agents.models(call)
        case "commands":
          return api.agents.commands(call)
        case "skills":
          return api.agents.skills(call)
        case "mcp":
          return api.agents.mcp(call)
        case "limits":
          return api.agents.limits(call)
      }
    })
    yield* show(entries, (found) => agentListPage(look, which, found))
  }),
).pipe(
  Command.withDescription(
    "List the agents, show one with what there is of it, or what it says of itself: its models, commands, skills, account, tool servers and limits.",
  ),
)
