/**
 * Several threads of ours may be one thread of the provider's: one that ran here, and what was imported of it from elsewhere. One of them
 * is the primary; the others are its mirrors, which lists leave out.
 */
import type { ThreadRow } from "@threadfold/contracts"

/** What is to be known of a thread. */
export type MirrorCandidate = Pick<
  ThreadRow,
  "threadId" | "provider" | "nativeThreadId" | "source" | "createdAt" | "deletedAt"
>

/**
 * Sources of imported threads that hold more than the others, the fullest first: a recording of the wire has approvals and streamed
 * text, which session files leave out. A thread that was not imported comes before all of them.
 */
export const fullestSources: readonly string[] = ["codex-app-server"]

const placeOf = ({ createdAt, source, threadId }: MirrorCandidate): readonly [number, number, string] => {
  const place = source === null ? -1 : fullestSources.indexOf(source)
  return [source !== null && place === -1 ? fullestSources.length : place, createdAt ?? 0, threadId]
}

const isBefore = (one: MirrorCandidate, other: MirrorCandidate): boolean => {
  const [source, createdAt, threadId] = placeOf(one)
  const [otherSource, otherCreatedAt, otherThreadId] = placeOf(other)
  if (source !== otherSource) return source < otherSource
  return createdAt === otherCreatedAt ? threadId < otherThreadId : createdAt < otherCreatedAt
}

/** Whether an imported thread is a mirror of another one: the same thread of the provider's, which is there in a better form. */
export const isMirrorOf = (one: MirrorCandidate, other: MirrorCandidate): boolean =>
  one.source !== null &&
  one.nativeThreadId !== null &&
  one.nativeThreadId === other.nativeThreadId &&
  one.provider === other.provider &&
  one.source !== other.source &&
  other.deletedAt === null &&
  isBefore(other, one)
