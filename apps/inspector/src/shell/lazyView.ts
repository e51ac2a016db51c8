/**
 * Components that are loaded when they are first shown. The server may be away just then: it is waited for. What is loaded later is fetched
 * as soon as the page has nothing else to do, so that a view opens without the server, too.
 */
import { type ComponentType, type LazyExoticComponent, lazy as lazyOfReact } from "react"

type Load<P> = () => Promise<{ readonly default: ComponentType<P> }>

const firstPauseMs = 500
const longestPauseMs = 5_000
/** A file that a server which is there does not give this often is not there: the page is of another version. */
const mostRefusals = 2

const isUp = (): Promise<boolean> =>
  fetch("/livez").then(
    ({ ok }) => ok,
    () => false,
  )

/** Loads, and tries again while the server cannot be reached. */
export const patient =
  <A>(
    load: () => Promise<A>,
    { pause = wait, up = isUp }: { pause?: (ms: number) => Promise<void>; up?: () => Promise<boolean> } = {},
  ) =>
  async (): Promise<A> => {
    let refusals = 0
    for (let tries = 0; ; tries += 1) {
      try {
        return await load()
      } catch (error) {
        refusals = (await up()) ? refusals + 1 : 0
        if (refusals >= mostRefusals) throw error
        await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries, 8)))
      }
    }
  }

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

const later: (() => Promise<unknown>)[] = []

/** As `lazy` of React, but patient, and loaded ahead by {@link loadAhead}. */
export const lazy = <P>(load: Load<P>): LazyExoticComponent<ComponentType<P>> => {
  const patiently = patient(load)
  later.push(patiently)
  return lazyOfReact(patiently)
}

/** Loads all that is loaded later, one after the other, when the browser is idle. */
export const loadAhead = async (): Promise<void> => {
  // What is loaded may name more: the views have parts of their own.
  for (let load = later.shift(); load !== undefined; load = later.shift()) {
    await new Promise<void>((go) => {
      if (typeof requestIdleCallback === "function") requestIdleCallback(() => go(), { timeout: 3_000 })
      else setTimeout(go, 200)
    })
    // What cannot be loaded says so when it is shown.
    await load().catch(() => undefined)
  }
}
