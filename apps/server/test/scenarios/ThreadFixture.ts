/** A fixture: the event drafts of a thread with one managed session, numbered as they are made. */
import type { NativeRef } from "@threadfold/contracts"
import { mintId } from "@threadfold/core"
import { type EventDraft, type Submission, sha256 } from "@threadfold/engine"

/** Time of the first event, ms since the epoch. */
export const t0 = 1_795_150_511_000

/** A UUIDv7 for a label, the same in every run. */
export const idOf = (label: string): string => mintId(sha256, t0, label)

export class ThreadFixture {
  private seq = 0
  readonly threadId: string
  readonly sessionId: string

  constructor(readonly name: string) {
    this.threadId = idOf(`thread ${name}`)
    this.sessionId = idOf(`session ${name}`)
  }

  /** Number of the last event. */
  get last(): number {
    return this.seq
  }

  /** Leaves out so many numbers: other code makes those events. */
  skip(count: number): void {
    this.seq += count
  }

  draft(type: string, payload: unknown, native: NativeRef | null = null): EventDraft {
    this.seq += 1
    return {
      to: { streamId: this.threadId },
      sessionId: this.sessionId,
      actor: "provider",
      event: { type, payload, native, channel: "agent", seq: this.seq, at: t0 + this.seq },
    }
  }

  start(): EventDraft {
    return this.draft("session.started", { provider: "test", mode: "managed" })
  }

  turn(turnId: string): EventDraft {
    return this.draft("turn.started", {}, { turnId })
  }

  item(turnId: string, itemId: string, kind = "agent_message"): EventDraft {
    return this.draft("item.started", { kind }, { turnId, itemId })
  }

  delta(turnId: string, itemId: string, delta: string, frames = 1): EventDraft {
    return this.draft("content.delta", { stream: "text", delta, frames }, { turnId, itemId })
  }

  final(turnId: string, itemId: string, text: string): EventDraft {
    return this.draft("item.completed", { kind: "agent_message", status: "completed", text }, { turnId, itemId })
  }

  complete(turnId: string): EventDraft {
    return this.draft("turn.completed", { outcome: "completed" }, { turnId })
  }
}

export const submit = (...drafts: readonly EventDraft[]): Submission => ({ drafts })
