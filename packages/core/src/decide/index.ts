/** Decisions of commands. */
export { accept, type DecidedEvent, type Decision, refuse } from "./Decision.js"
export { decide } from "./decide.js"
