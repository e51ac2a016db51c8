/**
 * The small state of a stream that a fold step starts from. It never holds text or closed rows, and of what is open it holds
 * counts and the items that were touched last: its size follows neither how long the thread is nor how much is open in it. The
 * rest is found by its key, by its native id or by what it belongs to (`RowSource`).
 */
import type {
  ConnectionRow,
  ItemRow,
  RealtimeRunRow,
  SessionRow,
  ThreadRow,
  TokenCounts,
  TurnRow,
  UsageRow,
} from "@threadfold/contracts"

/**
 * Version of the fold. Any change of a rule that leads to other rows raises it; threads folded by an older version are
 * `stale` and are folded again before their next append.
 */
export const FOLD_VERSION = 13

/** How many messages a state remembers that the agent repeated before it answered. One steers at a time. */
export const echoedLimit = 16

/** How many open items a state holds: those that were touched last. What streams is nearly always one of them. */
export const recentItemsLimit = 16

/** How many rows of a thread are open. */
export interface OpenCounts {
  /** Items that have not ended. */
  readonly items: number
  /** Those of them that are work after the end of their turn (rule 5). */
  readonly afterEnd: number
  /** Requests that are open or being answered. */
  readonly requests: number
  /** Requests that are open: they wait for a person. */
  readonly unanswered: number
  /** Inference attempts that run. */
  readonly inferences: number
  /** Delegations that are open. */
  readonly delegations: number
  /** Background tasks that run. */
  readonly tasks: number
}

/** What the next running total of tokens is compared with. */
export interface Baseline {
  /** The session that it counts from in `cumulative-session` mode. */
  readonly sessionId: string | null
  readonly total: TokenCounts
  /** A turn started since then. */
  readonly turnStarted: boolean
  /** Turns were taken back since then: the source may count from another base now. */
  readonly rewound: boolean
  /** The usage that the source has since reported as left; null: none. */
  readonly left: TokenCounts | null
}

/** The open state of one stream. A value never changes; each step of the fold returns another one. */
export interface FoldState {
  readonly streamId: string
  /** Version of the last event that is folded in; 0 for a new stream. */
  readonly streamVersion: number
  /** The connection of a connection stream. */
  readonly connection: ConnectionRow | null
  /** The thread of a thread stream. */
  readonly thread: ThreadRow | null
  /** The session of the highest epoch, ended or not. */
  readonly session: SessionRow | null
  /** The one running turn. */
  readonly active: TurnRow | null
  /** Turns that were asked for and have not started, oldest first. */
  readonly requested: readonly TurnRow[]
  /** How many ranges of turns were taken back, and how many of them no later one holds (rule 13). */
  readonly rewinds: { readonly count: number; readonly depth: number } | null
  /**
   * The turn that ended inferred, and how many commands with a process this end has closed: should the turn turn out to have
   * completed, those that have not ended by then are background tasks (rule 5).
   */
  readonly provisional: { readonly turnId: string; readonly commands: number } | null
  /** How much is open. */
  readonly open: OpenCounts
  /** Open items that were touched last, the newest at the end; at most {@link recentItemsLimit}. */
  readonly recentItems: readonly ItemRow[]
  /**
   * Requests of this turn that the provider resolved without a decision just now: taken as decided by another client, unless
   * the turn's next event is a terminal other than `completed` (rule 6). At most `elsewhereLimit`, newest last.
   */
  readonly elsewhere: { readonly turnId: string; readonly requestIds: readonly string[] } | null
  /** Voice runs that were asked for and have not started, oldest first. */
  readonly pendingRealtime: readonly RealtimeRunRow[]
  /** The live voice run. */
  readonly realtime: RealtimeRunRow | null
  /** Queued messages, in order. */
  readonly queue: readonly string[]
  /**
   * Messages that the agent repeated in a running turn before its answer confirmed them. They have left the queue; the
   * answer changes nothing. At most {@link echoedLimit}, newest last.
   */
  readonly echoed: readonly string[]
  /** A person has named the thread, with its creation or later: what the agent calls it does not show any more. */
  readonly renamed: boolean
  readonly usage: UsageRow | null
  /** Last running total of tokens (rule 10). */
  readonly baseline: Baseline | null
  /** Highest number seen per channel of the current session (or of the connection). */
  readonly channels: { readonly [channel: string]: number }
}

/** The state of a stream without events. */
export const initialState = (streamId: string): FoldState => ({
  streamId,
  streamVersion: 0,
  connection: null,
  thread: null,
  session: null,
  active: null,
  requested: [],
  rewinds: null,
  provisional: null,
  open: { items: 0, afterEnd: 0, requests: 0, unanswered: 0, inferences: 0, delegations: 0, tasks: 0 },
  recentItems: [],
  elsewhere: null,
  pendingRealtime: [],
  realtime: null,
  queue: [],
  echoed: [],
  renamed: false,
  usage: null,
  baseline: null,
  channels: {},
})

/** JSON of a state, for `fold_state`. */
export const encodeState = (state: FoldState): string => JSON.stringify(state)

/**
 * The state that {@link encodeState} wrote. `fold_state` is our own cache, written in the transaction of the rows it
 * belongs to and dropped with a new {@link FOLD_VERSION}; it is parsed, not validated.
 */
export const decodeState = (json: string): FoldState => JSON.parse(json)

/** A state that came as JSON from a server with the same {@link FOLD_VERSION}; null: it is none. Its parts are not looked into. */
export const readState = (value: unknown): FoldState | null => (isState(value) ? value : null)

const isState = (value: unknown): value is FoldState =>
  typeof value === "object" && value !== null && Object.keys(initialState("")).every((name) => name in value)

type RecentItems = readonly ItemRow[]

/** The held item with this id, or null: it is not open, or others were touched since. */
export const recentItem = (recent: RecentItems, itemId: string): ItemRow | null => {
  for (let index = recent.length - 1; index >= 0; index--) {
    const item = recent[index]
    if (item !== undefined && item.itemId === itemId) return item
  }
  return null
}

/** The list with this open item at its end; the one that was touched longest ago leaves a full list. */
export const withRecentItem = (recent: RecentItems, item: ItemRow): RecentItems => {
  const copy: ItemRow[] = []
  for (const each of recent) if (each.itemId !== item.itemId) copy.push(each)
  if (copy.length >= recentItemsLimit) copy.shift()
  copy.push(item)
  return copy
}

/** The list without the item; the same object where it is not in it. */
export const withoutRecentItem = (recent: RecentItems, itemId: string): RecentItems =>
  recentItem(recent, itemId) === null ? recent : recent.filter((each) => each.itemId !== itemId)
