/**
 * Effects: calls to a provider that follow from a command. They are rows, written in the command's transaction, so that
 * none is lost and none is made twice (docs/architecture.md). Working tables: outside the hash, they survive a rebuild.
 */
import { Schema } from "effect"

/**
 * What is asked of the provider.
 *
 * - `session.start`: have the thread's session live.
 * - `turn.start`: hand over the user's text; a session is started where none lives.
 * - `turn.steer`: the same into the running turn.
 * - `turn.interrupt`, `request.answer`, `session.stop`: control.
 */
export const EffectKind = Schema.Literal(
  "session.start",
  "turn.start",
  "turn.steer",
  "turn.interrupt",
  "request.answer",
  "session.stop",
)
export type EffectKind = typeof EffectKind.Type

/** `work` is serial per thread, by hand-over; `control` overtakes it. */
export type EffectLane = "work" | "control"

/**
 * What becomes of an effect that was not handed over when its session ends: `process-bound` is retired with it,
 * `replay-safe` waits for the next session.
 */
export type EffectBinding = "process-bound" | "replay-safe"

/** The nature of each kind. */
export const effectKinds: {
  readonly [K in EffectKind]: { readonly lane: EffectLane; readonly binding: EffectBinding }
} = {
  "session.start": { lane: "work", binding: "replay-safe" },
  "turn.start": { lane: "work", binding: "replay-safe" },
  "turn.steer": { lane: "work", binding: "process-bound" },
  "turn.interrupt": { lane: "control", binding: "process-bound" },
  "request.answer": { lane: "control", binding: "process-bound" },
  "session.stop": { lane: "control", binding: "process-bound" },
}

/**
 * - `pending`: nobody has touched it.
 * - `attempting`: its lease is held, its bytes may be under way.
 * - `delivered`: the transport took its bytes.
 * - `failed`: it has no effect, and why.
 * - `uncertain`: whether it had an effect is not known; it is never repeated by itself.
 * - `retired`: it lost its object before it was handed over: its session, its turn or its request ended.
 */
export const EffectStatus = Schema.Literal("pending", "attempting", "delivered", "failed", "uncertain", "retired")
export type EffectStatus = typeof EffectStatus.Type

/** One effect. */
export interface EffectRow {
  /** Our id. */
  readonly effectId: string
  /** Its thread. */
  readonly threadId: string
  readonly kind: EffectKind
  readonly status: EffectStatus
  /** The command that it follows from. */
  readonly commandId: string
  /** The session it is about; null: whichever lives. */
  readonly sessionId: string | null
  readonly turnId: string | null
  readonly requestId: string | null
  /** The queued message that it carries. */
  readonly messageId: string | null
  /** What the call says: `{text, settings}`, `{decision, data}`, `{fresh}`, `{reason}`. */
  readonly payload: unknown
  /** Who holds the lease: an incarnation of the server and a number; null: nobody. */
  readonly token: string | null
  /** How often it was begun. */
  readonly attempts: number
  /** Why it failed, or is uncertain. */
  readonly message: string | null
  /** ms since the epoch, our clock. */
  readonly createdAt: number
  /** ms since the epoch, our clock; null: pending or attempting. */
  readonly endedAt: number | null
}

/** An effect that a decision asks for; the engine gives it its id. */
export type RequestedEffect = Pick<EffectRow, "kind"> &
  Partial<Pick<EffectRow, "sessionId" | "turnId" | "requestId" | "messageId" | "payload">>
