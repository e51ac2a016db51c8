/** What may be open in a thread: one of each kind as the event that opens it. */
import { mintId } from "@threadfold/core"
import { sha256 } from "@threadfold/engine"
import type { GeneratedEvent } from "./ThreadGenerator.js"

const idOf = (name: string): string => mintId(sha256, 1_800_000_000_000, name)

/** Kind → the event that opens the nth one, outside of any turn. */
export const kinds: Readonly<Record<string, (n: number) => GeneratedEvent>> = {
  items: (n) => ({ type: "item.started", payload: { kind: "command" }, native: { itemId: `i${n}` } }),
  requests: (n) => ({ type: "request.opened", payload: { kind: "other" }, native: { requestId: `q${n}` } }),
  inferences: (n) => ({ type: "inference.started", payload: {}, native: { inferenceId: `c${n}` } }),
  outputItems: (n) =>
    n === 0
      ? { type: "inference.started", payload: {}, native: { inferenceId: "c" } }
      : { type: "inference.item", payload: { key: `#${n}` }, native: { inferenceId: "c" } },
  tasks: (n) => ({ type: "task.started", payload: {}, native: { taskId: `k${n}` } }),
  delegations: (n) => ({ type: "realtime.handoff", payload: {}, native: { handoffId: `h${n}` } }),
  voiceStarts: (n) => ({
    type: "realtime.start-requested",
    payload: {},
    native: { callId: `${n}`, realtimeId: `r${n}` },
    channel: "client",
  }),
  requestedTurns: (n) => ({
    type: "turn.requested",
    payload: { text: "x", handedOver: true },
    native: { callId: `${n}` },
    channel: "client",
  }),
  queuedMessages: (n) => ({
    type: "message.queued",
    payload: { messageId: idOf(`message ${n}`), text: "x" },
    native: {},
    channel: null,
  }),
  channels: (n) => ({ type: "runtime.warning", payload: { message: "x" }, native: {}, channel: `adapter:${n}` }),
}
