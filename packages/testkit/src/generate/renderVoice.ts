/** Renders the steps of a voice conversation. A step that is impossible at its point is left out. */

import type { ThreadRendering } from "./ThreadRendering.js"
import { emit, emitAsClient, nextCallId } from "./ThreadRendering.js"
import type { VoiceStep } from "./WorldPlan.js"

/** Codex names the thread as the voice session, run after run: never a key (docs/concepts.md). */
const voiceOf = (thread: ThreadRendering) => ({ realtimeId: thread.nativeThreadId })

/** Asks for a conversation; returns the id of the call. */
const ask = (thread: ThreadRendering): string => {
  const callId = nextCallId(thread)
  emitAsClient(thread, "realtime.start-requested", { data: { modality: "audio" } }, { ...voiceOf(thread), callId })
  return callId
}

const start = (thread: ThreadRendering): void => {
  ask(thread)
  emit(thread, "realtime.started", { version: "v2" }, { native: voiceOf(thread) })
  emit(thread, "realtime.sdp", { sdp: "v=0" }, { native: voiceOf(thread) })
  thread.voice = "live"
}

export const renderVoice = (thread: ThreadRendering, step: VoiceStep): void => {
  const native = voiceOf(thread)
  switch (step) {
    case "start":
      if (thread.voice === "none") start(thread)
      return
    case "start-fails":
      // An error alone reports the failed start. A live conversation stays live.
      ask(thread)
      emit(thread, "realtime.error", { message: "no key" }, { native })
      return
    case "start-refused":
      emitAsClient(thread, "realtime.failed", { message: "refused" }, { ...native, callId: ask(thread) })
      return
    case "replace":
      // The provider does not report the end of the old conversation.
      if (thread.voice === "live") start(thread)
      return
    case "speak":
      if (thread.voice !== "live") return
      emit(thread, "realtime.item-added", { kind: "message", item: { role: "assistant" } }, { native })
      emit(thread, "realtime.transcript.delta", { role: "assistant", delta: "Hel", frames: 1 }, { native })
      emit(thread, "realtime.transcript.delta", { role: "assistant", delta: "lo", frames: 2 }, { native })
      emit(thread, "realtime.transcript.done", { role: "assistant", text: "Hello" }, { native })
      return
    case "audio":
      if (thread.voice !== "live") return
      emit(thread, "realtime.audio", { direction: "output", bytes: 640, sampleRate: 24_000, frames: 1 }, { native })
      return
    case "handoff": {
      if (thread.voice !== "live") return
      thread.counters.handoffs += 1
      const handoffId = `handoff-${thread.counters.handoffs}`
      // The handoff is steered into a running turn. Otherwise the next turn may take it.
      const turn = thread.turn === null ? {} : { turnId: thread.turn }
      emit(
        thread,
        "realtime.handoff",
        { text: "please do it", routedBy: "provider" },
        { native: { ...native, ...turn, handoffId } },
      )
      return
    }
    case "error":
      if (thread.voice !== "live") return
      emit(thread, "realtime.error", { message: "socket reset" }, { native })
      emit(thread, "realtime.closed", { reason: "error" }, { native })
      thread.voice = "none"
      return
    case "stop":
      if (thread.voice !== "live") return
      emitAsClient(thread, "realtime.stop-requested", {}, native)
      emit(thread, "realtime.closed", { reason: "requested" }, { native })
      thread.voice = "none"
      return
    case "close":
      if (thread.voice !== "live") return
      emit(thread, "realtime.closed", { reason: "transport_closed", nativeReason: "gone" }, { native })
      thread.voice = "none"
      return
  }
}
