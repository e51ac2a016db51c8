/** The configured agents: what a thread's `agent` names. */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Projections } from "@threadfold/projections"
import type { Capabilities, ProviderDriver } from "@threadfold/providers"
import { Context, Effect, Layer } from "effect"
import { AgentCannot, AgentUnknown } from "./Errors.js"

/** How long things may take and how many may be, per agent. All in milliseconds; 0: no limit. */
export interface AgentLimits {
  /** A session's start, from the spawn of the process to the open thread. */
  readonly startMs: number
  /** The provider's acknowledgement of an effect; after it the effect is uncertain. */
  readonly answerMs: number
  /** From the delivery of a turn that the provider accepted to its start, the host awake; after it the turn failed. */
  readonly turnStartMs: number
  /** From an interrupt to the end of the turn; after it the session is stopped. */
  readonly interruptMs: number
  /** A turn, times in which it waits for a person not counted; after it the turn is interrupted. */
  readonly turnMs: number
  /** A turn that only retries; after it the turn is interrupted. Some agents retry for ever. */
  readonly retryMs: number
}

/** What holds where the configuration says nothing. */
export const defaultLimits: AgentLimits = {
  startMs: 60_000,
  answerMs: 30_000,
  turnStartMs: 60_000,
  interruptMs: 10_000,
  turnMs: 4 * 3_600_000,
  retryMs: 300_000,
}

/** One configured agent. */
export interface Agent {
  /** Its name: what a thread's `agent` says. */
  readonly name: string
  readonly driver: ProviderDriver
  /** Model of its threads, where neither thread nor message says one. */
  readonly model: string | null
  /** Settings of its sessions, in the provider's words; a thread's own ones win. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly limits: AgentLimits
}

export interface AgentsService {
  /** All of them, in the order of the configuration. */
  readonly all: readonly Agent[]
  /** The agent of a name. */
  readonly get: (name: string) => Effect.Effect<Agent, AgentUnknown>
}

export class Agents extends Context.Tag("@threadfold/orchestrator/Agents")<Agents, AgentsService>() {
  /** These agents; of two with one name the first. */
  static readonly layer = (all: readonly Agent[]): Layer.Layer<Agents> =>
    Layer.succeed(Agents, {
      all,
      get: (name) => {
        const found = all.find((agent) => agent.name === name)
        return found === undefined
          ? new AgentUnknown({ name, known: all.map((one) => one.name) })
          : Effect.succeed(found)
      },
    })
}

/** Lets one piece of work of an agent go on at a time; that of several agents goes on side by side. */
export const oneOfEachAgent = () => {
  const turns = new Map<string, Effect.Semaphore>()
  return <A, E, R>({ name }: Agent, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
    const turn = turns.get(name) ?? Effect.unsafeMakeSemaphore(1)
    turns.set(name, turn)
    return turn.withPermits(1)(work)
  }
}

/** The name of something that an agent can be asked to do: a field of its capabilities. */
export type Ability = keyof Capabilities

/**
 * Fails with {@link AgentCannot} where the agent of the thread cannot do this. Of a thread that is not there, or that has no agent, the
 * command is left to say so.
 *
 * @param what the wish, as the end of "The agent X cannot …"
 */
export const requireAbility = (
  threadId: string,
  ability: Ability,
  what: string,
): Effect.Effect<void, AgentCannot | AgentUnknown | StorageUnavailable, Agents | Projections> =>
  Effect.gen(function* () {
    const agents = yield* Agents
    const projections = yield* Projections
    const name = (yield* projections.threadWork(threadId))?.thread.agent ?? null
    if (name === null) return
    const { driver } = yield* agents.get(name)
    if (!driver.capabilities[ability]) return yield* new AgentCannot({ agent: name, ability, what })
  })
