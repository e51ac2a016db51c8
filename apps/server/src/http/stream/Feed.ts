/** What streams of one kind are made of: the hub that they share, where they begin, and what lies behind the ring. */

import type { StorageUnavailable } from "@threadfold/contracts"
import type { StreamReset } from "@threadfold/contracts/api"
import type { Effect } from "effect"
import type { StreamCursor } from "./Frame.js"
import type { Hub } from "./Hub.js"
import type { FrameFilter } from "./Ring.js"

/** A place to go on from. */
export interface Beginning {
  /** Everything up to here counts as sent. */
  readonly cursor: number
  /** Why the place that was asked for cannot be followed; null: it can. */
  readonly reset: StreamReset["reason"] | null
}

/** What was found behind the ring. */
export type Behind =
  | {
      readonly kind: "piece"
      readonly frames: readonly Buffer[]
      /** Everything up to here was looked at. */
      readonly until: number
      /** How many events to look for the next time. */
      readonly page: number
    }
  /** It is not kept: the stream goes on from another place. */
  | { readonly kind: "reset"; readonly beginning: Beginning }

export interface Feed {
  readonly hub: Hub
  readonly logId: string
  /** Everything up to here is committed. */
  readonly published: () => number
  /** Where a stream begins that asks for a place; null: it asks for none. */
  readonly begin: (cursor: StreamCursor | null, filter: FrameFilter) => Effect.Effect<Beginning, StorageUnavailable>
  /** The next piece after a place that the ring does not hold. */
  readonly behind: (filter: FrameFilter, cursor: number, page: number) => Effect.Effect<Behind, StorageUnavailable>
}
