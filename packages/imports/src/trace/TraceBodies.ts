/** The bodies of a trace as they come in pieces: put together where they are short enough, passed on in parts where they are not. */
import { createHash, type Hash } from "node:crypto"
import type { ImportReport } from "@threadfold/contracts"
import type { TracePayload } from "@threadfold/providers"

/** Longest body that is put together and read, UTF-16 units. A longer one is kept in parts, so that memory holds a part of it only. */
export const longestBody = 16 * 1024 * 1024

/** How many problems of bodies a report names. */
export const namedBodyProblems = 100

/** A part of a body that is too long. */
export interface BodyPart {
  readonly path: string
  /** From 0. */
  readonly part: number
  readonly text: string
}

interface Growing {
  readonly path: string
  pieces: string[]
  length: number
  bytes: number
  readonly hash: Hash
  /** How many parts were passed on; 0: it is put together so far. */
  parts: number
}

type BodyReport = NonNullable<ImportReport["bodies"]>

export class TraceBodies {
  private growing: Growing | null = null
  private done: TracePayload[] = []
  private readonly seen = new Set<string>()
  private readonly counts = { kept: 0, bytes: 0, missing: 0 }
  private readonly problems: { readonly path: string; readonly problem: string }[] = []

  constructor(private readonly longest = longestBody) {}

  get report(): BodyReport {
    return { ...this.counts, problems: this.problems }
  }

  /** Takes a piece. @returns the parts that are passed on */
  piece(path: string, text: string): readonly BodyPart[] {
    const body = this.bodyOf(path)
    body.hash.update(text)
    body.bytes += Buffer.byteLength(text)
    body.length += text.length
    body.pieces.push(text)
    if (body.length <= this.longest && body.parts === 0) return []
    const parts = body.pieces.map((piece, index) => ({ path, part: body.parts + index, text: piece }))
    body.parts += parts.length
    body.pieces = []
    return parts
  }

  /** Ends a body. */
  end(path: string, announced: { readonly bytes: number; readonly sha256: string }): void {
    const { bytes, hash, parts, pieces } = this.bodyOf(path)
    this.growing = null
    const sha256 = hash.digest("hex")
    const isAsAnnounced = bytes === announced.bytes && sha256 === announced.sha256.toLowerCase()
    this.counts.kept += 1
    this.counts.bytes += bytes
    const changed = isAsAnnounced ? null : "its bytes are not those that were announced"
    if (parts === 0) return this.add({ path, text: pieces.join(""), problem: changed })
    const long = `longer than ${this.longest} characters: kept in ${parts} parts, and not read`
    this.add({ path, text: null, problem: changed ?? long, digest: { bytes, sha256 } })
  }

  /** A body that is not there. */
  missing(path: string, problem: string): void {
    this.growing = null
    this.counts.missing += 1
    this.add({ path, text: null, problem })
  }

  /** The bodies that have come for a line that names these. */
  take(named: readonly string[]): readonly TracePayload[] {
    if (this.growing !== null) {
      const { bytes, hash, parts, path, pieces } = this.growing
      this.growing = null
      this.counts.missing += 1
      const digest = { bytes, sha256: hash.digest("hex") }
      this.add({ path, text: parts === 0 ? pieces.join("") : null, problem: "its end did not come", digest })
    }
    const came = this.done
    this.done = []
    for (const path of named) {
      if (this.seen.has(path)) {
        // A second event may name a body that came before.
        if (!came.some((one) => one.path === path)) came.push({ path, text: null, problem: null })
        continue
      }
      this.counts.missing += 1
      const absent = { path, text: null, problem: "it did not come with the trace" }
      this.note(absent)
      came.push(absent)
    }
    return came
  }

  private bodyOf(path: string): Growing {
    if (this.growing?.path === path) return this.growing
    const fresh = { path, pieces: [], length: 0, bytes: 0, hash: createHash("sha256"), parts: 0 }
    this.growing = fresh
    return fresh
  }

  private add(body: TracePayload): void {
    this.note(body)
    this.done.push(body)
  }

  private note({ path, problem }: TracePayload): void {
    this.seen.add(path)
    if (problem !== null && this.problems.length < namedBodyProblems) this.problems.push({ path, problem })
  }
}
