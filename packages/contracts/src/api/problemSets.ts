/** Which problems a route can answer with: what every call may meet, and what a kind of route adds. */
import type { ProblemSlug } from "./Problem.js"

/** What the gate before every route answers, and what breaks anywhere. */
const anyCall = [
  "forbidden-host",
  "forbidden-origin",
  "invalid-request",
  "too-many-requests",
  "unavailable",
  "internal",
] as const satisfies readonly ProblemSlug[]

/** A call that needs no token. */
export const openCall: readonly ProblemSlug[] = anyCall
/** A call with the token that reads no database. */
export const memoryCall: readonly ProblemSlug[] = [...anyCall, "unauthorized"]
/** A call that reads the database. */
export const databaseCall: readonly ProblemSlug[] = [...memoryCall, "storage-lost"]
/** A read that takes `min-sequence`. */
export const readCall: readonly ProblemSlug[] = [...databaseCall, "range-not-reached"]
/** A list. */
export const listCall: readonly ProblemSlug[] = [...readCall, "invalid-cursor"]
/** A call that writes. */
export const writeCall: readonly ProblemSlug[] = [
  ...databaseCall,
  "storage-failed",
  "storage-read-only",
  "storage-uncertain",
  "disk-full",
]
/** A call with a body that writes. */
export const bodyCall: readonly ProblemSlug[] = [...writeCall, "unsupported-media-type", "payload-too-large"]
/** A command. */
export const commandCall: readonly ProblemSlug[] = [
  ...bodyCall,
  "command-conflict",
  "precondition-failed",
  "thread-purged",
]
