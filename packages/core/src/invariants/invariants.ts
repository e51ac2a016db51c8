/** The list of invariants: what `check` runs, what the documentation names, what every test must have a witness for. */
import type { Invariant, RowInvariant } from "./Invariant.js"
import { logInvariants } from "./log.js"
import { itemRowInvariants } from "./rows/item.js"
import { sessionRowInvariants } from "./rows/session.js"
import { threadRowInvariants } from "./rows/thread.js"
import { turnRowInvariants } from "./rows/turn.js"
import { voiceRowInvariants } from "./rows/voice.js"
import { stateInvariants } from "./state.js"

/** The row kind. */
export const rowInvariants: readonly RowInvariant[] = [
  ...sessionRowInvariants,
  ...turnRowInvariants,
  ...itemRowInvariants,
  ...voiceRowInvariants,
  ...threadRowInvariants,
]

/** All of them. */
export const invariants: readonly Invariant[] = [...logInvariants, ...rowInvariants, ...stateInvariants]

export { logInvariants }
