import { field, listed, optText, optTime, shape, text } from "../fields.js"
import { sequence, span, threadId } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Whether a delegation is under way. */
export const DelegationStatus = listed(
  "DelegationStatus",
  "A delegation is `open` until the end of its turn is final.",
  "open",
  "closed",
)
export type DelegationStatus = typeof DelegationStatus.Type

/** What carries a delegation into a turn. */
export const DelegationRoute = listed(
  "DelegationRoute",
  "What carries a delegation into a turn. `provider`: the agent by itself; `client`: Threadfold.",
  "provider",
  "client",
)
export type DelegationRoute = typeof DelegationRoute.Type

/** Every field of a delegation. */
export const Delegation = shape(
  "DelegationRow",
  "One hand-over of work from a voice conversation to the coding agent.",
  {
    delegationId: text("Our id; the turn's id too, when we route it to an idle thread."),
    threadId,
    sessionId: optText("Session it happened in."),
    realtimeId: optText("Our id of its voice run; null: not known."),
    nativeHandoffId: optText("The provider's id; null: it has none."),
    nativeTurnId: optText(
      "The provider's turn that it names and that has not been seen yet; null once it is linked, or over.",
    ),
    turnId: optText("The turn that works on it; null: none yet."),
    routedBy: field(DelegationRoute, "What carries it into a turn: `provider` or `client`."),
    status: field(DelegationStatus, "`open` until its turn's end is final."),
    cause: optText("Why it closed; null while it is open."),
    text: optText("What was asked for."),
    openedAt: optTime("When it was opened, by the source clock", "not known"),
    endedAt: span.endedAt,
    sequence,
  },
)

const open = { status: ["open"] } as const

/** Its table. */
export const delegations = table(
  "delegations",
  "One row per hand-over from a voice conversation to the coding agent.",
  Delegation,
  {
    key: ["delegationId"],
    heavy: ["text"],
    derived: ["sequence"],
    lookups: { byNativeInSession: ["sessionId", "nativeHandoffId"] },
    lists: {
      openInTurn: { where: open, columns: ["threadId", "turnId"] },
      openForNativeTurn: { where: open, columns: ["threadId", "sessionId", "nativeTurnId"] },
    },
  },
)
/** A row of `delegations`. */
export type DelegationRow = RowOf<typeof delegations>

/** A delegation as it is served. */
export const DelegationView = shape(
  "Delegation",
  "One hand-over of work from a voice conversation to the coding agent.",
  { ...Delegation.pick("delegationId", "realtimeId", "turnId", "status", "text").fields, truncated },
)
export type DelegationView = typeof DelegationView.Type
