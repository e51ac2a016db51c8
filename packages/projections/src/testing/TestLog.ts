/** A log in memory with a writer in small: resolves, folds and stores batches of events as the engine does. */

import { createHash } from "node:crypto"
import { blankEnvelope, type EventEnvelope, type NativeRef } from "@threadfold/contracts"
import {
  fold as currentFold,
  decodeState,
  encodeState,
  FOLD_VERSION,
  type Fold,
  initialState,
  mintId,
  resolve,
} from "@threadfold/core"
import { compareText, Overlay } from "@threadfold/core/model"
import type { EventSource } from "../EventSource.js"
import type { ProjectionStore } from "../ProjectionStore.js"

const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest()
const epoch = 1_795_150_511_000

/** An id of ours for a label, the same in every run. */
export const idFor = (label: string): string => mintId(digest, epoch, label)

/** An event before the log numbers it. */
export interface TestEvent {
  /** Label of the stream. */
  readonly stream: string
  /** Label of the session; null: one of our own. */
  readonly session: string | null
  readonly type: string
  readonly payload: unknown
  readonly native?: NativeRef
}

/** The events, oldest first, and the store that their rows go to. */
export class TestLog implements EventSource {
  readonly events: EventEnvelope[] = []
  private readonly bySession = new Map<string, number>()

  /** Appends one batch and writes what it leads to into the store. */
  append(store: ProjectionStore, batch: readonly TestEvent[], fold: Fold = currentFold): void {
    const overlay = new Overlay(store)
    const states = new Map<string, ReturnType<typeof initialState>>()
    for (const one of batch) {
      const streamId = idFor(one.stream)
      const stored = store.loadFoldState(streamId)
      const before = states.get(streamId) ?? (stored === null ? initialState(streamId) : decodeState(stored.state))
      const bare = this.envelope(one)
      const event = { ...bare, ...resolve(before, bare, overlay, digest) }
      this.events.push(event)
      const { state, changes } = fold(before, event, overlay)
      overlay.stage(changes)
      states.set(streamId, state)
    }
    store.atomically(() => {
      store.apply(overlay.net())
      for (const [streamId, state] of states) {
        store.saveFoldState({
          streamId,
          foldVersion: FOLD_VERSION,
          streamVersion: state.streamVersion,
          status: "ok",
          state: encodeState(state),
        })
      }
    })
  }

  read = (streamId: string, afterVersion: number, limit: number): readonly EventEnvelope[] =>
    this.events.filter((event) => event.streamId === streamId && event.streamVersion > afterVersion).slice(0, limit)

  streams = (after: string | null, limit: number): readonly string[] =>
    [...new Set(this.events.map(({ streamId }) => streamId))]
      .filter((streamId) => after === null || compareText(streamId, after) > 0)
      .sort(compareText)
      .slice(0, limit)

  private envelope({ stream, session, type, payload, native }: TestEvent): EventEnvelope {
    const sequence = this.events.length + 1
    const streamId = idFor(stream)
    const seq = (this.bySession.get(session ?? "") ?? 0) + 1
    this.bySession.set(session ?? "", seq)
    return {
      ...blankEnvelope,
      sequence,
      streamId,
      streamVersion: this.events.filter((event) => event.streamId === streamId).length + 1,
      eventId: idFor(`event ${sequence}`),
      type,
      v: 1,
      sessionId: session === null ? null : idFor(session),
      channel: session === null ? null : "agent",
      seq: session === null ? null : seq,
      at: epoch + sequence,
      recordedAt: epoch + 1000 + sequence,
      actor: session === null ? "orchestrator" : "provider",
      commandId: type === "request.answering" ? idFor("command") : null,
      native: native ?? null,
      payload,
    }
  }
}
