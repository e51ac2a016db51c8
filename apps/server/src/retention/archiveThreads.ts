/**
 * Archives threads: each is exported without redaction, the bundle is read from the disk once more, and only then the thread is purged,
 * where it is still at the version that the bundle has. Stopped at any point, a thread is whole or its bundle is; a repeated run takes
 * a bundle that is there already, and goes on.
 */
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { RetainOutcome, RetainReport } from "@threadfold/contracts"
import type { PurgeView } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { retentionReasons } from "@threadfold/core"
import type { StreamSeal } from "@threadfold/imports"
import { Effect } from "effect"
import type { BundleSeals } from "../offline/jobs/retentionJobs.js"
import { runJob } from "../offline/runJob.js"
import type { JudgedThread } from "./retentionFacts.js"

/** Threads that are judged at a time. */
const atATime = 500
/** Threads that a report names. */
const named = 1_000

/** Where bundles go: one for each thread into a folder, or all threads into one file. */
export type ArchivePlace =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "file"; readonly path: string }

export interface ArchiveCall {
  /** The database, which its server writes to meanwhile. */
  readonly file: string
  /** Null: only look. */
  readonly into: ArchivePlace | null
  readonly olderMs: number
  /** Our wall clock, ms since the epoch. */
  readonly now: number
  /** Asks the server to purge a thread that is at a version. */
  readonly purge: (threadId: string, ifVersion: number) => Effect.Effect<PurgeView, Problem>
  /** Told after each thread that was due. */
  readonly onThread: (archived: number) => void
}

type RetainedThread = RetainReport["threads"][number]

const entryOf = (
  { lastActivityAt, threadId }: JudgedThread,
  outcome: RetainOutcome,
  more: Partial<RetainedThread> = {},
): RetainedThread => ({
  threadId,
  outcome,
  reason: null,
  detail: null,
  lastActivityAt,
  file: null,
  events: null,
  sha256: null,
  sealedHash: null,
  ...more,
})

/** What a bundle has of the threads that it holds. */
interface Archive {
  readonly file: string
  /** Whether this run wrote it. */
  readonly isNew: boolean
  readonly seals: ReadonlyMap<string, StreamSeal>
  /** Threads of which it lacks an image or a file that the log has: a version that knew no blobs in bundles made it. */
  readonly lacking: ReadonlySet<string>
}

const notVerified = (why: string): Problem => new Problem({ slug: "bundle-conflict", detail: why })

/** Checks that a bundle is an archive of this log: as it lies on the disk, whole, and with everything in it. */
const archiveIn = (database: string, file: string, logId: string, isNew: boolean): Effect.Effect<Archive, Problem> =>
  Effect.flatMap(
    runJob({ name: "bundleSeals", file, options: { database } }, () => undefined),
    (bundle: BundleSeals) => {
      if (bundle.logId !== logId) return notVerified(`${file} is there already, with threads of another log.`)
      if (bundle.redaction !== "none") return notVerified(`${file} is there already, with something taken out of it.`)
      const seals = new Map(bundle.streams.map((seal) => [seal.stream, seal]))
      return Effect.succeed({ file, isNew, seals, lacking: new Set(bundle.lacking) })
    },
  )

/** The bundle of some threads: the one that is there, or a new one. */
const archiveOf = (
  { file: database }: ArchiveCall,
  logId: string,
  to: string,
  threads: readonly JudgedThread[],
): Effect.Effect<Archive, Problem> =>
  Effect.gen(function* () {
    const isNew = !existsSync(to)
    if (isNew) {
      const ids = threads.map(({ threadId }) => threadId)
      const options = { to, redaction: "none", threads: ids } as const
      yield* runJob({ name: "export", file: database, options }, () => undefined)
    }
    return yield* archiveIn(database, to, logId, isNew)
  })

/** Why a thread cannot be given up for what a bundle has of it; null: it can. */
const faultOf = (
  seal: StreamSeal | undefined,
  { threadId }: JudgedThread,
  { file, lacking }: Pick<Archive, "file" | "lacking">,
): string | null => {
  if (seal === undefined) return `${file} does not hold thread ${threadId}: name another FILE for it.`
  if (lacking.has(threadId)) {
    return `${file} lacks images or files of thread ${threadId}, which this log has: move it away, and archive again.`
  }
  return seal.hash === null ? `Rows of thread ${threadId} are refused: rebuild it first.` : null
}

/** Problems that are about one thread: the others are gone on with. */
const ofOneThread: ReadonlySet<Problem["slug"]> = new Set([
  "precondition-failed",
  "thread-busy",
  "thread-not-found",
  "thread-purged",
])
const ofOneBundle: ReadonlySet<Problem["slug"]> = new Set(["bundle-conflict", "bundle-damaged", "not-a-bundle"])

const purged = (
  { purge }: ArchiveCall,
  thread: JudgedThread,
  { file, lacking, seals }: Archive,
): Effect.Effect<RetainedThread, Problem> =>
  Effect.suspend(() => {
    const seal = seals.get(thread.threadId)
    const fault = faultOf(seal, thread, { file, lacking })
    if (seal === undefined || fault !== null) {
      return Effect.succeed(entryOf(thread, "not-verified", { detail: fault }))
    }
    return purge(thread.threadId, seal.events).pipe(
      Effect.map(({ sealedHash }) =>
        entryOf(thread, "archived", { file, events: seal.events, sha256: seal.sha256, sealedHash }),
      ),
      Effect.catchIf(
        ({ slug }) => ofOneThread.has(slug),
        ({ detail }) => Effect.succeed(entryOf(thread, "moved-on", { detail })),
      ),
    )
  })

/** Archives threads into one bundle. */
const archiveInto = (
  call: ArchiveCall,
  logId: string,
  to: string,
  threads: readonly JudgedThread[],
): Effect.Effect<readonly RetainedThread[], Problem> =>
  Effect.gen(function* () {
    const archive = yield* archiveOf(call, logId, to, threads)
    const entries = yield* Effect.forEach(threads, (thread) => purged(call, thread, archive))
    // Nobody needs a new bundle whose threads are all whole still.
    if (archive.isNew && entries.every(({ outcome }) => outcome !== "archived")) rmSync(to, { force: true })
    return entries
  }).pipe(
    Effect.catchIf(
      ({ slug }) => ofOneThread.has(slug),
      ({ detail }) => Effect.succeed(threads.map((thread) => entryOf(thread, "moved-on", { detail }))),
    ),
    Effect.catchIf(
      ({ slug }) => ofOneBundle.has(slug),
      ({ detail }) => Effect.succeed(threads.map((thread) => entryOf(thread, "not-verified", { detail }))),
    ),
  )

/** The name has the version: a thread that has gone on gets another bundle. */
const nameOf = ({ threadId, version }: JudgedThread): string => `${threadId}.${version}.bundle`

/** Counts, and the threads that a report names. */
class Tally {
  looked = 0
  archived = 0
  purgedBefore = 0
  private readonly due: RetainedThread[] = []
  private dueCount = 0
  private allWell = true
  private readonly kept: RetainedThread[] = []
  private readonly reasons = new Map<string, number>()

  add(entry: RetainedThread): void {
    if (entry.outcome === "archived") this.archived += 1
    if (entry.outcome !== "archived" && entry.outcome !== "due") this.allWell = false
    this.dueCount += 1
    if (this.due.length < named) this.due.push(entry)
  }

  keep(thread: JudgedThread, reason: keyof typeof retentionReasons): void {
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1)
    if (this.kept.length < named) {
      this.kept.push(entryOf(thread, "kept", { reason, detail: retentionReasons[reason] }))
    }
  }

  report({ into, olderMs }: ArchiveCall): RetainReport {
    const { archived, looked, purgedBefore } = this
    return {
      ok: this.allWell,
      dryRun: into === null,
      olderMs,
      looked,
      due: this.dueCount,
      archived,
      purgedBefore,
      kept: Object.entries(retentionReasons).flatMap(([reason, sentence]) => {
        const threads = this.reasons.get(reason) ?? 0
        return threads === 0 ? [] : [{ reason, sentence, threads }]
      }),
      threads: [...this.due, ...this.kept].slice(0, named),
    }
  }
}

/**
 * Judges every thread of a database and archives those that are due. Fails where going on would fail for every thread, such as on a
 * full disk or where the server is gone; what was archived before stays archived.
 */
export const archiveThreads = (call: ArchiveCall): Effect.Effect<RetainReport, Problem> =>
  Effect.gen(function* () {
    const { file, into, now, olderMs, onThread } = call
    const tally = new Tally()
    const together: JudgedThread[] = []
    let logId = ""
    const taken = (entries: readonly RetainedThread[]): void => {
      for (const entry of entries) tally.add(entry)
      onThread(tally.archived)
    }
    for (let after: string | null = null, more = true; more; ) {
      const options: { now: number; olderMs: number; after: string | null; limit: number } = {
        now,
        olderMs,
        after,
        limit: atATime,
      }
      const page = yield* runJob({ name: "retention", file, options }, () => undefined)
      logId = page.logId
      tally.purgedBefore += page.purged
      for (const thread of page.threads) {
        tally.looked += 1
        const { verdict } = thread
        if (verdict.decision === "keep") tally.keep(thread, verdict.reason)
        else if (into === null) taken([entryOf(thread, "due")])
        else if (into.kind === "file") together.push(thread)
        else taken(yield* archiveInto(call, logId, join(into.path, nameOf(thread)), [thread]))
      }
      after = page.next
      more = after !== null
    }
    if (into !== null && together.length > 0) taken(yield* archiveInto(call, logId, into.path, together))
    return tally.report(call)
  })
