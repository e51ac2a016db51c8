/** All invariants as data, and the functions that check a log and rows by them. */
export { checkLog, checkRows, invariants, LogChecker, maxViolations, type Violation } from "./check.js"
export type { Invariant, ThreadRows } from "./Invariant.js"
