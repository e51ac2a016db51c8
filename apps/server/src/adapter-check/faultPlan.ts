/** Which push meets which fault. Every second one, so that the one between them can be what the adapter sends again. */

/** A fault of the network or of the server that the proxy makes. */
export type Fault = "lost-answer" | "too-many-requests" | "unavailable" | "lease-lapse"

const plan: ReadonlyMap<number, Fault> = new Map([
  [2, "lost-answer"],
  [4, "too-many-requests"],
  [6, "unavailable"],
  [8, "lease-lapse"],
])

/** The number of the push that meets a fault, from 1. */
export const pushOfFault = (fault: Fault): number => [...plan].find(([, one]) => one === fault)?.[0] ?? 0

/** What a refused adapter is told to wait, seconds. */
export const retryAfterSeconds = 1

/** Longest lease that is let lapse, ms: the adapter is cut off for as long. */
export const longestOutageMs = 30_000

/**
 * The fault that a push meets; null: none.
 *
 * @param push its number among the pushes of all sessions, from 1
 * @param leaseMs the lease of its session, ms; null where the session is not known
 */
export const faultOfPush = (push: number, leaseMs: number | null): Fault | null => {
  const fault = plan.get(push) ?? null
  return fault === "lease-lapse" && (leaseMs === null || leaseMs > longestOutageMs) ? null : fault
}
