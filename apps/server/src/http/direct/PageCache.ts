/** Encoded answers of resources that may be asked for again before they change; bounded, the longest unused gives way. */

interface Kept {
  readonly version: string
  readonly text: string
}

export interface PageCacheLimits {
  /** Answers at most … */
  readonly entries: number
  /** … and characters of them together. */
  readonly characters: number
}

export const defaultPageCache: PageCacheLimits = { entries: 256, characters: 8 * 1024 * 1024 }

export class PageCache {
  private readonly kept = new Map<string, Kept>()
  private characters = 0

  constructor(private readonly limits: PageCacheLimits = defaultPageCache) {}

  /** The answer that was kept for this version; undefined: there is none. */
  get(key: string, version: string): string | undefined {
    const found = this.kept.get(key)
    if (found?.version !== version) return undefined
    this.kept.delete(key)
    this.kept.set(key, found)
    return found.text
  }

  /** Keeps an answer in place of that of another version. */
  set(key: string, version: string, text: string): void {
    this.drop(key)
    if (text.length > this.limits.characters) return
    this.kept.set(key, { version, text })
    this.characters += text.length
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.limits.entries && this.characters <= this.limits.characters) return
      this.drop(oldest)
    }
  }

  private drop(key: string): void {
    this.characters -= this.kept.get(key)?.text.length ?? 0
    this.kept.delete(key)
  }
}
