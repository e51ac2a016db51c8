/**
 * What the log has just taken of the voice conversations that agents carry. The service of voice runs hears it from here, in the
 * order of the log, so that what it does next follows from what is durable.
 */
import type { EventDraft } from "@threadfold/engine"

/** An event of a thread's agent that is in the log. */
export type RecordedWord = Pick<EventDraft["event"], "type" | "payload" | "native">

/** Hears one word. Synchronous and quick: the agent's other words wait for it. */
export type WordListener = (word: RecordedWord) => void

const isVoice = (type: string): boolean => type.startsWith("realtime.") || type === "session.exited"

export class RecordedWords {
  private readonly listeners = new Map<string, Set<WordListener>>()
  private readonly audioKept = new Set<string>()

  /** Hears the words of a thread until the returned function is called. */
  listen(threadId: string, listener: WordListener): () => void {
    const known = this.listeners.get(threadId) ?? new Set()
    this.listeners.set(threadId, known.add(listener))
    return () => {
      known.delete(listener)
      if (known.size === 0) this.listeners.delete(threadId)
    }
  }

  heard(threadId: string, { native, payload, type }: RecordedWord): void {
    if (!isVoice(type)) return
    for (const listener of this.listeners.get(threadId) ?? []) {
      listener({ type, payload, ...(native === undefined ? {} : { native }) })
    }
  }

  /** Whether the log keeps the bytes of a thread's audio, until it is told otherwise. */
  keepAudio(threadId: string, kept: boolean): void {
    if (kept) this.audioKept.add(threadId)
    else this.audioKept.delete(threadId)
  }

  /** Whether the bytes of an event of this thread are kept: of audio only where that was asked for. */
  keepsBytes(threadId: string, type: string): boolean {
    return type !== "realtime.audio" || this.audioKept.has(threadId)
  }
}
