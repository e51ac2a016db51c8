/**
 * Effects: calls to a provider that follow from a command. They are rows, written in the command's transaction, so that
 * none is lost and none is made twice (docs/architecture.md). Working tables: outside the hash, they survive a rebuild.
 */
import { listed } from "./fields.js"

/** What is asked of the provider. */
export const EffectKind = listed(
  "EffectKind",
  "What is asked of the agent. `session.start`: have the thread's session live; `turn.start`: take the user's text, a session is started where none lives; `turn.steer`: the same into the running turn; `session.configure`: work with another model, effort, approval mode or sandbox; `thread.rewind`: take the newest turns back; the others control what runs.",
  "session.start",
  "turn.start",
  "turn.steer",
  "session.configure",
  "turn.interrupt",
  "request.answer",
  "session.stop",
  "thread.rewind",
  "task.stop",
)
export type EffectKind = typeof EffectKind.Type

/** `work` is serial per thread, by delivery; `control` overtakes it. */
export type EffectLane = "work" | "control"

/**
 * What becomes of an effect that was not delivered when its session ends: `process-bound` is retired with it,
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
  "session.configure": { lane: "work", binding: "process-bound" },
  "turn.interrupt": { lane: "control", binding: "process-bound" },
  "request.answer": { lane: "control", binding: "process-bound" },
  "session.stop": { lane: "control", binding: "process-bound" },
  "thread.rewind": { lane: "work", binding: "replay-safe" },
  "task.stop": { lane: "control", binding: "process-bound" },
}

/** Where an effect is. */
export const EffectStatus = listed(
  "EffectStatus",
  "`pending`: not begun; `attempting`: its lease is held, its bytes may be under way; `delivered`: the transport took its bytes; `failed`: it has no effect, and why; `uncertain`: whether it had an effect is not known, it is never repeated by itself; `retired`: its session, its turn or its request ended before it was delivered.",
  "pending",
  "attempting",
  "delivered",
  "failed",
  "uncertain",
  "retired",
)
export type EffectStatus = typeof EffectStatus.Type
