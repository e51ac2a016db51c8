/** What agents say of themselves: asked where they run, remembered where they do not. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { AgentListName } from "@threadfold/contracts"
import type { AgentLists, ListOf, ProviderConnection } from "@threadfold/providers"
import { Clock, Context, Effect, Layer, type Scope, Stream } from "effect"
import { type Agent, Agents, oneOfEachAgent } from "./Agents.js"
import { boundedLists, leftOut } from "./boundedLists.js"
import { agentFailure, Connections } from "./connections/Connections.js"
import { AgentFailed, type AgentUnknown, ListUnsupported } from "./Errors.js"
import { Ids } from "./Ids.js"

/** A list as an agent said it. */
export interface Listing<A> {
  /** When, by our clock, ms since the epoch; null: it was not asked yet. */
  readonly asOf: number | null
  readonly value: A | null
  /** Entries that the agent said and that are not kept, because the list was too long. */
  readonly omitted: number
}

export interface AgentListingsService {
  /** The agent was signed in or out: what it said of itself before is not true any more. */
  readonly forget: (agent: string) => void
  /** The models that the agent last named. It is not asked. */
  readonly lastModels: (agent: string) => ListOf["models"]
  /** Whether a connection of the agent is open. */
  readonly isRunning: (agent: string) => boolean
  /**
   * A list of an agent. One that runs is asked, unless it has said nothing new since it was asked last. One that does not run is started
   * only for a refresh, and ended again.
   */
  readonly read: <N extends AgentListName>(
    agent: string,
    list: N,
    refresh: boolean,
  ) => Effect.Effect<Listing<ListOf[N]>, AgentUnknown | AgentFailed | ListUnsupported>
}

/** A list that was read from a connection. */
interface Known<A> extends Listing<A> {
  readonly connectionId: string
  /** How often the agent had said that the list is another. */
  readonly changes: number
}

type Remembered = { readonly [N in AgentListName]?: Known<ListOf[N]> }

/** A connection that can be asked. */
export interface Asked {
  readonly connectionId: string
  readonly connection: ProviderConnection
  /** The folder that it was started in; absent: it works in threads of ours. */
  readonly cwd?: string
}

const changesOf = ({ connection }: Asked, list: AgentListName): number => connection.listChanges?.(list) ?? 0

/** An empty folder, so that an agent which is started for what it says of itself reads nothing of a project. */
const emptyFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-lists-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

/** Starts an agent that works in no thread of ours. What it says on the way is no part of the log. */
export const startAside = (agent: Agent): Effect.Effect<Asked, AgentFailed, Connections | Scope.Scope> =>
  Effect.gen(function* () {
    const cwd = yield* emptyFolder
    const connections = yield* Connections
    const connectionId = yield* Ids.nextNow
    const connection = yield* agent.driver.connect({ connectionId, marks: connections.marks(connectionId), cwd })
    yield* Effect.forkScoped(Stream.runDrain(connection.events))
    return { connectionId, connection, cwd }
  }).pipe(Effect.mapError((failure) => agentFailure(agent, failure)))

const make = Effect.gen(function* () {
  const agents = yield* Agents
  const connections = yield* Connections
  const remembered = new Map<string, Remembered>()
  /** An agent is asked by one call at a time: the others then find what it said. */
  const inTurn = oneOfEachAgent()

  const running = (agent: string): Asked | null =>
    connections.threads.connections.find((one) => one.agent.name === agent) ?? null

  /** The agent, started for its lists, with the thread that it may want for them. */
  const started = (agent: Agent) =>
    Effect.tap(
      Effect.provideService(startAside(agent), Connections, connections),
      ({ connection, connectionId, cwd = "" }) =>
        agent.driver.listsNeedThread === true
          ? Effect.mapError(
              connection.startThread({ threadId: connectionId, cwd, settings: agent.settings }),
              (failure) => agentFailure(agent, failure),
            )
          : Effect.void,
    )

  const ask = <N extends AgentListName>(agent: Agent, list: N, asked: Asked) =>
    Effect.gen(function* () {
      const lists: AgentLists = asked.connection.lists ?? {}
      const asking = lists[list]
      if (asking === undefined) return yield* new ListUnsupported({ agent: agent.name, list })
      const changes = changesOf(asked, list)
      const said = yield* Effect.mapError(asking, (failure) => agentFailure(agent, failure))
      const value = boundedLists[list](said)
      const omitted = leftOut(said, value)
      const known = { asOf: yield* Clock.currentTimeMillis, value, omitted, changes, connectionId: asked.connectionId }
      remembered.set(agent.name, { ...remembered.get(agent.name), [list]: known })
      return known
    })

  const timely = <A, E>(agent: Agent, work: Effect.Effect<A, E>): Effect.Effect<A, E | AgentFailed> => {
    const { answerMs, startMs } = agent.limits
    const limit = startMs === 0 || answerMs === 0 ? 0 : startMs + answerMs
    if (limit === 0) return work
    const message = `Agent ${agent.name} did not answer within ${limit} ms.`
    return Effect.timeoutFail(work, {
      duration: limit,
      onTimeout: () => new AgentFailed({ agent: agent.name, message }),
    })
  }

  const read: AgentListingsService["read"] = (name, list, refresh) =>
    Effect.gen(function* () {
      const agent = yield* agents.get(name)
      if (!agent.driver.capabilities.lists.includes(list)) {
        return yield* new ListUnsupported({ agent: agent.name, list })
      }
      const reading = Effect.suspend(() => {
        const known: Remembered = remembered.get(agent.name) ?? {}
        const last = known[list]
        const live = running(agent.name)
        if (live === null) {
          if (!refresh) return Effect.succeed(last ?? { asOf: null, value: null, omitted: 0 })
          return Effect.scoped(Effect.flatMap(started(agent), (asked) => ask(agent, list, asked)))
        }
        const isNew = last?.connectionId !== live.connectionId || last.changes !== changesOf(live, list)
        return last !== undefined && !refresh && !isNew ? Effect.succeed(last) : ask(agent, list, live)
      })
      return yield* inTurn(agent, timely(agent, reading))
    })

  return AgentListings.of({
    read,
    lastModels: (agent) => remembered.get(agent)?.models?.value ?? [],
    forget: (agent) => void remembered.delete(agent),
    isRunning: (agent) => running(agent) !== null,
  })
})

export class AgentListings extends Context.Tag("@threadfold/orchestrator/AgentListings")<
  AgentListings,
  AgentListingsService
>() {
  static readonly layer: Layer.Layer<AgentListings, never, Agents | Connections> = Layer.effect(AgentListings, make)
}
