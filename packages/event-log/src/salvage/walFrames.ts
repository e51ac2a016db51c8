/** The write-ahead log of SQLite: which of its frames are committed. No Effect here. */
import { readSync } from "node:fs"

const HEADER = 32
const FRAME_HEADER = 24
/** Marks a write-ahead log; the lowest bit is the byte order in which its checksums are made. */
const MAGIC = 0x377f0682

/** SQLite's checksum, gone on with over whole pairs of words. */
const checksum = (bytes: Buffer, big: boolean, start: readonly [number, number]): [number, number] => {
  let [a, b] = start
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0
    b = (b + (big ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0
  }
  return [a, b]
}

/**
 * Page → offset of its newest content, of all transactions that are there whole. The first frame that is not what SQLite
 * wrote ends it: what comes later was never committed, or is of an earlier use of the file.
 */
export const committedFrames = (wal: number, pageSize: number): ReadonlyMap<number, number> => {
  const committed = new Map<number, number>()
  const header = Buffer.alloc(HEADER)
  if (readSync(wal, header, 0, HEADER, 0) < HEADER) return committed
  const magic = header.readUInt32BE(0)
  if ((magic & 0xfffffffe) >>> 0 !== MAGIC || header.readUInt32BE(8) !== pageSize) return committed
  const big = (magic & 1) === 1
  let sum = checksum(header.subarray(0, 24), big, [0, 0])
  if (sum[0] !== header.readUInt32BE(24) || sum[1] !== header.readUInt32BE(28)) return committed
  const frame = Buffer.alloc(FRAME_HEADER + pageSize)
  let pending = new Map<number, number>()
  for (let at = HEADER; readSync(wal, frame, 0, frame.length, at) === frame.length; at += frame.length) {
    if (frame.compare(header, 16, 24, 8, 16) !== 0) break
    sum = checksum(frame.subarray(0, 8), big, sum)
    sum = checksum(frame.subarray(FRAME_HEADER), big, sum)
    if (sum[0] !== frame.readUInt32BE(16) || sum[1] !== frame.readUInt32BE(20)) break
    pending.set(frame.readUInt32BE(0), at + FRAME_HEADER)
    if (frame.readUInt32BE(4) === 0) continue
    for (const [page, offset] of pending) committed.set(page, offset)
    pending = new Map()
  }
  return committed
}
