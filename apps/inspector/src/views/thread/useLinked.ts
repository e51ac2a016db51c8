/** Shows the item, the turn or the question that the address names (`?item=`, `?turn=`, `?request=`) when a thread is opened. */
import { useEffect, useRef } from "react"
import { useSearchParams } from "wouter"
import type { Entry } from "./entries.js"

/** How often older entries are read for it. */
const mostSteps = 40

/**
 * @param readOlder reads older entries; null: there are none, or some are being read
 * @param show goes to an entry by its place
 */
export const useLinked = (
  entries: readonly Entry[],
  readOlder: (() => void) | null,
  show: (index: number) => void,
): void => {
  const [params] = useSearchParams()
  const wanted = params.get("item") ?? params.get("turn") ?? params.get("request")
  const steps = useRef(0)
  useEffect(() => {
    steps.current = wanted === null ? 0 : mostSteps
  }, [wanted])
  // After every render: what is looked for may have been read. Once it is shown nothing is left to do.
  useEffect(() => {
    if (steps.current === 0 || entries.length === 0) return
    const index = entries.findIndex(({ id }) => id === wanted)
    if (index === -1) {
      if (readOlder === null) return
      steps.current -= 1
      readOlder()
      return
    }
    steps.current = 0
    show(index)
    // What is above and below it is measured now, and has moved it.
    requestAnimationFrame(() => show(index))
  })
}
