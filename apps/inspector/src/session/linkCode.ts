/**
 * The code of the link that `threadfold page` prints: `#code=…`. It is taken out of the address before anything else runs, so that
 * it is in no history, no bookmark and no report. This module is the first import of the page, and imports nothing.
 */

/** The code of an address's fragment; null: it has none. */
export const codeIn = (hash: string): string | null => {
  const found = /^#code=([A-Za-z0-9_-]{1,512})$/.exec(hash)
  return found?.[1] ?? null
}

const take = (): string | null => {
  if (typeof location === "undefined" || !location.hash.startsWith("#code=")) return null
  const code = codeIn(location.hash)
  // A code that cannot be read is taken out, too: it may be most of a real one.
  history.replaceState(history.state, "", location.pathname + location.search)
  return code
}

let code: string | null = take()

/** The code that the page was opened with, once: it opens nothing a second time. */
export const takeCode = (): string | null => {
  const taken = code
  code = null
  return taken
}

/** Calls back with the code of a link that is pasted into the address while the page is open. */
export const onNewCode = (use: (code: string) => void): void => {
  addEventListener("hashchange", () => {
    const found = take()
    if (found !== null) use(found)
  })
}
