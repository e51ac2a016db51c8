/**
 * Gives what waits for a state as long as a test has: a state that comes late on a busy machine is no fault. Vitest waits for one
 * second unless a call of `vi.waitFor` or `vi.waitUntil` says otherwise, and has no setting for it.
 */
import { vi } from "vitest"

/** Less than a test has, so that a test that fails says what it waited for, ms. */
const limitMs = 500_000

declare global {
  var threadfoldPatient: WeakSet<typeof vi> | undefined
}

/** Workers keep it from file to file, and each file comes by here. */
globalThis.threadfoldPatient ??= new WeakSet()

if (!globalThis.threadfoldPatient.has(vi)) {
  globalThis.threadfoldPatient.add(vi)
  const { waitFor, waitUntil } = vi
  vi.waitFor = (body, options = {}) =>
    waitFor(body, typeof options === "number" ? options : { timeout: limitMs, ...options })
  vi.waitUntil = (body, options = {}) =>
    waitUntil(body, typeof options === "number" ? options : { timeout: limitMs, ...options })
}
