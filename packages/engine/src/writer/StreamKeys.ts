/** Which stream a draft goes to: keyed streams are looked up, and the first proposal under a key is kept permanently. */
import type { LogDriver } from "@threadfold/event-log"
import type { Destination, EventDraft } from "../Submission.js"

/** The key under which the log's small values hold a keyed stream. */
export const streamKey = (key: string): string => `stream:${key}`

/** How many keys are remembered. */
const KEYS = 16_384

export class StreamKeys {
  private readonly known = new Map<string, string>()

  constructor(private readonly driver: LogDriver) {}

  /** The stream of a key, or null. */
  find(key: string): string | null {
    const remembered = this.known.get(key)
    if (remembered !== undefined) return remembered
    const stored = this.driver.getMeta(streamKey(key))
    if (stored !== null) this.remember(key, stored)
    return stored
  }

  /** The stream of a destination; stores nothing. */
  peek(to: Destination): string {
    return (to.key === undefined ? null : this.find(to.key)) ?? to.streamId
  }

  /** The stream that a draft goes to. Only inside the writer's transaction. */
  take({ to }: EventDraft): string {
    if (to.key === undefined) return to.streamId
    const found = this.find(to.key)
    if (found !== null) return found
    this.driver.setMeta(streamKey(to.key), to.streamId)
    this.remember(to.key, to.streamId)
    return to.streamId
  }

  /** The stream of another native thread of the draft's source, where it is known. */
  sibling({ to }: EventDraft, nativeThreadId: string): string | null {
    return to.key === undefined ? null : this.find(`${to.key.slice(0, to.key.indexOf("|") + 1)}${nativeThreadId}`)
  }

  /** Forgets what may have been rolled back. */
  forget(): void {
    this.known.clear()
  }

  private remember(key: string, streamId: string): void {
    if (this.known.size >= KEYS) this.known.clear()
    this.known.set(key, streamId)
  }
}
