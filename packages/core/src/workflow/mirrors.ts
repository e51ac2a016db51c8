/**
 * Several threads of ours may be one thread of the provider's: one that ran here, and what was imported of it from elsewhere. One of them
 * is the primary; the others are its mirrors, which lists leave out.
 */
import type { ThreadRow } from "@threadfold/contracts"
import { compareKeys } from "../model/scalars.js"

/** What is to be known of a thread. */
export type MirrorCandidate = Pick<
  ThreadRow,
  "threadId" | "provider" | "nativeThreadId" | "source" | "createdAt" | "deletedAt"
>

/**
 * Sources of imported threads that hold more than the others, the fullest first: a recording of the wire has approvals and streamed
 * text, which session files leave out; a session file has the whole thread, a trace what one process did, for those who look for a
 * fault in it. A thread that was not imported comes before all of them.
 */
export const fullestSources: readonly string[] = ["codex-app-server", "codex-rollout"]

/** Where threads of a source stand: those that ran here first. */
const placeOf = (source: string | null): number => {
  if (source === null) return -1
  const place = fullestSources.indexOf(source)
  return place === -1 ? fullestSources.length : place
}

const keyOf = ({ createdAt, source, threadId }: MirrorCandidate) => [placeOf(source), createdAt ?? 0, threadId]

/**
 * Whether a thread is a mirror of another one: the same thread of the provider's, which is there in a better form. One that ran here
 * is none: of two, only the other one was imported.
 */
export const isMirrorOf = (one: MirrorCandidate, other: MirrorCandidate): boolean =>
  one.nativeThreadId !== null &&
  one.nativeThreadId === other.nativeThreadId &&
  one.provider === other.provider &&
  one.source !== other.source &&
  other.deletedAt === null &&
  compareKeys(keyOf(other), keyOf(one)) < 0
