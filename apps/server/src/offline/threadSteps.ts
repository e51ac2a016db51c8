/** `step` without a terminal: the steps of a thread as a list, each with its event, what it changed and what was refused. */
import { type TimelineStep, timelineStep, walkRows } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import type { LogDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import { requireContent } from "./moments.js"

/** A step of the list. */
export type ListedStep = Pick<TimelineStep, "event" | "rows" | "anomalies">

/** The steps from a sequence on, at most so many. */
export interface StepList {
  readonly threadId: string
  readonly steps: readonly ListedStep[]
  /** True: there are more. */
  readonly more: boolean
}

/** Throws the problem where the log has no such thread, and where what is asked for of a purged one is gone. */
export const threadSteps = (
  driver: LogDriver,
  { from, limit, threadId }: { readonly threadId: string; readonly from: number; readonly limit: number },
  onEvents: (count: number) => void = () => undefined,
): StepList => {
  // What is left of a purged thread is one step, and that would tell nothing of those before it.
  requireContent(driver, threadId, from)
  const steps: ListedStep[] = []
  for (const step of walkRows(threadId, eventsOf(eventSourceOf(driver), threadId, onEvents))) {
    if (step.event.sequence < from) continue
    if (steps.length >= limit) return { threadId, steps, more: true }
    const { anomalies, event, rows } = timelineStep(threadId, step)
    steps.push({ event, rows, anomalies })
  }
  return { threadId, steps, more: false }
}
