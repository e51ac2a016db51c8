/**
 * The pages of a database file, read without SQLite: it refuses a file of which one page is wrong, and this reads all the
 * others. Over the main file lie the committed frames of the write-ahead log. The file format is SQLite's own
 * (https://sqlite.org/fileformat2.html). No Effect here.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { committedFrames } from "./walFrames.js"

const isPageSize = (size: number): boolean => size >= 512 && size <= 65_536 && (size & (size - 1)) === 0

export class PageFile {
  /** Pages that the files hold, the last one maybe in part. */
  readonly pageCount: number
  private readonly file: number
  private readonly wal: number | null
  /** Page → where its newest committed content begins in the write-ahead log. */
  private readonly frames: ReadonlyMap<number, number>

  private constructor(
    file: string,
    readonly pageSize: number,
    /** Bytes at the end of a page that hold no content. */
    readonly reserved: number,
  ) {
    this.file = openSync(file, "r")
    this.wal = openIfThere(`${file}-wal`)
    this.frames = this.wal === null ? new Map() : committedFrames(this.wal, pageSize)
    let last = Math.ceil(fstatSync(this.file).size / pageSize)
    for (const page of this.frames.keys()) last = Math.max(last, page)
    this.pageCount = last
  }

  /** Opens a file. What its header has lost is taken from the write-ahead log, or is as we make databases. */
  static open(file: string): PageFile {
    const header = head(file, 100)
    const isOurs = header.toString("latin1", 0, 15) === "SQLite format 3"
    const own = header.length < 18 ? 0 : header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
    const wal = head(`${file}-wal`, 32)
    const logged = wal.length < 12 ? 0 : wal.readUInt32BE(8)
    const pageSize = isOurs && isPageSize(own) ? own : isPageSize(logged) ? logged : 4096
    return new PageFile(file, pageSize, isOurs && header.length > 20 ? (header[20] ?? 0) : 0)
  }

  /** A page, from 1; what is missing at the end of a cut file is zero. Null: there is nothing of it. */
  page(number: number): Buffer | null {
    if (number < 1 || number > this.pageCount) return null
    const page = Buffer.alloc(this.pageSize)
    const frame = this.frames.get(number)
    try {
      const read =
        frame !== undefined && this.wal !== null
          ? readSync(this.wal, page, 0, this.pageSize, frame)
          : readSync(this.file, page, 0, this.pageSize, (number - 1) * this.pageSize)
      return read === 0 ? null : page
    } catch {
      // A sector that the disk cannot read costs its page.
      return null
    }
  }

  close(): void {
    closeSync(this.file)
    if (this.wal !== null) closeSync(this.wal)
  }
}

const openIfThere = (file: string): number | null => {
  try {
    return openSync(file, "r")
  } catch {
    return null
  }
}

const head = (file: string, length: number): Buffer => {
  const descriptor = openIfThere(file)
  if (descriptor === null) return Buffer.alloc(0)
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, 0))
  } catch {
    return Buffer.alloc(0)
  } finally {
    closeSync(descriptor)
  }
}
