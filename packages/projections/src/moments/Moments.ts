/**
 * Threads as they were at any event, each from its checkpoints. The files lie in one directory, which may be removed at any time;
 * together they hold a bounded number of bytes, and the thread that was looked at longest ago gives way. Where a file cannot be used
 * the same is done in memory: the answer is the same, only slower.
 */
import { mkdirSync, readdirSync, statSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { fold as currentFold, FOLD_VERSION, type Fold } from "@threadfold/core"
import { removeFile } from "../besideLog.js"
import type { EventSource } from "../EventSource.js"
import { CheckpointFile, type CheckpointIdentity } from "./CheckpointFile.js"
import { type ThreadMoment, ThreadMoments } from "./ThreadMoments.js"

export interface MomentsOptions {
  readonly logId: string
  readonly source: Pick<EventSource, "read">
  /** Where the files lie; null: all is kept in memory. */
  readonly directory: string | null
  /** Our clock, ms: when a file was looked at last. */
  readonly clock: () => number
  /** Another fold, for tests. */
  readonly fold?: Fold
  /** Version of that fold. */
  readonly foldVersion?: number
  /** Events between two checkpoints. Default 100. */
  readonly interval?: number
  /** Bytes of all files together, and of one. Default 512 MiB. */
  readonly limitBytes?: number
  /** Threads whose files are open at a time. Default 8. */
  readonly openThreads?: number
}

/** What became of a look at a thread: the moment; `before`: it had no event yet; `absent`: there is no such thread. */
export type Look =
  | { readonly kind: "found"; readonly moment: ThreadMoment }
  | { readonly kind: "before" }
  | { readonly kind: "absent" }

const suffix = ".checkpoints"

/** Where the checkpoints of the threads in a data directory lie. */
export const checkpointDirectory = (dataDir: string): string => join(dataDir, "checkpoints")

/** Ids are UUIDs; what is none of ours gets no file. */
const plainId = /^[0-9a-z][0-9a-z-]{0,63}$/

interface OpenThread {
  readonly moments: ThreadMoments
  /** A look at it is under way: it stays open. */
  isBusy: boolean
}

/** Removes the checkpoints of a thread in a data directory, whoever has them open. Throws where a file cannot be removed. */
export const removeCheckpointsOf = (dataDir: string, threadId: string): void => {
  if (plainId.test(threadId)) removeFile(join(checkpointDirectory(dataDir), `${threadId}${suffix}`))
}

export class Moments {
  private readonly fold: Fold
  private readonly interval: number
  private readonly limitBytes: number
  private readonly foldVersion: number
  private readonly openThreads: number
  /** The one that was looked at last is at the end. */
  private readonly open = new Map<string, OpenThread>()
  /** In memory: what threads are looked at in that have fewer events than lie between two checkpoints. */
  private scratch: CheckpointFile | null = null
  private small: ThreadMoments | null = null
  /** In memory: a thread whose file cannot be used. */
  private fileless: ThreadMoments | null = null

  constructor(private readonly options: MomentsOptions) {
    this.fold = options.fold ?? currentFold
    this.foldVersion = options.foldVersion ?? FOLD_VERSION
    this.interval = options.interval ?? 100
    this.limitBytes = options.limitBytes ?? 512 * 1024 * 1024
    this.openThreads = options.openThreads ?? 8
  }

  /**
   * The thread at a sequence that the log has reached. Pauses often; looks at other threads may go on meanwhile, none at the same one.
   * A moment is to be read before anything else is asked here. Throws what the log's reader throws.
   */
  *at(threadId: string, sequence: number): Generator<void, Look> {
    const [first] = this.options.source.read(threadId, 0, 1)
    if (first === undefined) return { kind: "absent" }
    if (first.sequence > sequence) return { kind: "before" }
    const moment = this.isSmall(threadId, sequence)
      ? yield* this.smallThread(threadId).at(sequence)
      : yield* this.inFile(threadId, sequence)
    return moment === null ? { kind: "before" } : { kind: "found", moment }
  }

  /** Forgets a thread's checkpoints: they are wrong, or the thread is to be removed. Throws where its file cannot be removed. */
  drop(threadId: string): void {
    if (this.small?.threadId === threadId) this.small = null
    if (this.fileless?.threadId === threadId) this.closeFileless()
    const thread = this.open.get(threadId)
    this.open.delete(threadId)
    thread?.moments.file.close()
    const file = this.fileOf(threadId)
    if (file !== null) removeFile(file)
  }

  close(): void {
    for (const { moments } of this.open.values()) moments.file.close()
    this.open.clear()
    this.closeFileless()
    this.scratch?.close()
    this.scratch = null
    this.small = null
  }

  /** Whether all that the moment needs lies before the first checkpoint. */
  private isSmall(threadId: string, sequence: number): boolean {
    if (this.open.has(threadId)) return false
    const [last] = this.options.source.read(threadId, this.interval - 1, 1)
    return last === undefined || last.sequence > sequence
  }

  private smallThread(threadId: string): ThreadMoments {
    if (this.small?.threadId === threadId) return this.small
    this.scratch ??= CheckpointFile.open(null, this.identity(""))
    this.small = this.momentsIn(threadId, this.scratch)
    return this.small
  }

  private *inFile(threadId: string, sequence: number): Generator<void, ThreadMoment | null> {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return yield* this.look(this.openThread(threadId), sequence)
      } catch {
        // Damaged, foreign, of another fold, or gone: made again. Where that fails, too, the directory takes no file.
        this.tryToDrop(threadId)
      }
    }
    if (this.fileless?.threadId !== threadId) {
      this.closeFileless()
      this.fileless = this.momentsIn(threadId, CheckpointFile.open(null, this.identity(threadId)))
    }
    return yield* this.fileless.at(sequence)
  }

  private *look(thread: OpenThread, sequence: number): Generator<void, ThreadMoment | null> {
    const { file } = thread.moments
    const before = file.bytes
    thread.isBusy = true
    try {
      return yield* thread.moments.at(sequence)
    } finally {
      thread.isBusy = false
      if (file.isOpen && file.bytes > before) this.trim(file.identity.threadId)
    }
  }

  private openThread(threadId: string): OpenThread {
    const known = this.open.get(threadId)
    if (known !== undefined) {
      this.open.delete(threadId)
      this.open.set(threadId, known)
      return known
    }
    for (const [id, { isBusy, moments }] of this.open) {
      if (this.open.size < this.openThreads) break
      if (isBusy) continue
      this.open.delete(id)
      moments.file.close()
    }
    const file = this.fileOf(threadId)
    if (this.options.directory !== null) mkdirSync(this.options.directory, { recursive: true, mode: 0o700 })
    const opened = {
      moments: this.momentsIn(threadId, CheckpointFile.open(file, this.identity(threadId))),
      isBusy: false,
    }
    this.open.set(threadId, opened)
    if (file !== null) {
      const now = this.options.clock() / 1000
      utimesSync(file, now, now)
    }
    return opened
  }

  /** Removes the files that were opened longest ago, until the rest is within the bound. `kept`: the thread that grows. */
  private trim(kept: string): void {
    const { directory } = this.options
    if (directory === null) return
    const files = new Map<string, { bytes: number; usedAt: number }>()
    for (const name of readdirSync(directory)) {
      const at = name.indexOf(suffix)
      const stat = at === -1 ? undefined : statSync(join(directory, name), { throwIfNoEntry: false })
      if (stat === undefined) continue
      const threadId = name.slice(0, at)
      const known = files.get(threadId) ?? { bytes: 0, usedAt: 0 }
      // The write-ahead log beside a file counts to it.
      const isFile = name.length === at + suffix.length
      files.set(threadId, {
        bytes: known.bytes + stat.size,
        usedAt: isFile ? stat.mtimeMs : known.usedAt,
      })
    }
    let total = 0
    for (const { bytes } of files.values()) total += bytes
    const oldest = [...files].sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [threadId, { bytes }] of oldest) {
      if (total <= this.limitBytes) return
      if (threadId === kept || this.open.get(threadId)?.isBusy === true) continue
      this.tryToDrop(threadId)
      total -= bytes
    }
  }

  private tryToDrop(threadId: string): void {
    try {
      this.drop(threadId)
    } catch {
      // What cannot be removed cannot be opened either, and is in no way of an answer.
    }
  }

  private closeFileless(): void {
    this.fileless?.file.close()
    this.fileless = null
  }

  private momentsIn(threadId: string, file: CheckpointFile): ThreadMoments {
    const { fold, interval, limitBytes } = this
    return new ThreadMoments({ threadId, source: this.options.source, file, fold, interval, limitBytes })
  }

  private identity(threadId: string): CheckpointIdentity {
    return { logId: this.options.logId, threadId, foldVersion: this.foldVersion }
  }

  private fileOf(threadId: string): string | null {
    const { directory } = this.options
    return directory === null || !plainId.test(threadId) ? null : join(directory, `${threadId}${suffix}`)
  }
}

/** {@link Moments.at} without its pauses, for who has the thread of the machine to itself. */
export const momentNow = (moments: Moments, threadId: string, sequence: number): Look => {
  const steps = moments.at(threadId, sequence)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
