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

/** A value that can be chosen. */
export interface Offered {
  readonly value: string
  readonly title: string
}

/** The models that an agent offers; none where it does not say. */
export const useModels = (agent: AgentView, wanted: boolean): readonly Offered[] => {
  const { api } = usePage()
  const [models, setModels] = useState<readonly Offered[]>([])
  const can = wanted && agent.capabilities.lists.includes("models")
  useEffect(() => {
    if (!can) return
    const ends = new AbortController()
    api
      .get<typeof AgentModels.Type>(`/v1/agents/${encodeURIComponent(agent.name)}/models`, {}, { signal: ends.signal })
      .then(({ items }) =>
        setModels(
          items.filter(({ hidden }) => !hidden).map(({ model, title }) => ({ value: model, title: title ?? model })),
        ),
      )
      .catch(() => undefined)
    return () => ends.abort()
  }, [api, agent.name, can])
  return models
}
