/** Transition tables as data. */
export * from "./machines.js"
export type { Machine, MachineName, StateName, Transition } from "./Transition.js"
export { stateOf } from "./Transition.js"
export * from "./transitions.js"
