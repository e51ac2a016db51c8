/** The order of a transcript: turns, items and requests of a thread by their time-ordered ids. Pure functions. */

/** One entry of the transcript; what it shows is in the store of its kind. */
export interface Entry {
  readonly kind: "turn" | "prompt" | "item" | "request" | "end"
  readonly id: string
}

/** What is read of a list: entries from `floor` on are there, without gaps. */
export interface Reach {
  /** Empty: to the beginning. */
  readonly floor: string
  /** Leads to older entries; null: there are none. */
  readonly cursor: string | null
}

/** Ids up to this one may be missing. */
export const after = (id: string | null): string => (id === null ? "" : `${id}\u0000`)

/** From where on all lists are there: what is older would be shown with gaps. */
export const horizonOf = (reaches: readonly Reach[]): string => {
  let highest = ""
  for (const { floor } of reaches) if (floor > highest) highest = floor
  return highest
}

/** What an entry of a transcript needs to be put in its place. */
export interface Placed {
  /** `asked`: it has a message of the user. */
  readonly turns: readonly { readonly turnId: string; readonly ended: boolean; readonly asked: boolean }[]
  readonly items: readonly { readonly itemId: string; readonly turnId: string | null; readonly kind: string }[]
  readonly requests: readonly { readonly requestId: string; readonly open: boolean }[]
}

/** The first place from which on ids are not lower. Both lists are sorted. */
const from = <A>(list: readonly A[], idOf: (one: A) => string, horizon: string): readonly A[] => {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const one = list[middle]
    if (one !== undefined && idOf(one) < horizon) low = middle + 1
    else high = middle
  }
  return list.slice(low)
}

/**
 * The entries from a horizon on: a turn before its items, the end of a turn after the last of its items, requests that wait at the very
 * end, where they are seen. `turns`, `items` and `requests` are sorted by their ids.
 */
export const entriesOf = ({ items, requests, turns }: Placed, horizon: string): readonly Entry[] => {
  const shownTurns = from(turns, ({ turnId }) => turnId, horizon)
  const shownItems = from(items, ({ itemId }) => itemId, horizon)
  const ended = from(requests, ({ requestId }) => requestId, horizon).filter(({ open }) => !open)
  const lastOf = new Map<string, string>()
  for (const { itemId, turnId } of shownItems) if (turnId !== null) lastOf.set(turnId, itemId)
  // Most agents repeat the message of the user as an item; then it is not shown twice.
  const repeated = new Set(
    items.flatMap(({ kind, turnId }) => (kind === "user_message" && turnId !== null ? [turnId] : [])),
  )
  const isAsked = new Set(turns.flatMap(({ asked, turnId }) => (asked && !repeated.has(turnId) ? [turnId] : [])))
  const isEnded = new Set(turns.flatMap(({ ended: over, turnId }) => (over ? [turnId] : [])))

  const sorted = [
    ...shownTurns.map(({ turnId }) => ({ kind: "turn" as const, id: turnId, turnId: null })),
    ...shownItems.map(({ itemId, turnId }) => ({ kind: "item" as const, id: itemId, turnId })),
    ...ended.map(({ requestId }) => ({ kind: "request" as const, id: requestId, turnId: null })),
  ].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))

  const entries: Entry[] = []
  for (const { id, kind, turnId } of sorted) {
    entries.push({ kind, id })
    if (kind === "turn" && isAsked.has(id)) entries.push({ kind: "prompt", id })
    if (kind === "item" && turnId !== null && lastOf.get(turnId) === id && isEnded.has(turnId)) {
      entries.push({ kind: "end", id: turnId })
    }
    if (kind === "turn" && !lastOf.has(id) && isEnded.has(id)) entries.push({ kind: "end", id })
  }
  for (const { open, requestId } of requests) if (open) entries.push({ kind: "request", id: requestId })
  return entries
}

/** The entries that were shown, if they are still right: then nothing is rendered for them. */
export const sameEntries = (shown: readonly Entry[], now: readonly Entry[]): readonly Entry[] =>
  shown.length === now.length && shown.every(({ id, kind }, index) => now[index]?.id === id && now[index].kind === kind)
    ? shown
    : now
