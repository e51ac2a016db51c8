/** What the palette finds on the server for what is written: threads by their titles, places by number or id, words in all that was said. */
import type { EventEnvelope, SearchHit, ThreadView } from "@threadfold/contracts"
import { type Api, type Page, pathWith } from "../api/Api.js"
import { ValueStore } from "../live/KeyedStore.js"
import type { PageCommand } from "../shell/commands.js"

/** A place that a number or an id leads to. */
export interface Jump {
  readonly href: string
  readonly title: string
}

export interface Found {
  readonly jumps: readonly Jump[]
  readonly threads: readonly ThreadView[]
  readonly hits: readonly SearchHit[]
  readonly loading: boolean
}

/** A person pauses so long between two letters at most, ms. */
const writingMs = 120
const mostThreads = 8
const mostHits = 12

const nothing: Found = { jumps: [], threads: [], hits: [], loading: false }

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The sequence that a text names: `1234`, `#1234`, `1,234`; null: none. */
export const sequenceIn = (text: string): number | null => {
  const digits = /^#?(\d{1,3}(?:,\d{3})+|\d{1,15})$/.exec(text.trim())?.[1]
  return digits === undefined ? null : Number(digits.replaceAll(",", ""))
}

/** The words as the search takes them while they are written: the last one is a beginning. */
export const asBeginning = (text: string): string => {
  const words = text.trim()
  return /[\p{L}\p{N}]{2}$/u.test(words) && !words.includes('"') && !/\bOR$/.test(words) ? `${words}*` : words
}

/** How well a command meets what is written: a lower number is better; null: not at all. */
const rankOf = ({ group, title }: PageCommand, words: readonly string[]): number | null => {
  const text = `${title} ${group}`.toLowerCase()
  if (!words.every((word) => text.includes(word))) return null
  return text.startsWith(words.join(" ")) ? 0 : 1
}

/** The commands that meet what is written, the best first; each once, and none that cannot be done now. */
export const commandsFor = (list: readonly PageCommand[], text: string): readonly PageCommand[] => {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
  const seen = new Set<string>()
  const found = list.flatMap((command) => {
    const rank = command.enabled === false || seen.has(command.id) ? null : rankOf(command, words)
    if (rank === null) return []
    seen.add(command.id)
    return [{ command, rank }]
  })
  return found.sort((a, b) => a.rank - b.rank).map(({ command }) => command)
}

/** A text in pieces: what matched, and what stands between. */
export const piecesOf = (
  text: string,
  matches: readonly { readonly from: number; readonly to: number }[],
): readonly { readonly text: string; readonly matched: boolean }[] => {
  const pieces: { readonly text: string; readonly matched: boolean }[] = []
  let at = 0
  for (const { from, to } of [...matches].sort((a, b) => a.from - b.from)) {
    const start = Math.max(at, from)
    if (to <= start) continue
    if (start > at) pieces.push({ text: text.slice(at, start), matched: false })
    pieces.push({ text: text.slice(start, to), matched: true })
    at = to
  }
  if (at < text.length) pieces.push({ text: text.slice(at), matched: false })
  return pieces
}

const threadPlace = (threadId: string): string => `/threads/${encodeURIComponent(threadId)}`

/** Where what was found is shown: in its thread, at its item, question or turn. */
export const placeOf = ({ itemId, requestId, threadId, turnId }: SearchHit): string =>
  pathWith(
    threadPlace(threadId),
    itemId !== null ? { item: itemId } : requestId !== null ? { request: requestId } : { turn: turnId },
  )

export class PaletteSearch {
  readonly found = new ValueStore<Found>(nothing)
  #timer: ReturnType<typeof setTimeout> | undefined
  #ends: AbortController | null = null

  constructor(private readonly api: Pick<Api, "get">) {}

  /** Looks for a text when a person pauses; what is looked for is left. An empty one finds the newest threads. */
  readonly search = (text: string): void => {
    this.close()
    const words = text.trim()
    if (words.startsWith(">")) {
      this.found.set(nothing)
      return
    }
    this.found.set({ ...this.found.get(), loading: true })
    this.#timer = setTimeout(() => void this.#look(words), words === "" ? 0 : writingMs)
  }

  /** Ends what is being read. */
  readonly close = (): void => {
    clearTimeout(this.#timer)
    this.#ends?.abort()
  }

  async #look(words: string): Promise<void> {
    const ends = new AbortController()
    this.#ends = ends
    const { signal } = ends
    // One that fails leaves the others: words that the search cannot read may be a title.
    const orNone = <A>(read: Promise<readonly A[]>): Promise<readonly A[]> => read.catch(() => [])
    const [jumps, threads, hits] = await Promise.all([
      orNone(this.#jumps(words, signal)),
      orNone(this.#threads(words, signal)),
      orNone(this.#hits(words, signal)),
    ])
    if (!signal.aborted) this.found.set({ jumps, threads, hits, loading: false })
  }

  async #threads(text: string, signal: AbortSignal): Promise<readonly ThreadView[]> {
    const query = { text: text.slice(0, 200), sort: "updatedAt", limit: mostThreads }
    return (await this.api.get<Page<ThreadView>>("/v1/threads", query, { signal })).items
  }

  async #hits(words: string, signal: AbortSignal): Promise<readonly SearchHit[]> {
    if (words.length < 2 || uuid.test(words) || sequenceIn(words) !== null) return []
    const query = { q: asBeginning(words), limit: mostHits }
    return (await this.api.get<Page<SearchHit>>("/v1/search", query, { signal })).items
  }

  async #jumps(words: string, signal: AbortSignal): Promise<readonly Jump[]> {
    const sequence = sequenceIn(words)
    if (sequence !== null) return this.#toSequence(sequence, signal)
    return uuid.test(words) ? this.#toId(words, signal) : []
  }

  async #toSequence(sequence: number, signal: AbortSignal): Promise<readonly Jump[]> {
    const { streamId, type } = await this.api.get<EventEnvelope>(`/v1/events/${sequence}`, {}, { signal })
    return [
      { href: `/log?at=${sequence}`, title: `Event ${sequence.toLocaleString("en")} in the log: ${type}` },
      { href: `${threadPlace(streamId)}?at=${sequence}`, title: `The thread as it was after event ${sequence}` },
    ]
  }

  /** An id says what it is of by what answers to it. */
  async #toId(id: string, signal: AbortSignal): Promise<readonly Jump[]> {
    const kinds = [
      ["threads", "Thread"],
      ["turns", "Turn"],
      ["items", "Item"],
      ["requests", "Question"],
      ["sessions", "Session"],
    ] as const
    const tries = await Promise.all(
      kinds.map(async ([path, title]): Promise<readonly Jump[]> => {
        const query = path === "threads" ? { limit: 1 } : {}
        try {
          const row = await this.api.get<{ readonly threadId?: string }>(`/v1/${path}/${id}`, query, { signal })
          const href =
            path === "threads" ? threadPlace(id) : row.threadId === undefined ? null : threadPlace(row.threadId)
          const name = { turns: "turn", items: "item", requests: "request", threads: null, sessions: null }[path]
          return href === null
            ? []
            : [{ href: pathWith(href, name === null ? {} : { [name]: id }), title: `${title} ${id}` }]
        } catch {
          return []
        }
      }),
    )
    return tries.flat()
  }
}
