/** What the agent of a thread can be asked to do, and what it offers. */
import type { AgentList, AgentModels, AgentView } from "@threadfold/contracts/api"
import { useEffect, useState } from "react"
import { useValue } from "../../live/KeyedStore.js"
import { usePage } from "../../shell/PageContext.js"

/** What is known of the agent: null: not yet; `none`: Threadfold does not run it. */
export type KnownAgent = AgentView | "none" | null

export const useAgent = (name: string | null | undefined): KnownAgent => {
  const { api, feed } = usePage()
  const [agent, setAgent] = useState<KnownAgent>(null)
  const isLive = useValue(feed.state).kind === "live"
  useEffect(() => {
    // A server that comes back may have another configuration.
    if (name === undefined || !isLive) return
    if (name === null) return setAgent("none")
    const ends = new AbortController()
    api
      .get<typeof AgentList.Type>("/v1/agents", {}, { signal: ends.signal })
      .then(({ items }) => setAgent(items.find((one) => one.name === name) ?? "none"))
      // It is asked for again when the connection is back.
      .catch(() => undefined)
    return () => ends.abort()
  }, [api, isLive, name])
  return agent
}

/** A model that can be chosen. */
export interface OfferedModel {
  readonly value: string
  readonly title: string
  /** How much it can think; null: not known. */
  readonly efforts: readonly string[] | null
}

/**
 * The models that an agent offers; none where it does not say. `ask`: a person is about to choose, so that an agent which was not asked
 * yet may be started for it.
 */
export const useModels = (agent: AgentView, wanted: boolean, ask: boolean): readonly OfferedModel[] => {
  const { api } = usePage()
  const [models, setModels] = useState<readonly OfferedModel[]>([])
  const can = wanted && agent.capabilities.lists.includes("models")
  const refresh = ask && models.length === 0
  useEffect(() => {
    if (!can) return
    const ends = new AbortController()
    api
      .get<typeof AgentModels.Type>(
        `/v1/agents/${encodeURIComponent(agent.name)}/models`,
        { refresh: refresh ? true : undefined },
        { signal: ends.signal },
      )
      .then(({ items }) =>
        setModels((known) =>
          items.length === 0
            ? known
            : items
                .filter(({ hidden }) => !hidden)
                .map(({ efforts, model, title }) => ({ value: model, title: title ?? model, efforts })),
        ),
      )
      // Without the list the model stays as it is.
      .catch(() => undefined)
    return () => ends.abort()
  }, [api, agent.name, can, refresh])
  return models
}
