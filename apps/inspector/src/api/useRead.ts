/** What a component reads of the server while it is shown. */
import { useCallback, useEffect, useRef, useState } from "react"
import { asProblem, type PageProblem } from "./PageProblem.js"

export interface Reading<A> {
  /** The last answer; null: none came yet. */
  readonly value: A | null
  /** Why the last call failed; null: it did not. */
  readonly problem: PageProblem | null
  readonly busy: boolean
  /** Reads it again; what is shown stays until then. */
  readonly again: () => void
}

interface Result<A> {
  readonly key: string
  readonly value: A | null
  readonly problem: PageProblem | null
}

/** Reads what `key` names, and again whenever it names something else; null: nothing. */
export const useRead = <A>(key: string | null, read: (signal: AbortSignal) => Promise<A>): Reading<A> => {
  const [result, setResult] = useState<Result<A> | null>(null)
  const [busy, setBusy] = useState(key !== null)
  const [tries, setTries] = useState(0)
  const latest = useRef(read)
  latest.current = read
  useEffect(() => {
    if (key === null) return
    const ends = new AbortController()
    setBusy(true)
    latest
      .current(ends.signal)
      .then(
        (value) => setResult({ key, value, problem: null }),
        (error: unknown) => {
          if (ends.signal.aborted) return
          setResult((last) => ({ key, value: last?.key === key ? last.value : null, problem: asProblem(error) }))
        },
      )
      .finally(() => {
        if (!ends.signal.aborted) setBusy(false)
      })
    return () => ends.abort()
  }, [key, tries])
  const again = useCallback(() => setTries((count) => count + 1), [])
  const mine = result?.key === key ? result : null
  return { value: mine?.value ?? null, problem: mine?.problem ?? null, busy, again }
}

/** Calls it again and again while the page is seen. */
export const useEvery = (ms: number, again: () => void): void => {
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) again()
    }, ms)
    return () => clearInterval(timer)
  }, [ms, again])
}
