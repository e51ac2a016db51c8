/** What an agent says of itself, for a client that shows it. */
import {
  AgentAccount,
  AgentCommand,
  AgentLimit,
  type AgentListName,
  AgentMcpServer,
  AgentModel,
  AgentSkill,
} from "@threadfold/contracts"
import { type Effect, Schema } from "effect"
import type { ProviderFailure } from "../ProviderDriver.js"

/** What each list holds. */
export interface ListOf {
  readonly models: readonly AgentModel[]
  readonly commands: readonly AgentCommand[]
  readonly skills: readonly AgentSkill[]
  readonly account: AgentAccount
  readonly mcp: readonly AgentMcpServer[]
  readonly limits: readonly AgentLimit[]
}

/** Reads a list. Throws where the value is none. */
export const readList: { readonly [N in AgentListName]: (value: unknown) => ListOf[N] } = {
  models: Schema.decodeUnknownSync(Schema.Array(AgentModel)),
  commands: Schema.decodeUnknownSync(Schema.Array(AgentCommand)),
  skills: Schema.decodeUnknownSync(Schema.Array(AgentSkill)),
  account: Schema.decodeUnknownSync(AgentAccount),
  mcp: Schema.decodeUnknownSync(Schema.Array(AgentMcpServer)),
  limits: Schema.decodeUnknownSync(Schema.Array(AgentLimit)),
}

/** A list as the agent gives it; absent: it has none. It waits for the agent's answer. */
export type AgentLists = {
  readonly [N in AgentListName]?: Effect.Effect<ListOf[N], ProviderFailure>
}

/** How often the agent has said, by itself, that one of its lists is another. */
export interface ListChanges {
  readonly count: (list: AgentListName) => void
  readonly of: (list: AgentListName) => number
}

export const makeListChanges = (): ListChanges => {
  const counts = new Map<AgentListName, number>()
  const of = (list: AgentListName): number => counts.get(list) ?? 0
  return { of, count: (list) => void counts.set(list, of(list) + 1) }
}
