/** Well-formed random sessions: what sources that keep every rule of their protocol would say. */
import type fc from "fast-check"
import type { GeneratedEvent } from "./GeneratedEvent.js"
import { renderWorld } from "./renderWorld.js"
import { arbWorldPlan, type SessionOptions } from "./WorldPlan.js"

/**
 * Random worlds of threads as events in commit order. Every payload decodes by the contracts; numbers are gapless from
 * 1 in each channel; every session starts before it speaks. The last session of a thread may stay open.
 */
export const arbSession = (options: SessionOptions = {}): fc.Arbitrary<readonly GeneratedEvent[]> =>
  arbWorldPlan(options).map(renderWorld)
