/**
 * Random secrets that were given out and are held in memory, by their digests alone: what is read out of this memory opens nothing. They
 * are bounded, by owner and in all; the oldest gives way.
 */
import { createHash, randomBytes } from "node:crypto"

/** 32 bytes, as base64url. */
const secretBytes = 32
const secretLength = 43

export interface HeldLimits {
  /** Secrets of one owner at a time. */
  readonly perOwner: number
  /** Secrets at a time. */
  readonly inAll: number
  /** How long each lives, ms; null: until it is ended. */
  readonly lifeMs: number | null
}

/** A secret that is held: who it was given to, and what goes with it. */
export interface Held<A> {
  readonly owner: string
  readonly value: A
}

interface Entry<A> extends Held<A> {
  readonly expiresAt: number
}

/** A secret that was just made. It is not kept. */
export interface Given {
  readonly secret: string
  readonly expiresAt: number
}

/**
 * A digest is what is looked up and compared: how long that takes tells of the digest, and nothing of the secret. Every text of the right
 * length takes the same work.
 */
const digestOf = (secret: string): string => createHash("sha256").update(secret, "utf8").digest("base64url")

export class HeldSecrets<A> {
  /** By digest, the oldest first. */
  private readonly entries = new Map<string, Entry<A>>()
  /** The digests of each owner, the oldest first. */
  private readonly owners = new Map<string, Set<string>>()

  /** @param onEnd called with each one that ends, but not with one that is taken */
  constructor(
    private readonly limits: HeldLimits,
    private readonly onEnd: (held: Held<A>) => void = () => undefined,
  ) {}

  /** How many are held. */
  get size(): number {
    return this.entries.size
  }

  /** Makes a secret. What has expired goes, and the oldest where there are too many. */
  add(owner: string, value: A, now: number): Given {
    const { inAll, lifeMs, perOwner } = this.limits
    const expired = [...this.entries].filter(([, { expiresAt }]) => expiresAt <= now)
    for (const [digest] of expired) this.end(digest)
    const [oldestOfOwner] = this.owners.get(owner) ?? []
    if (oldestOfOwner !== undefined && (this.owners.get(owner)?.size ?? 0) >= perOwner) this.end(oldestOfOwner)
    const [oldest] = this.entries.keys()
    if (oldest !== undefined && this.entries.size >= inAll) this.end(oldest)
    const secret = randomBytes(secretBytes).toString("base64url")
    const digest = digestOf(secret)
    const expiresAt = lifeMs === null ? Number.POSITIVE_INFINITY : now + lifeMs
    this.entries.set(digest, { owner, value, expiresAt })
    const own = this.owners.get(owner) ?? new Set()
    this.owners.set(owner, own.add(digest))
    return { secret, expiresAt }
  }

  /** What goes with a secret; null: it is none, or has ended. */
  find(candidate: string, now: number): Held<A> | null {
    if (candidate.length !== secretLength) return null
    const entry = this.entries.get(digestOf(candidate))
    return entry === undefined || entry.expiresAt <= now ? null : entry
  }

  /** The same, once: a secret that is taken is held no longer, whether it had expired or not. */
  take(candidate: string, now: number): Held<A> | null {
    const found = this.find(candidate, now)
    this.forget(digestOf(candidate))
    return found
  }

  /** What goes with the secrets of an owner. */
  valuesOf(owner: string): readonly A[] {
    return [...(this.owners.get(owner) ?? [])].flatMap((digest) => this.entries.get(digest)?.value ?? [])
  }

  /** Ends all secrets of an owner. */
  endOf(owner: string): void {
    for (const digest of [...(this.owners.get(owner) ?? [])]) this.end(digest)
  }

  private end(digest: string): void {
    const entry = this.forget(digest)
    if (entry !== null) this.onEnd(entry)
  }

  private forget(digest: string): Entry<A> | null {
    const entry = this.entries.get(digest)
    if (entry === undefined) return null
    this.entries.delete(digest)
    const own = this.owners.get(entry.owner)
    own?.delete(digest)
    if (own?.size === 0) this.owners.delete(entry.owner)
    return entry
  }
}
