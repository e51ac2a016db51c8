export { type Applied, applyEvent, type ReloadReason } from "./applyEvent.js"
export type { HeldRows } from "./HeldRows.js"
export { stateOf, type ThreadState, viewOf } from "./ThreadState.js"
