/**
 * The small open state of a stream: all that a fold step may need without asking for a closed row. It never holds
 * text or closed rows, so its size follows what is open, not how long the thread is.
 */
import type {
  ConnectionRow,
  DelegationRow,
  InferenceRow,
  ItemRow,
  RealtimeRunRow,
  RequestRow,
  SessionRow,
  TaskRow,
  ThreadRow,
  TokenCounts,
  TurnRow,
  UsageRow,
} from "@threadfold/contracts"

/**
 * Version of the fold. Any change of a rule that leads to other rows raises it; threads folded by an older version are
 * `stale` and are folded again before their next append.
 */
export const FOLD_VERSION = 4

/** How many requests that were resolved in a row are remembered until the next event of their turn. */
export const elsewhereLimit = 100

/** Rows by their id. */
export type ById<R> = { readonly [id: string]: R }

/** What the next running total of tokens is compared with. */
export interface Baseline {
  /** The session that it counts from in `cumulative-session` mode. */
  readonly sessionId: string | null
  readonly total: TokenCounts
  /** A turn started since then. */
  readonly turnStarted: boolean
  /** Turns were taken back since then: the source may count from another base now. */
  readonly rewound: boolean
}

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
   * Items of the commands with a process that an inferred turn end closed: should the turn turn out to have completed,
   * those that have not ended by then are background tasks (rule 5).
   */
  readonly provisional: { readonly turnId: string; readonly commands: readonly string[] } | null
  /** Open items. */
  readonly items: ById<ItemRow>
  /** Requests that are open or being answered. */
  readonly requests: ById<RequestRow>
  /**
   * Requests of this turn that the provider resolved without a decision just now: taken as decided by another client, unless
   * the turn's next event is a terminal other than `completed` (rule 6). At most {@link elsewhereLimit}, newest last.
   */
  readonly elsewhere: { readonly turnId: string; readonly requestIds: readonly string[] } | null
  /** Running inference attempts. */
  readonly inferences: ById<InferenceRow>
  /** Voice runs that were asked for and have not started, oldest first. */
  readonly pendingRealtime: readonly RealtimeRunRow[]
  /** The live voice run. */
  readonly realtime: RealtimeRunRow | null
  /** Open hand-overs. */
  readonly delegations: ById<DelegationRow>
  /** Running background tasks. */
  readonly tasks: ById<TaskRow>
  /** Queued messages, in order. */
  readonly queue: readonly string[]
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
  items: {},
  requests: {},
  elsewhere: null,
  inferences: {},
  pendingRealtime: [],
  realtime: null,
  delegations: {},
  tasks: {},
  queue: [],
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
