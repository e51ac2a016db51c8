/** A log in memory with its one writer: what the tests of bundles export from and import into. */

import { mintId } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import {
  type BlobDraft,
  blobsOfRow,
  type EngineWriter,
  makeWriter,
  memoryWork,
  type Submission,
  sha256,
  type Writer,
} from "@threadfold/engine"
import { type LogDriver, memoryDriver } from "@threadfold/event-log"
import { DatabaseHash, hashStream } from "@threadfold/projections"
import type { GeneratedEvent } from "@threadfold/testkit"
import { Effect, Stream } from "effect"
import { bundleLines, type ExportOptions, type ExportOutcome } from "../src/bundle/exportBundle.js"
import type { ExistingStream } from "../src/bundle/importBundle.js"
import { importThrough, type Recording, recognize } from "../src/index.js"

/** An id of ours for a label. */
export const idFor = (label: string): string => mintId(sha256, 1_795_150_511_000, label)

export class MemoryLog {
  readonly driver: LogDriver = memoryDriver()
  readonly store = new MapStore()
  readonly writer: Writer
  readonly work = memoryWork()
  /** Blobs with their bytes, which the store in memory does not keep. */
  readonly blobs = new Map<string, BlobDraft>()
  private now = 1_795_150_600_000

  constructor() {
    this.writer = makeWriter({
      driver: this.driver,
      store: this.store,
      work: this.work,
      clock: () => this.now++,
    })
  }

  /** The writer as an import has it. */
  readonly port: EngineWriter = {
    submit: (submission) =>
      Effect.suspend(() => {
        const [outcome] = this.writer.process([submission])
        if (outcome === undefined) return Effect.die(new Error("no outcome"))
        if (outcome.ok) for (const blob of submission.blobs ?? []) this.blobs.set(blob.hash, blob)
        return outcome.ok ? Effect.succeed(outcome) : Effect.fail(outcome.error)
      }),
    getMeta: (key) => Effect.sync(() => this.driver.getMeta(key)),
  }

  submit(submission: Submission) {
    return Effect.runSync(Effect.either(this.port.submit(submission)))
  }

  /** Takes events of the generators; labels become ids. */
  take(events: readonly GeneratedEvent[]): this {
    for (const { actor, connection, event, session, stream } of events) {
      const payload =
        event.type === "session.started" && typeof event.payload === "object" && event.payload !== null
          ? { ...event.payload, connectionId: idFor(connection) }
          : event.payload
      this.submit({
        drafts: [
          {
            to: { streamId: idFor(stream) },
            sessionId: session === null ? null : idFor(session),
            actor,
            event: { ...event, payload, raw: JSON.stringify({ method: event.type, params: payload }) },
          },
        ],
      })
    }
    return this
  }

  /** Imports a recording. */
  record(name: string, bytes: Uint8Array): Effect.Effect<this, unknown> {
    const recording: Recording = { name, bytes: Stream.make(bytes) }
    return Effect.flatMap(recognize(recording), (recognized) =>
      Effect.as(importThrough(this.port, recognized, { leaveOpen: true }), this),
    )
  }

  get streams(): readonly string[] {
    return this.driver.streams(null, 10_000)
  }

  hashOf(streamId: string): string {
    return hashStream(this.store.rowsOf(streamId))
  }

  /** Hash over all streams, as `verify` has it. */
  get hash(): string {
    const hash = new DatabaseHash()
    for (const streamId of this.streams) hash.addStream(this.store.rowsOf(streamId))
    return hash.finish().hash
  }

  /** Events without their place in the log, and their bodies. */
  eventsOf(streamId: string) {
    return this.driver.readStream(streamId, 0, 100_000).map(({ sequence, ...row }) => ({
      row,
      body: this.driver.readNative(sequence),
    }))
  }

  readonly hasBlob = (hash: string): boolean => this.blobs.has(hash)

  readonly existing = (streamId: string): ExistingStream | null => {
    const version = this.driver.streamVersion(streamId)
    if (version === 0) return null
    const isPurged = this.driver.purgeOf(streamId) !== null
    return { version, isPurged, hash: () => this.hashOf(streamId) }
  }

  /** A bundle of it, as the lines that the file has, and what the export says of it. */
  bundle(options: ExportOptions): { readonly text: string; readonly outcome: ExportOutcome } {
    const find = (hash: string) => {
      const { bytes: _bytes, ...entry } = this.blobs.get(hash) ?? { bytes: null }
      return "hash" in entry ? entry : null
    }
    const isReferred = (streamId: string | null) =>
      this.streams.some(
        (id) => (streamId ?? id) === id && this.eventsOf(id).some(({ row }) => blobsOfRow(row).length > 0),
      )
    const blobs = { isReferred, find, read: (hash: string) => this.blobs.get(hash) ?? null }
    const lines = bundleLines({ driver: this.driver, body: this.driver.readNative, blobs }, options)
    let text = ""
    for (let next = lines.next(); ; next = lines.next()) {
      if (next.done === true) return { text, outcome: next.value }
      text += `${next.value}\n`
    }
  }
}
