/** Work over the projections: how far it is, and how it is begun and ended. */
import type { CheckView, ProjectionWork, RebuildView, VerifyView } from "@threadfold/contracts/api"
import { useEffect, useState } from "react"
import { isProblemOf, newKey } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { type Reading, useRead } from "../../api/useRead.js"
import { EventStream } from "../../live/EventStream.js"
import { announce, usePage } from "../../shell/PageContext.js"

export type JobView = CheckView | RebuildView | VerifyView

/** The work of every kind, as it was when the view was shown. One read: asking for one kind of which there was none is a failure. */
export const useWork = (): Reading<ProjectionWork> => {
  const { api } = usePage()
  return useRead("projections", (signal) => api.get<ProjectionWork>("/v1/projections", {}, { signal }))
}

export interface Job<V> {
  /** The work that runs, or the last one; null: there was none. */
  readonly view: V | null
  readonly problem: PageProblem | null
  readonly busy: boolean
  readonly begin: (body: unknown) => void
  readonly cancel: () => void
}

/** How much of the work is done, from 0 to 1; null: not known yet. */
export const partDone = ({ events, totalEvents }: Pick<JobView, "events" | "totalEvents">): number | null =>
  totalEvents === null || totalEvents === 0 ? null : Math.min(1, events / totalEvents)

/** Work of one kind. @param work the work of every kind */
export const useJob = <K extends keyof ProjectionWork>(
  kind: K,
  name: string,
  work: Reading<ProjectionWork>,
): Job<NonNullable<ProjectionWork[K]>> => {
  type V = NonNullable<ProjectionWork[K]>
  const { api } = usePage()
  const path = `/v1/projections/${kind}`
  const [view, setView] = useState<V | null>(null)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<PageProblem | null>(null)
  const first = work.value?.[kind] ?? null
  useEffect(() => setView(first), [first])

  const isRunning = view?.state === "running"
  const jobId = view?.jobId
  useEffect(() => {
    if (!isRunning) return
    const stream = new EventStream(api.fetch, {
      path,
      ends: true,
      take: ({ data, event }) => {
        if (event !== "progress") return
        const next: V = JSON.parse(data)
        setView(next)
        if (next.state !== "running") announce(`${name}: ${next.state}`)
      },
    })
    stream.start()
    return () => stream.stop()
  }, [api, isRunning, jobId, path, name])

  const give = async (method: "DELETE" | "POST", body: unknown) => {
    if (busy) return
    setBusy(true)
    setRefusal(null)
    try {
      setView(await api.command<V>(path, body, { key: newKey(), method }))
    } catch (error) {
      setRefusal(asProblem(error))
      // Another client may have begun it.
      if (isProblemOf(error, "job-running")) work.again()
    }
    setBusy(false)
  }
  return {
    view,
    problem: refusal ?? work.problem,
    busy,
    begin: (body) => void give("POST", body),
    cancel: () => void give("DELETE", undefined),
  }
}
