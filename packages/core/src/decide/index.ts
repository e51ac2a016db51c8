/** Decisions of commands. */
export type { Accepted, DecidedEvent, Decision, Situation } from "./Decision.js"
export { decide } from "./decide.js"
export { decideIf } from "./precondition.js"
export { type Refusal, type RefusalReason, refusalReasons } from "./Refusal.js"
