/** The order of a transcript: turns, items and requests of a thread each in the order of the server. Pure functions. */

/** One entry of the transcript; what it shows is in the store of its kind. */
export interface Entry {
  readonly kind: "turn" | "prompt" | "item" | "request" | "end"
  readonly id: string
}

/** What is read of a list: entries from `floor` on are there, without gaps. */
export interface Reach {
  /** Id of the oldest entry of those; null: nothing older is missing. */
  readonly floor: string | null
  /** Leads to older entries; null: there are none. */
  readonly cursor: string | null
}

/** What an entry of a transcript needs to be put in its place. Each list is in the order of the server, oldest first. */
export interface Placed {
  /** `asked`: it has a message of the user. */
  readonly turns: readonly { readonly turnId: string; readonly ended: boolean; readonly asked: boolean }[]
  readonly items: readonly { readonly itemId: string; readonly turnId: string | null; readonly kind: string }[]
  readonly requests: readonly {
    readonly requestId: string
    readonly turnId: string | null
    readonly itemId: string | null
    readonly open: boolean
  }[]
}

/** An entry among those of the three lists; the end of a turn has no place of its own. */
interface Merged {
  readonly kind: "turn" | "item" | "request"
  readonly id: string
  readonly turnId: string | null
}

/** The milliseconds of an id: what follows them is random, and says nothing of an order. */
const timeOf = (id: string): string => id.slice(0, "00000000-0000".length)

/** Two lists as one. Neither is put in another order; `isBefore`: the head of the second goes before that of the first. */
const merge = <A extends Merged, B extends Merged>(
  first: readonly A[],
  second: readonly B[],
  isBefore: (other: B, one: A, passed: ReadonlySet<string>) => boolean,
): readonly (A | B)[] => {
  const merged: (A | B)[] = []
  const passed = new Set<string>()
  let at = 0
  const pass = (entry: A | B): void => {
    merged.push(entry)
    passed.add(entry.id)
  }
  for (const one of first) {
    for (let other = second[at]; other !== undefined && isBefore(other, one, passed); other = second[at]) {
      pass(other)
      at += 1
    }
    pass(one)
  }
  for (const other of second.slice(at)) merged.push(other)
  return merged
}

/**
 * All entries of the lists, each list in its own order. Lists are put together by the milliseconds of their ids; in the same one a turn
 * goes before its items, and those go before the next turn; a request follows its item.
 */
export const mergedOf = ({ items, requests, turns }: Placed): readonly Merged[] => {
  const held = new Set(turns.map(({ turnId }) => turnId))
  const withItems = merge(
    turns.map(({ turnId }) => ({ kind: "turn" as const, id: turnId, turnId })),
    items.map(({ itemId, turnId }) => ({ kind: "item" as const, id: itemId, turnId })),
    (item, turn, passed) => {
      const waits = item.turnId !== null && held.has(item.turnId) && !passed.has(item.turnId)
      if (waits) return false
      const [one, other] = [timeOf(item.id), timeOf(turn.id)]
      return one < other || (one === other && item.turnId !== null)
    },
  )
  const all = new Set(withItems.map(({ id }) => id))
  return merge(
    withItems,
    requests.map(({ itemId, requestId, turnId }) => ({ kind: "request" as const, id: requestId, itemId, turnId })),
    (request, entry, passed) => {
      const [one, other] = [timeOf(request.id), timeOf(entry.id)]
      if (one !== other) return one < other
      const waits = [request.itemId, request.turnId].some((id) => id !== null && all.has(id) && !passed.has(id))
      return !waits && (request.itemId !== null || (entry.kind === "turn" && request.turnId !== null))
    },
  )
}

/** The first place from which on all lists are there: what is older would be shown with gaps. */
export const startOf = (merged: readonly Merged[], reaches: readonly Reach[]): number => {
  const floors = new Set(reaches.flatMap(({ cursor, floor }) => (cursor === null || floor === null ? [] : [floor])))
  return floors.size === 0
    ? 0
    : Math.max(
        0,
        merged.findLastIndex(({ id }) => floors.has(id)),
      )
}

/**
 * The entries from where on the lists are there: a turn before its items, the end of a turn after the last of its items, requests that
 * wait at the very end, where they are seen.
 */
export const entriesOf = (placed: Placed, reaches: readonly Reach[]): readonly Entry[] => {
  const { items, requests, turns } = placed
  const merged = mergedOf(placed)
  const shown = merged.slice(startOf(merged, reaches))
  const lastOf = new Map<string, string>()
  for (const { id, kind, turnId } of shown) if (kind === "item" && turnId !== null) lastOf.set(turnId, id)
  // Most agents repeat the message of the user as an item; then it is not shown twice.
  const repeated = new Set(
    items.flatMap(({ kind, turnId }) => (kind === "user_message" && turnId !== null ? [turnId] : [])),
  )
  const isAsked = new Set(turns.flatMap(({ asked, turnId }) => (asked && !repeated.has(turnId) ? [turnId] : [])))
  const isEnded = new Set(turns.flatMap(({ ended: over, turnId }) => (over ? [turnId] : [])))
  const isOpen = new Set(requests.flatMap(({ open, requestId }) => (open ? [requestId] : [])))

  const entries: Entry[] = []
  for (const { id, kind, turnId } of shown) {
    if (kind === "request" && isOpen.has(id)) continue
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
