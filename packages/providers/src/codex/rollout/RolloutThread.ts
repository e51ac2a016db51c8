/** The translator's state of the thread that a rollout file holds. The rules of the domain are in the fold. */
import type { ItemKind } from "@threadfold/contracts"
import type { Origin } from "../../runtime/Draft.js"

/** The turn that runs. */
export interface RolloutTurn {
  /** Codex's own id; in files that name no turn one that we count: `turn-1`, `turn-2`, …, which is weak. */
  readonly id: string
  /** False: nothing in the file says when such a turn starts and ends, but the messages of the user. */
  readonly isTold: boolean
}

/** A call of a tool whose end was not seen. */
export interface Call {
  readonly id: string
  readonly turnId: string | undefined
  readonly kind: ItemKind
  readonly name: string
  readonly title: string | undefined
  readonly data: unknown
}

/** What the file says of its thread at its beginning. */
export interface RolloutThread {
  readonly id: string
  origin: Origin
  /** How many sessions it has had. */
  sessions: number
  isOpen: boolean
  /** True: whole items are stored as such (`item_completed`). Else they are read from events and response items. */
  readonly hasItems: boolean
  /** True: its parent's lines come first, which the parent's own file has. */
  readonly isSpawned: boolean
  /** Where its own lines begin, as an ordinal; undefined: not said. */
  readonly startsAt: number | undefined
  /** True while the lines are copies of the thread that it was copied from. */
  isCopy: boolean
  /** Time at which the copies were written; null: there are none. */
  copiedAt: number | null
  turns: number
  /** Items that have no id of their own are counted. */
  items: number
  running: RolloutTurn | null
  /** Turns inside the running one, such as a reviewer's. Their content is content of that turn. */
  readonly inner: Set<string>
  readonly calls: Map<string, Call>
  model: string | undefined
  /** The configuration as recorded last, as JSON text. */
  configured: string
  readonly version: string | undefined
}
