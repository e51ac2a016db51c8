/** Work that pauses now and then, so that other callers are served meanwhile. */
import { Effect } from "effect"

/** Work in pieces: it pauses where it yields. */
export type InPieces<A> = Generator<void, A>

/** Bytes that are looked at in one piece: well below a millisecond, and some milliseconds where they are the worst there can be. */
export const bytesAtATime = 128 * 1024

/** Lets the event loop do what waits: other calls, streams, acknowledgements. */
const otherTurns: Effect.Effect<void> = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Does work in pieces; other callers are served in between. */
export const inPieces = <A>(work: InPieces<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const step = work.next()
    return step.done === true ? Effect.succeed(step.value) : Effect.zipRight(otherTurns, inPieces(work))
  })
