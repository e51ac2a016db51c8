/** The list of invariants: what `check` runs, what the documentation names, what every test must have a witness for. */
import type { Invariant, RowInvariant } from "./Invariant.js"
import { logInvariants } from "./log.js"
import { itemRowInvariants } from "./rows/itemRows.js"
import { sessionRowInvariants } from "./rows/sessionRows.js"
import { threadRowInvariants } from "./rows/threadRows.js"
import { turnRowInvariants } from "./rows/turnRows.js"
import { voiceRowInvariants } from "./rows/voiceRows.js"
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
