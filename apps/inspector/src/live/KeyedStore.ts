/**
 * Values by key, outside React. A component subscribes to one key, so that a row that changes renders itself alone.
 */
import { useCallback, useSyncExternalStore } from "react"

type Listener = () => void

export class KeyedStore<V> {
  readonly #values = new Map<string, V>()
  readonly #listeners = new Map<string, Set<Listener>>()

  get = (key: string): V | undefined => this.#values.get(key)

  get size(): number {
    return this.#values.size
  }

  keys(): IterableIterator<string> {
    return this.#values.keys()
  }

  set(key: string, value: V): void {
    if (this.#values.get(key) === value) return
    this.#values.set(key, value)
    this.#tell(key)
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#tell(key)
  }

  clear(): void {
    const keys = [...this.#values.keys()]
    this.#values.clear()
    for (const key of keys) this.#tell(key)
  }

  subscribe(key: string, listener: Listener): () => void {
    const of = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, of.add(listener))
    return () => {
      of.delete(listener)
      if (of.size === 0 && this.#listeners.get(key) === of) this.#listeners.delete(key)
    }
  }

  #tell(key: string): void {
    for (const listener of this.#listeners.get(key) ?? []) listener()
  }
}

/** One value that components subscribe to. */
export class ValueStore<V> {
  #value: V
  readonly #listeners = new Set<Listener>()

  constructor(first: V) {
    this.#value = first
  }

  readonly get = (): V => this.#value

  readonly set = (value: V): void => {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of this.#listeners) listener()
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** The value of a key, as it changes. */
export const useKey = <V>(store: KeyedStore<V>, key: string): V | undefined =>
  useSyncExternalStore(
    useCallback((listener) => store.subscribe(key, listener), [store, key]),
    () => store.get(key),
  )

/** The value of a store, as it changes. */
export const useValue = <V>(store: Pick<ValueStore<V>, "get" | "subscribe">): V =>
  useSyncExternalStore(store.subscribe, store.get)
