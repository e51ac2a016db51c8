/**
 * The work of purges, in short steps on the writer's thread while it is idle. A purge begins when the tombstone is committed; what is
 * left to do stands in its row, so that it goes on after a kill. Every step may be repeated.
 */
import type { LogDriver, PurgeRow } from "@threadfold/event-log"
import type { ProjectionStore } from "@threadfold/projections"
import type { Step, StepByStep } from "../upkeep/inBackground.js"
import type { WorkStore } from "../work/index.js"
import { ConnectionSealing, type ConnectionSealingOptions } from "./ConnectionSealing.js"
import { decodeProgress, encodeProgress, type PurgeProgress, plus } from "./PurgeState.js"

/** Events, rows, receipts and effects of one step: a few milliseconds each. */
const AT_A_TIME = 100
/** Purges that a step looks at: one that waits for readers must not keep the others. */
const SEEN = 100

export interface PurgingOptions extends ConnectionSealingOptions {
  readonly driver: LogDriver
  readonly store: ProjectionStore
  readonly work: WorkStore
  /** Our clock, ms since the epoch. */
  readonly clock: () => number
  readonly space: PurgeSpace
}

/** What a purge gives back, beside rows. */
export interface PurgeSpace {
  /**
   * Takes a step to remove what lies beside the database and has words of the thread. True: there is more to do. Throws where it
   * cannot: it is tried again.
   */
  readonly removeFiles: (streamId: string) => boolean
  /**
   * Has one transaction begin the write-ahead log anew, so that nothing of what was in it stays. False: a reader still needs it, and
   * nothing was written. Never inside a transaction.
   */
  readonly renewWal: (commit: () => void) => boolean
}

/** A storage that has nothing of the kind. */
export const noSpace: PurgeSpace = {
  removeFiles: () => false,
  renewWal: (commit) => {
    commit()
    return true
  },
}

interface Running {
  readonly purge: PurgeRow
  readonly progress: PurgeProgress
}

export class Purging implements StepByStep {
  private readonly connections: ConnectionSealing

  constructor(private readonly options: PurgingOptions) {
    this.connections = new ConnectionSealing(options)
  }

  step = (): Step => {
    const running = this.options.driver
      .unfinishedPurges(SEEN)
      .map((purge): Running => ({ purge, progress: decodeProgress(purge.progress) }))
    const working = running.find(({ progress }) => progress.phase !== "wal")
    if (working !== undefined) {
      this.work(working)
      return this.next()
    }
    // What is left of a thread beside its connections is gone. One that was open then closes in a moment.
    const waiting = running.filter(({ progress }) => progress.connections.length > 0)
    const ready = waiting.find(({ progress }) => progress.connections.some(this.connections.isOver))
    if (ready !== undefined) {
      this.takeConnection(ready)
      return this.next()
    }
    const ended = running.filter((one) => !waiting.includes(one))
    if (ended.length === 0) return running.length > 0 ? "later" : false
    const { clock, driver, space } = this.options
    const finish = () =>
      driver.transaction(() => {
        for (const { progress, purge } of ended) this.save(purge, progress, clock())
      })
    return space.renewWal(finish) ? true : "later"
  }

  /** While a tombstone of a connection is on its way, nothing else is done. */
  private next(): Step {
    return this.connections.isSealing ? "later" : true
  }

  /** A caller waits for its content to go. */
  isWanted = (): boolean => this.options.driver.unfinishedPurges(1).length > 0

  private work({ progress, purge }: Running): void {
    const { driver, space, store, work } = this.options
    const { removed, version } = progress
    const next = (phase: PurgeProgress["phase"], more: Partial<PurgeProgress> = {}): void =>
      this.save(purge, { ...progress, ...more, phase })
    switch (progress.phase) {
      case "connections":
        return this.findConnections({ progress, purge })
      case "events":
        return driver.transaction(() => {
          const done = driver.strip(purge, version, AT_A_TIME)
          next(done.events === 0 ? "rows" : "events", {
            version: done.version,
            removed: {
              ...removed,
              events: plus(removed.events, done.payloads, done.payloadBytes),
              natives: plus(removed.natives, done.bodies, done.bodyBytes),
              blobs: plus(removed.blobs, done.blobs, done.blobBytes),
            },
          })
        })
      case "rows":
        return driver.transaction(() => {
          const gone = store.removeSome(purge.streamId, AT_A_TIME)
          next(gone.keys.length === 0 ? "work" : "rows", {
            removed: { ...removed, rows: plus(removed.rows, gone.keys.length, gone.bytes) },
          })
        })
      case "work":
        return driver.transaction(() => {
          const gone = work.removeSome(purge.streamId, AT_A_TIME)
          // Each step is one portion: blobs go behind receipts and effects.
          const { blobs, bytes, references } = work.blobs.removeSome(purge.streamId, gone.seen > 0 ? 0 : AT_A_TIME)
          next(gone.seen + references === 0 ? "files" : "work", {
            removed: {
              ...removed,
              blobs: plus(removed.blobs, blobs, bytes),
              work: plus(removed.work, gone.count, gone.bytes),
            },
          })
        })
      case "files":
        return space.removeFiles(purge.streamId) ? undefined : driver.transaction(() => next("pages"))
      default:
        if (!driver.shrink()) driver.transaction(() => next("wal"))
    }
  }

  /**
   * Purges the connections that served this thread alone: the calls that started its sessions name its folder, and standard error may
   * have its words. So they may where no session began: what was opened for the thread goes as well. It comes first, because the rows
   * of the sessions go.
   */
  private findConnections(running: Running): void {
    const { progress, purge } = running
    const { driver, store } = this.options
    if (progress.connections.some(this.connections.isOver)) return this.takeConnection(running)
    const sessions = store.sessionsAfter(purge.streamId, progress.epoch, AT_A_TIME)
    const openedFor = store.openedFor(purge.streamId, progress.opened, AT_A_TIME)
    const served = sessions.flatMap(({ connectionId }) => (connectionId === null ? [] : [connectionId]))
    const found = [...served, ...openedFor].filter((connectionId) => !store.servesOther(connectionId, purge.streamId))
    const connections = [...new Set([...progress.connections, ...found])]
    const epoch = sessions.at(-1)?.epoch ?? progress.epoch
    const opened = openedFor.at(-1) ?? progress.opened
    const phase = sessions.length + openedFor.length === 0 ? "events" : "connections"
    driver.transaction(() => this.save(purge, { ...progress, connections, epoch, opened, phase }))
  }

  /** Seals the first connection that has closed, or strikes it off the list where that is done. */
  private takeConnection({ progress, purge }: Running): void {
    const { driver } = this.options
    const streamId = progress.connections.find(this.connections.isOver)
    if (streamId === undefined) return
    if (!this.connections.isDone(streamId)) return this.connections.seal(streamId)
    const connections = progress.connections.filter((other) => other !== streamId)
    driver.transaction(() => this.save(purge, { ...progress, connections }))
  }

  private save({ streamId }: PurgeRow, progress: PurgeProgress, finishedAt: number | null = null): void {
    this.options.driver.savePurge(streamId, encodeProgress(progress), finishedAt)
  }
}
