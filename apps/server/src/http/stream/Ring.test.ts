import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import type { Frame } from "./Frame.js"
import { Ring, takes } from "./Ring.js"

const streams = ["a", "b"]
const types = ["x", "y", "z"]

const frameOf = (sequence: number, stream: number, type: number, bytes: number): Frame => ({
  sequence,
  streamId: streams[stream] ?? "",
  type: types[type] ?? "",
  bytes: Buffer.from(`${sequence}.`.padEnd(bytes, "-")),
})

const sequenceOf = (bytes: Buffer) => Number.parseInt(bytes.toString(), 10)

const frames = fc
  .array(fc.tuple(fc.nat({ max: 1 }), fc.nat({ max: 2 }), fc.integer({ min: 4, max: 60 })), { maxLength: 120 })
  .map((rows) => rows.map(([stream, type, bytes], index) => frameOf(index + 1, stream, type, bytes)))

const filters = fc.record(
  { streamId: fc.constantFrom(...streams), types: fc.subarray(types, { minLength: 1 }).map((some) => new Set(some)) },
  { requiredKeys: [] },
)

describe("Ring", () => {
  it("gives everything after a sequence that it covers, piece by piece, each once and in order", () => {
    fc.assert(
      fc.property(
        frames,
        filters,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (all, filter, size, piece) => {
          const ring = new Ring(size, size * 40)
          ring.restart(0)
          for (const frame of all) ring.push(frame)
          for (let after = 0; after <= all.length; after++) {
            if (!ring.covers(after)) continue
            const seen: number[] = []
            let at = after
            for (;;) {
              const found = ring.after(at, filter, piece, 100)
              seen.push(...found.frames.map(sequenceOf))
              expect(found.frames.length).toBeLessThanOrEqual(piece)
              if (found.until === at) break
              at = found.until
            }
            expect(at).toBe(all.length)
            expect(seen).toEqual(
              all.filter((frame) => frame.sequence > after && takes(filter, frame)).map(({ sequence }) => sequence),
            )
          }
        },
      ),
    )
  })

  it("never holds more than its bounds, and says what it no longer covers", () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 60, max: 400 }), (all, events, bytes) => {
        const ring = new Ring(events, bytes)
        ring.restart(0)
        for (const frame of all) {
          ring.push(frame)
          const covered = all.slice(0, frame.sequence).filter(({ sequence }) => ring.covers(sequence - 1))
          expect(covered.length).toBeLessThanOrEqual(events)
          expect(covered.reduce((sum, each) => sum + each.bytes.length, 0)).toBeLessThanOrEqual(bytes)
          // It holds as much as it may: one more would pass a bound.
          const oldest = all[frame.sequence - covered.length - 1]
          const total = covered.reduce((sum, each) => sum + each.bytes.length, oldest?.bytes.length ?? 0)
          expect(oldest === undefined || covered.length === events || total > bytes).toBe(true)
        }
      }),
    )
  })

  it("covers nothing before it begins and after it stops", () => {
    const ring = new Ring(4, 400)
    expect(ring.covers(1_000)).toBe(false)
    ring.restart(7)
    expect([ring.covers(6), ring.covers(7), ring.head]).toEqual([false, true, 7])
    ring.push(frameOf(8, 0, 0, 10))
    ring.stop()
    expect([ring.covers(8), ring.after(7, {}, 10, 100).frames.length]).toEqual([false, 0])
  })
})
