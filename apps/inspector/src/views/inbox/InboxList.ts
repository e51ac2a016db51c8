/** What needs a person, as the stream of the inbox says it, and the entry that a person is at. */
import type { SseEvent } from "@threadfold/client/sse"
import type { Inbox, InboxEntry, InboxKind } from "@threadfold/contracts"
import { ValueStore } from "../../live/KeyedStore.js"

/** What an entry is known by: the same thing in two inboxes has the same key. */
export const keyOf = ({ kind, requestId, threadId, turnId }: InboxEntry): string =>
  requestId ?? `${kind} ${threadId} ${turnId ?? ""}`

/** An entry of the list; `gone`: it needs nobody any more, and is shown until a person leaves it. */
export interface ShownEntry {
  readonly key: string
  readonly entry: InboxEntry
  readonly gone: boolean
}

export interface InboxState {
  /** Null: it did not come yet. */
  readonly inbox: Inbox | null
  readonly entries: readonly ShownEntry[]
  /** Key of the entry that a person is at; null: there is none. */
  readonly selected: string | null
}

/** Heads of the list, in the order in which the server sorts. */
const kindNames: Readonly<Record<InboxKind, string>> = {
  request: "Questions",
  "stalled-turn": "Nothing heard",
  "uncertain-message": "May not have arrived",
  "failed-turn": "Failed turns",
  "held-queue": "Held queues",
}

/** The head under which entries of a kind stand. One that this page does not know is shown as it is written. */
export const kindName = (kind: string): string =>
  Object.entries(kindNames).find(([known]) => known === kind)?.[1] ?? kind

export class InboxList {
  readonly state = new ValueStore<InboxState>({ inbox: null, entries: [], selected: null })

  /** Takes an event of the stream. */
  readonly take = ({ data, event }: SseEvent): void => {
    if (event !== "inbox") return
    const inbox: Inbox = JSON.parse(data)
    const { entries, selected } = this.state.get()
    const next = inbox.items.map((entry): ShownEntry => ({ key: keyOf(entry), entry, gone: false }))
    const at = entries.findIndex(({ key }) => key === selected)
    const kept = entries[at]
    // What a person looks at does not vanish under them: they see how it ended.
    if (kept !== undefined && !next.some(({ key }) => key === selected)) {
      next.splice(Math.min(at, next.length), 0, { ...kept, gone: true })
    }
    this.state.set({ inbox, entries: next, selected: selected ?? next[0]?.key ?? null })
  }

  /** Goes to an entry. One that needed nobody any more leaves the list. */
  readonly select = (key: string | null): void => {
    const { entries, inbox, selected } = this.state.get()
    if (key === selected) return
    this.state.set({ inbox, entries: entries.filter((one) => !one.gone || one.key === key), selected: key })
  }

  /** Goes so many entries down, or up. */
  readonly move = (by: number): void => {
    const { entries, selected } = this.state.get()
    const at = entries.findIndex(({ key }) => key === selected)
    const next = at === -1 ? entries[by > 0 ? 0 : entries.length - 1] : entries[at + by]
    if (next !== undefined) this.select(next.key)
  }
}
