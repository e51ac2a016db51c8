/** What a compaction would free and what it needs. It only reads, also beside a server. */
import { statfsSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { databaseGroups } from "@threadfold/engine"
import { isUpToDate } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { toProblem } from "../problems/toProblem.js"

export interface CompactionPlan {
  /** Bytes of the file and its write-ahead log. */
  readonly bytesBefore: number
  /** Bytes of the pages that hold something: the new file has no more. Of an earlier version with what its tables lack. */
  readonly usedBytes: number
  /** Free bytes that it needs while the old file and the new one lie side by side. */
  readonly neededBytes: number
  readonly availableBytes: number
  /** Whether the database gives free pages back while it is served. */
  readonly releasesPages: boolean
}

/** `PRAGMA auto_vacuum` as SQLite numbers it. */
const incremental = 2
/** One page in so many of the new file says where others are. */
const pagesPerMap = 800
/** Room for what else is written meanwhile: the marker, the index of the write-ahead log. */
const margin = 1024 * 1024

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** Bytes of a database file and of its write-ahead log. */
export const bytesOf = (file: string): number => sizeOf(file) + sizeOf(`${file}-wal`)

/** An earlier version's tables are brought up to date first: indexes and columns that it lacks are at most so large a part of what it has. */
const shareOfUpdate = 0.5

const planOf = (file: string, isCurrent: boolean): CompactionPlan => {
  const handle = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    const count = (pragma: string): number => Number(handle.pragma(pragma, { simple: true }))
    const pageSize = count("page_size")
    const used = count("page_count") - count("freelist_count")
    const pages = isCurrent ? used : Math.ceil(used * (1 + shareOfUpdate))
    const usedBytes = (pages + Math.ceil(pages / pagesPerMap)) * pageSize
    const { bavail, bsize } = statfsSync(dirname(file))
    return {
      bytesBefore: bytesOf(file),
      usedBytes,
      // The write-ahead log is copied into the old file first.
      neededBytes: usedBytes + sizeOf(`${file}-wal`) + margin,
      availableBytes: bavail * bsize,
      releasesPages: count("auto_vacuum") === incremental,
    }
  } finally {
    handle.close()
  }
}

/** Looks at a database of this version or of an earlier one. Fails where it is no such database. */
export const planCompaction = (file: string): Effect.Effect<CompactionPlan, Problem> =>
  Effect.flatMap(Effect.mapError(isUpToDate({ file, migrations: databaseGroups }), toProblem), (isCurrent) =>
    Effect.try({
      try: () => planOf(file, isCurrent),
      catch: (error) =>
        new Problem({
          slug: "database-unreadable",
          detail: `${file}: ${error instanceof Error ? error.message : String(error)}.`,
        }),
    }),
  )
