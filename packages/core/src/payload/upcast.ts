/**
 * The single decode path of stored events: old versions of a type are lifted step by step to the current one before
 * any rule sees them. Pure, and idempotent: a lifted event passes unchanged.
 */
import { type EventEnvelope, type EventType, eventVersions, isEventType } from "@threadfold/contracts"

/** Lifts the payload of one version of a type to the next version. */
export type Upcaster = (payload: unknown) => unknown

/** Type → version → the function that lifts it by one. Empty while every type is at version 1. */
export type UpcasterChain = { readonly [T in EventType]?: { readonly [version: number]: Upcaster } }

/** The chain of this release. */
export const upcasters: UpcasterChain = {}

export type UpcastStatus =
  /** At the current version of a known type. */
  | "ok"
  /** A type that this release does not know. */
  | "unknown-type"
  /** A version that this release does not know. */
  | "newer-version"
  /** An old version without a way up, or an upcaster that failed. */
  | "unreadable"

export interface Upcasted {
  readonly event: EventEnvelope
  readonly status: UpcastStatus
}

/**
 * Lifts an event to the current version of its type. Never throws; an event that cannot be lifted comes back as it is
 * with the status that says why.
 */
export const upcast = (
  event: EventEnvelope,
  chain: UpcasterChain = upcasters,
  versions: { readonly [type: string]: number } = eventVersions,
): Upcasted => {
  if (!isEventType(event.type)) return { event, status: "unknown-type" }
  const current = versions[event.type] ?? 1
  if (event.v >= current) return { event, status: event.v === current ? "ok" : "newer-version" }
  const steps = chain[event.type]
  let payload: unknown = event.payload
  for (let version = event.v; version < current; version++) {
    const lift = steps?.[version]
    // Stryker disable next-line ConditionalExpression: a call of what is not there fails, too
    if (lift === undefined) return { event, status: "unreadable" }
    try {
      payload = lift(payload)
    } catch {
      return { event, status: "unreadable" }
    }
  }
  return { event: { ...event, v: current, payload }, status: "ok" }
}
