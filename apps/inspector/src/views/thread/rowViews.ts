/**
 * Rows of the tables as the shapes that the API shows, for what comes as rows by the feed: the views of `@threadfold/core`, and what of
 * a row is cut.
 */
import type {
  ItemRow,
  ItemView,
  QueueView,
  RequestRow,
  RequestView,
  Rows,
  Truncated,
  TurnRow,
  TurnView,
} from "@threadfold/contracts"
import { itemView, queueView, type RewoundRange, requestView, turnView } from "@threadfold/core/views"

/** A row as it is sent: beside its columns it may say what of it is cut. */
export type Sent<R> = R & { readonly truncated?: Truncated }

const cutOf = ({ truncated }: { readonly truncated?: Truncated }): { readonly truncated?: Truncated } =>
  truncated === undefined ? {} : { truncated }

/** A piece of a text that streams. */
export interface Chunk {
  readonly part: number
  readonly text: string
}

/** What stands where pieces are missing: of a text that is cut, the first pieces and the newest ones are there. */
export const gapSign = "\n…\n"

/** The pieces of a text as one: those of a part end to end, a blank line between the parts. */
export const joinChunks = (chunks: ReadonlyMap<number, Chunk>): string | null => {
  if (chunks.size === 0) return null
  let text = ""
  let last: number | null = null
  let part: number | null = null
  for (const ordinal of [...chunks.keys()].sort((a, b) => a - b)) {
    const chunk = chunks.get(ordinal)
    if (chunk === undefined) continue
    if (last !== null && ordinal !== last + 1) text += gapSign
    else if (part !== null && part !== chunk.part) text += "\n\n"
    text += chunk.text
    last = ordinal
    part = chunk.part
  }
  return text
}

export const itemOfRow = (row: Sent<ItemRow>, chunks: ReadonlyMap<number, Chunk>): ItemView => ({
  ...itemView(row, []),
  text: row.hasFinal === 1 ? (row.text ?? null) : (joinChunks(chunks) ?? row.text ?? null),
  ...cutOf(row),
})

/** @param ranges of turns that were taken back, at least those that hold this turn */
export const turnOfRow = (row: Sent<TurnRow>, ranges: readonly RewoundRange[]): TurnView => ({
  ...turnView(row, ranges),
  ...cutOf(row),
})

export const requestOfRow = (row: Sent<RequestRow>): RequestView => ({ ...requestView(row), ...cutOf(row) })

export const queuedOfRow = (row: Sent<Rows["queue"]>): QueueView => ({ ...queueView(row), ...cutOf(row) })
