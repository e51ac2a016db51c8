/** All invariants as data, and the functions that check a log and rows by them. */
export * from "./check.js"
export * from "./check.js"
export type {
  Invariant,
  LogCheck,
  LogInvariant,
  RowInvariant,
  RowViolation,
  Severity,
  StateInvariant,
  ThreadRows,
} from "./Invariant.js"
export { brokenStateInvariant, stateInvariants } from "./state.js"
