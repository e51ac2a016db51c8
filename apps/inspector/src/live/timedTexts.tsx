/** The time, for texts such as `5m`: one timer for all of them, and a component renders only when its own text is another. */
import { useCallback, useSyncExternalStore } from "react"
import { ago, duration, fullTime } from "../format/format.js"

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

const tick = () => {
  if (document.hidden) return
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  if (timer === undefined) {
    timer = setInterval(tick, 1_000)
    document.addEventListener("visibilitychange", tick)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
    document.removeEventListener("visibilitychange", tick)
  }
}

/** A text that depends on the time. `make` must be stable. */
export const useTimedText = (make: (now: number) => string): string =>
  useSyncExternalStore(
    subscribe,
    useCallback(() => make(Date.now()), [make]),
  )

/** How long ago something was, with the whole time as tool tip. */
export const Ago = ({ at, className }: { at: number; className?: string | undefined }) => (
  <time className={className} dateTime={new Date(at).toISOString()} title={fullTime(at)}>
    {useTimedText(useCallback((now) => ago(at, now), [at]))}
  </time>
)

/** How long something has been going on. Whole seconds: tenths of a running clock are restless. */
export const Running = ({ className, since }: { since: number; className?: string | undefined }) => (
  <time className={className} title={`since ${fullTime(since)}`}>
    {useTimedText(
      useCallback(
        (now) => duration(Math.max(1, Math.floor((now - since) / 1_000)) * 1_000).replace(".0s", "s"),
        [since],
      ),
    )}
  </time>
)
