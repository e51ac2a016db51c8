/**
 * Folds streams in a database that goes away: which rows events lead to, and their hash, before anything of them is stored. Memory holds
 * one page of events, however long a stream is; its rows lie in a temporary file.
 */
import type { EventEnvelope } from "@threadfold/contracts"
import { type FoldState, foldPage, initialState } from "@threadfold/core"
import { Overlay } from "@threadfold/core/model"
import Sqlite from "better-sqlite3"
import { DatabaseHash } from "./hash.js"
import { isRefusal } from "./rebuild.js"
import { SqlStore } from "./SqlStore.js"
import { projectionSchema } from "./schema.js"

/** What the events of one stream led to. */
export interface ScratchStream {
  /** Canonical hash of its rows (ADR 5); null: SQL refuses rows of it, as it would everywhere. */
  readonly hash: string | null
  /** The open state after its last event. */
  readonly state: FoldState
  /** Whether it is a thread that has rules for questions which nobody answers. */
  readonly hasRules: boolean
}

/** What events that follow a stream leave open. */
export interface ScratchEnd extends ScratchStream {
  /** Turns whose end is not final: the orchestrator would make it so by an event of its own. */
  readonly unsettled: readonly string[]
}

export class ScratchRows {
  private readonly handle: Sqlite.Database
  private readonly store: SqlStore
  private readonly overlay: Overlay
  private whole = new DatabaseHash()
  private state: FoldState = initialState("")
  private refused = false
  private anyRefused = false
  private threads = 0
  private readonly unsettled: Sqlite.Statement<[string], string>

  constructor() {
    // A database without a name is a temporary file of SQLite's own, which goes away with the handle.
    this.handle = new Sqlite("")
    this.handle.pragma("journal_mode = MEMORY")
    this.handle.pragma("synchronous = OFF")
    for (const sql of projectionSchema) this.handle.exec(sql)
    this.store = new SqlStore(this.handle)
    this.overlay = new Overlay(this.store)
    this.unsettled = this.handle
      .prepare<[string], string>(
        "SELECT turn_id FROM turns WHERE thread_id = ? AND settled = 0 AND status = 'ended' ORDER BY ordinal",
      )
      .pluck()
  }

  /** Begins a stream. Streams come in the order of their ids. */
  begin(streamId: string): void {
    this.state = initialState(streamId)
    this.refused = false
    this.handle.exec("BEGIN")
  }

  /** Folds a page of the stream's events. */
  add(events: readonly EventEnvelope[]): void {
    this.state = foldPage(this.state, events, this.overlay, (changes) => {
      if (!this.refused) this.stage(() => this.overlay.stage(changes))
    })
    if (!this.refused) this.stage(() => this.store.apply(this.overlay.net()))
    this.overlay.clear()
  }

  /** Ends the stream. `following`: events that come after it, of which its hash knows nothing. */
  end(following: (stream: ScratchStream) => readonly EventEnvelope[] = () => []): ScratchEnd {
    const { streamId } = this.state
    const hasRules = (this.store.whole("threads", [streamId])?.unattended ?? null) !== null
    const hash = this.refused ? null : this.whole.addStream(this.store.rowsOf(streamId))
    if (this.refused) this.anyRefused = true
    if (this.state.thread !== null) this.threads += 1
    const stream: ScratchStream = { hash, state: this.state, hasRules }
    this.add(following(stream))
    const unsettled = this.unsettled.all(streamId)
    this.handle.exec("ROLLBACK")
    return { ...stream, unsettled }
  }

  /** Hash over all streams, as `verify` has it; null where one of them has none. How many of them are threads. */
  finish(): { readonly hash: string | null; readonly threads: number } {
    const { hash } = this.whole.finish()
    return { hash: this.anyRefused ? null : hash, threads: this.threads }
  }

  close(): void {
    this.handle.close()
  }

  private stage(write: () => void): void {
    try {
      write()
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.refused = true
    }
  }
}
