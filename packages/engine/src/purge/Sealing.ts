/**
 * Purges that are asked for: the canonical hash of the thread's rows is taken in short steps, then the tombstone is appended like the
 * event of any command. An event that comes meanwhile makes the hash be taken again.
 */
import { ThreadId } from "@threadfold/contracts"
import { FOLD_VERSION } from "@threadfold/core"
import type { FoldStateRow, TableRow } from "@threadfold/core/model"
import type { LogDriver } from "@threadfold/event-log"
import { DatabaseHash, type ProjectionStore } from "@threadfold/projections"
import { Schema } from "effect"
import { CommandRefused, type SubmitError } from "../Errors.js"
import { type Outcome, type Submission, textUnits } from "../Submission.js"
import type { Step, StepByStep } from "../upkeep/inBackground.js"
import { submitErrorOf } from "../writer/sqliteError.js"
import { type PurgeState, purgeStateOf } from "./PurgeState.js"

/** Rows that one step hashes. */
const ROWS = 50
/** It ends earlier behind so many UTF-16 units of texts. */
const UNITS = 256 * 1024
/** How often the hash is taken, before the thread's own state says why it cannot be purged. */
const TRIES = 5

/** What became of a purge that was asked for: it has begun, now or before, or why it has not. */
export type PurgeAnswer =
  | { readonly ok: true; readonly purge: PurgeState }
  | { readonly ok: false; readonly error: SubmitError }

export interface SealingOptions {
  readonly driver: Pick<LogDriver, "purgeOf" | "findByEventId">
  readonly store: Pick<ProjectionStore, "loadFoldState" | "rowsOf">
  /** Our clock, ms since the epoch. */
  readonly clock: () => number
  /** Commits a submission like any other. */
  readonly offer: (submission: Submission, done: (outcome: Outcome) => void) => void
  /** Folds a stream again whose rows another version of the fold made; null: that is done. */
  readonly refold: (streamId: string, done: (error: SubmitError | null) => void) => void
  /** There is something to do again. */
  readonly wake: () => void
}

/** What is to be purged. */
export interface PurgeDemand {
  readonly threadId: string
  readonly commandId: string
  /** Only while the thread's stream is at this version; null: whatever it is. */
  readonly ifVersion: number | null
}

interface Demand extends PurgeDemand {
  readonly done: (answer: PurgeAnswer) => void
}

interface Hashing {
  readonly streamVersion: number
  readonly hash: DatabaseHash
  readonly rows: Iterator<TableRow>
}

const movedOn = (threadId: string, version: number, ifVersion: number): SubmitError =>
  new CommandRefused({
    reason: "precondition-failed",
    message: `Thread ${threadId} is at version ${version}, not ${ifVersion}.`,
  })

const decodeThreadId = Schema.decodeUnknownSync(ThreadId)

export class Sealing implements StepByStep {
  private readonly demands: Demand[] = []
  private hashing: Hashing | null = null
  private tries = 0
  /** The first demand waits for another part of the writer. */
  private isWaiting = false

  constructor(private readonly options: SealingOptions) {}

  /** Asks for a purge; `done` is called once. Its callers take care that only a few wait. */
  demand(demand: PurgeDemand, done: (answer: PurgeAnswer) => void): void {
    this.demands.push({ ...demand, done })
  }

  isWanted = (): boolean => this.demands.length > 0 && !this.isWaiting

  step = (): Step => {
    const [demand] = this.demands
    if (demand === undefined || this.isWaiting) return false
    try {
      this.goOn(demand)
    } catch (error) {
      this.end({ ok: false, error: submitErrorOf(error) })
    }
    return !this.isWaiting && this.demands.length > 0
  }

  private goOn(demand: Demand): void {
    const { driver, store } = this.options
    const { ifVersion, threadId } = demand
    const before = purgeStateOf(driver, threadId)
    const state = store.loadFoldState(threadId)
    if (before !== null) this.end({ ok: true, purge: before })
    else if (state === null) this.submit(demand, "", 0)
    else if (ifVersion !== null && state.streamVersion !== ifVersion) {
      this.end({ ok: false, error: movedOn(threadId, state.streamVersion, ifVersion) })
    } else if (state.foldVersion !== FOLD_VERSION) this.refold(threadId)
    else this.hash(demand, state)
  }

  private hash(demand: Demand, { streamId, streamVersion }: FoldStateRow): void {
    if (this.hashing?.streamVersion !== streamVersion) {
      // A thread that never rests is refused: it lives.
      if (++this.tries > TRIES) return this.submit(demand, "", 0)
      const hash = new DatabaseHash()
      const rows = hash.passing(this.options.store.rowsOf(streamId))[Symbol.iterator]()
      this.hashing = { streamVersion, hash, rows }
    }
    const { hash, rows } = this.hashing
    for (let row = 0, units = 0; row < ROWS && units < UNITS; row++) {
      const next = rows.next()
      if (next.done === true) return this.submit(demand, hash.last, streamVersion)
      units += textUnits(next.value.row)
    }
  }

  private refold(threadId: string): void {
    this.isWaiting = true
    this.options.refold(threadId, (error) => {
      this.isWaiting = false
      if (error !== null) this.end({ ok: false, error })
      this.options.wake()
    })
  }

  private submit({ commandId, threadId }: Demand, sealedHash: string, streamVersion: number): void {
    const { clock, driver, offer, wake } = this.options
    const command = { type: "thread.purge", threadId: decodeThreadId(threadId), sealedHash, streamVersion } as const
    this.isWaiting = true
    offer({ drafts: [], command: { commandId, to: { streamId: threadId }, command, at: clock() } }, (outcome) => {
      this.isWaiting = false
      this.hashing = null
      const purge = outcome.ok ? purgeStateOf(driver, threadId) : null
      if (purge !== null) this.end({ ok: true, purge })
      else if (!outcome.ok && !this.isAgain(outcome.error)) this.end({ ok: false, error: outcome.error })
      wake()
    })
  }

  /** Whether an event came after the hash was taken, so that it is to be taken again. */
  private isAgain(error: SubmitError): boolean {
    return error._tag === "CommandRefused" && error.reason === "precondition-failed" && this.tries <= TRIES
  }

  private end(answer: PurgeAnswer): void {
    const demand = this.demands.shift()
    this.hashing = null
    this.tries = 0
    demand?.done(answer)
  }
}
