/**
 * What voices say, as audio, for those who listen now. It passes by as it comes, before its event is in the log, and is kept
 * nowhere: what nobody hears is not even read out of its message.
 */
import { audioPieces, type VoiceAudio } from "@threadfold/providers"
import { Predicate } from "effect"

/** A piece of what a voice says: PCM, 16 bits, little endian. */
export interface HeardAudio extends VoiceAudio {
  readonly threadId: string
  /** Our id of the run that says it. */
  readonly realtimeId: string
}

/** Hears one piece. Synchronous and quick: what the agent says else waits for it. */
export type AudioListener = (heard: HeardAudio) => void

/** An event that may have audio. */
interface Told {
  readonly type: string
  readonly payload?: unknown
  readonly raw?: string | readonly string[] | null | undefined
}

const isSaid = ({ payload, type }: Told): boolean =>
  type === "realtime.audio" && Predicate.isRecord(payload) && payload.direction === "output"

export class LiveAudio {
  private readonly listeners = new Map<string | null, Set<AudioListener>>()
  private readonly runs = new Map<string, string>()

  /** Hears a thread's voice until the returned function is called. @param threadId null: every thread's */
  listen(threadId: string | null, listener: AudioListener): () => void {
    const known = this.listeners.get(threadId) ?? new Set()
    this.listeners.set(threadId, known.add(listener))
    return () => {
      known.delete(listener)
      if (known.size === 0) this.listeners.delete(threadId)
    }
  }

  /** Which run is live in a thread; null: none is, and what comes is not heard. */
  belongsTo(threadId: string, realtimeId: string | null): void {
    if (realtimeId === null) this.runs.delete(threadId)
    else this.runs.set(threadId, realtimeId)
  }

  /** An event of a thread has come, with the message that told it. */
  told(threadId: string, event: Told): void {
    if (this.listeners.size === 0 || typeof event.raw !== "string" || !isSaid(event)) return
    const realtimeId = this.runs.get(threadId)
    const hearing = [...(this.listeners.get(threadId) ?? []), ...(this.listeners.get(null) ?? [])]
    if (realtimeId === undefined || hearing.length === 0) return
    for (const piece of audioPieces(event.raw)) {
      for (const listener of hearing) listener({ threadId, realtimeId, ...piece })
    }
  }
}
