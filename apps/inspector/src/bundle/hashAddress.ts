/**
 * Addresses of a bundle: `#/threads/ID?at=5`, behind the address of the page. A server knows none of them, they work in a file, and
 * a page that is loaded again shows its server's log.
 */
import { useSyncExternalStore } from "react"
import type { BaseLocationHook } from "wouter"

const listeners = new Set<() => void>()

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  addEventListener("hashchange", listener)
  addEventListener("popstate", listener)
  return () => {
    listeners.delete(listener)
    removeEventListener("hashchange", listener)
    removeEventListener("popstate", listener)
  }
}

const start = "#/"

/** Whether the address is one of a bundle. */
export const isBundleAddress = (): boolean => location.hash.startsWith(start)

/** Path and query of an address's fragment. */
export const partsOf = (hash: string): { readonly path: string; readonly search: string } => {
  const text = hash.startsWith(start) ? hash.slice(1) : "/"
  const at = text.indexOf("?")
  return at === -1 ? { path: text, search: "" } : { path: text.slice(0, at), search: text.slice(at + 1) }
}

/** Name of the file at a path of an address. One whose letters are in no encoding that is known is shown as the address has it. */
export const fileNameIn = (pathname: string): string => {
  const name = pathname.slice(pathname.lastIndexOf("/") + 1) || "bundle"
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** The query of the address as it is at this moment: a component that is about to go may know an older one. */
export const searchNow = (): string => (isBundleAddress() ? partsOf(location.hash).search : location.search)

const go = (to: string, replace: boolean): void => {
  if (replace) history.replaceState(history.state, "", to)
  else history.pushState(null, "", to)
  for (const listener of listeners) listener()
}

const navigate = (to: string, { replace = false }: { readonly replace?: boolean } = {}): void => go(`#${to}`, replace)

/** Where in the bundle a person is, for the router. */
export const useHashLocation: BaseLocationHook = () => [
  useSyncExternalStore(subscribe, () => partsOf(location.hash).path),
  navigate,
]

/** The query of it. */
export const useHashSearch = (): string => useSyncExternalStore(subscribe, () => partsOf(location.hash).search)

/**
 * Goes to the threads of a bundle that was opened. The first one is shown where the address asks for a place in it.
 *
 * @param anew it takes the place of another one
 */
export const goToBundle = (anew: boolean): void => {
  if (anew) go("#/threads", false)
  else if (!isBundleAddress()) go("#/threads", location.protocol === "file:")
}

/** Goes back to where the page of the server was. */
export const leaveBundle = (): void => {
  if (isBundleAddress()) history.pushState(null, "", location.pathname + location.search)
}
