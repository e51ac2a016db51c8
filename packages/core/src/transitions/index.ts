/** Transition tables as data. */
export * from "./machines.js"
export type { MachineName } from "./Transition.js"
export { stateOf } from "./Transition.js"
export * from "./transitions.js"
