/** The newest events of the log, encoded: what all streams share. Bounded in events and in bytes. */
import type { Frame } from "./Frame.js"

/** Which events a stream takes. All conditions apply together. */
export interface FrameFilter {
  readonly streamId?: string
  readonly types?: ReadonlySet<string>
  readonly except?: ReadonlySet<string>
  /** True: also audio, which comes by the dozen a second. Types that are named come in any case. */
  readonly audio?: boolean
}

/** Events that a stream leaves out unless they are asked for. */
export const audioType = "realtime.audio"

/** Whether a stream takes events of a type. */
export const takesType = ({ audio = false, except, types }: FrameFilter, type: string): boolean =>
  (types === undefined ? audio || type !== audioType : types.has(type)) && except?.has(type) !== true

/** Whether a stream takes an event. */
export const takes = (filter: FrameFilter, frame: Frame): boolean =>
  (filter.streamId === undefined || filter.streamId === frame.streamId) && takesType(filter, frame.type)

/** What was found in a ring. */
export interface Piece {
  readonly frames: readonly Buffer[]
  /** Everything up to here was looked at. */
  readonly until: number
}

export class Ring {
  private frames: Frame[] = []
  private first = 0
  private bytes = 0
  /** The ring holds every event after `floor` and up to `head`. */
  private lower = Number.POSITIVE_INFINITY
  private upper = 0

  constructor(
    private readonly maxEvents: number,
    private readonly maxBytes: number,
  ) {}

  /** Sequence of the last event that is held; 0 before the first. */
  get head(): number {
    return this.upper
  }

  /** Begins again after an event. */
  restart(after: number): void {
    this.frames = []
    this.first = 0
    this.bytes = 0
    this.lower = after
    this.upper = after
  }

  /** Holds nothing until it begins again. */
  stop(): void {
    this.restart(0)
    this.lower = Number.POSITIVE_INFINITY
  }

  /** Whether every event after `sequence` is held. */
  covers(sequence: number): boolean {
    return sequence >= this.lower
  }

  /** Nothing more comes up to this sequence. */
  reach(sequence: number): void {
    this.upper = Math.max(this.upper, sequence)
  }

  push(frame: Frame): void {
    this.frames.push(frame)
    this.bytes += frame.bytes.length
    this.upper = frame.sequence
    while (this.frames.length - this.first > this.maxEvents || this.bytes > this.maxBytes) this.dropFirst()
    // What was dropped is let go of soon, however few long events fill the ring.
    if (this.first * 2 > this.frames.length) {
      this.frames = this.frames.slice(this.first)
      this.first = 0
    }
  }

  /** Frames after a sequence that the filter takes, as many as fit into one piece. */
  after(sequence: number, filter: FrameFilter, maxEvents: number, maxBytes: number): Piece {
    const frames: Buffer[] = []
    let bytes = 0
    let until = sequence
    for (let index = this.indexAfter(sequence); index < this.frames.length; index++) {
      const frame = this.frames[index]
      if (frame === undefined) break
      if (takes(filter, frame)) {
        if (frames.length > 0 && (frames.length >= maxEvents || bytes + frame.bytes.length > maxBytes)) {
          return { frames, until }
        }
        frames.push(frame.bytes)
        bytes += frame.bytes.length
      }
      until = frame.sequence
    }
    return { frames, until: Math.max(until, this.upper) }
  }

  private dropFirst(): void {
    const frame = this.frames[this.first]
    if (frame === undefined) return
    this.lower = frame.sequence
    this.bytes -= frame.bytes.length
    this.first += 1
  }

  /** First index whose frame is after a sequence, by bisection. */
  private indexAfter(sequence: number): number {
    let low = this.first
    let high = this.frames.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const frame = this.frames[middle]
      if (frame !== undefined && frame.sequence <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
