/** Work over the projections: how far it is, and how it is begun and ended. */
import type { RebuildView, VerifyView } from "@threadfold/contracts/api"
import { useEffect, useState } from "react"
import { isProblemOf, newKey } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { useRead } from "../../api/useRead.js"
import { EventStream } from "../../live/EventStream.js"
import { announce, usePage } from "../../shell/PageContext.js"

export type JobView = RebuildView | VerifyView

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

export const useJob = <V extends JobView>(path: string, name: string): Job<V> => {
  const { api, session } = usePage()
  const [view, setView] = useState<V | null>(null)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<PageProblem | null>(null)
  const first = useRead(path, (signal) =>
    api.get<V>(path, {}, { signal }).catch((error: unknown) => {
      if (isProblemOf(error, "job-not-found")) return null
      throw error
    }),
  )
  useEffect(() => setView(first.value), [first.value])

  const isRunning = view?.state === "running"
  const jobId = view?.jobId
  useEffect(() => {
    if (!isRunning) return
    const stream = new EventStream(session.fetch, {
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
  }, [isRunning, jobId, path, session, name])

  const give = async (method: "DELETE" | "POST", body: unknown) => {
    if (busy) return
    setBusy(true)
    setRefusal(null)
    try {
      setView(await api.command<V>(path, body, { key: newKey(), method }))
    } catch (error) {
      setRefusal(asProblem(error))
      // Another client may have begun it.
      if (isProblemOf(error, "job-running")) first.again()
    }
    setBusy(false)
  }
  return {
    view,
    problem: refusal ?? first.problem,
    busy,
    begin: (body) => void give("POST", body),
    cancel: () => void give("DELETE", undefined),
  }
}
