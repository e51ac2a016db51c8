/** Tells the steps of a voice conversation, leaving out a step that makes no sense at its point. */

import type { Teller } from "./ThreadRendering.js"
import { nextCallId, say, sayAsClient } from "./ThreadRendering.js"
import type { VoiceStep } from "./WorldPlan.js"

/** Codex names the thread as the voice session, run after run: never a key (docs/concepts.md). */
const voiceOf = (teller: Teller) => ({ realtimeId: teller.nativeThreadId })

/** Asks for a conversation; returns the id of the call. */
const ask = (teller: Teller): string => {
  const callId = nextCallId(teller)
  sayAsClient(teller, "realtime.start-requested", { data: { modality: "audio" } }, { ...voiceOf(teller), callId })
  return callId
}

const start = (teller: Teller): void => {
  ask(teller)
  say(teller, "realtime.started", { version: "v2" }, { native: voiceOf(teller) })
  say(teller, "realtime.sdp", { sdp: "v=0" }, { native: voiceOf(teller) })
  teller.voice = "live"
}

export const renderVoice = (teller: Teller, step: VoiceStep): void => {
  const native = voiceOf(teller)
  switch (step) {
    case "start":
      if (teller.voice === "none") start(teller)
      return
    case "start-fails":
      // A failed start is told by an error alone; a conversation that was live stays live.
      ask(teller)
      say(teller, "realtime.error", { message: "no key" }, { native })
      return
    case "start-refused":
      sayAsClient(teller, "realtime.failed", { message: "refused" }, { ...native, callId: ask(teller) })
      return
    case "replace":
      // The provider says nothing of the old conversation's end.
      if (teller.voice === "live") start(teller)
      return
    case "speak":
      if (teller.voice !== "live") return
      say(teller, "realtime.item-added", { kind: "message", item: { role: "assistant" } }, { native })
      say(teller, "realtime.transcript.delta", { role: "assistant", delta: "Hel", frames: 1 }, { native })
      say(teller, "realtime.transcript.delta", { role: "assistant", delta: "lo", frames: 2 }, { native })
      say(teller, "realtime.transcript.done", { role: "assistant", text: "Hello" }, { native })
      return
    case "audio":
      if (teller.voice !== "live") return
      say(teller, "realtime.audio", { direction: "output", bytes: 640, sampleRate: 24_000, frames: 1 }, { native })
      return
    case "handoff": {
      if (teller.voice !== "live") return
      teller.counters.handoffs += 1
      const handoffId = `handoff-${teller.counters.handoffs}`
      // In a running turn the hand-over is steered into it; else the next turn may take it up.
      const turn = teller.turn === null ? {} : { turnId: teller.turn }
      say(
        teller,
        "realtime.handoff",
        { text: "please do it", routedBy: "provider" },
        { native: { ...native, ...turn, handoffId } },
      )
      return
    }
    case "error":
      if (teller.voice !== "live") return
      say(teller, "realtime.error", { message: "socket reset" }, { native })
      say(teller, "realtime.closed", { reason: "error" }, { native })
      teller.voice = "none"
      return
    case "stop":
      if (teller.voice !== "live") return
      sayAsClient(teller, "realtime.stop-requested", {}, native)
      say(teller, "realtime.closed", { reason: "requested" }, { native })
      teller.voice = "none"
      return
    case "close":
      if (teller.voice !== "live") return
      say(teller, "realtime.closed", { reason: "transport_closed", nativeReason: "gone" }, { native })
      teller.voice = "none"
      return
  }
}
