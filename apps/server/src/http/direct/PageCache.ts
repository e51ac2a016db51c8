/** Encoded answers of resources that may be asked for again before they change; bounded, the longest unused gives way. */
import { LRUCache } from "lru-cache"

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
  private readonly kept: LRUCache<string, Kept>

  constructor({ characters, entries }: PageCacheLimits = defaultPageCache) {
    this.kept = new LRUCache({ max: entries, maxSize: characters, sizeCalculation: ({ text }) => text.length })
  }

  /** The answer that was kept for this version; undefined: there is none. */
  get(key: string, version: string): string | undefined {
    return this.kept.peek(key)?.version === version ? this.kept.get(key)?.text : undefined
  }

  /** Forgets every answer of which the key begins so. */
  forget(prefix: string): void {
    for (const key of [...this.kept.keys()]) if (key.startsWith(prefix)) this.kept.delete(key)
  }

  /** Keeps an answer in place of that of another version; one that is longer than all may be is not kept. */
  set(key: string, version: string, text: string): void {
    this.kept.set(key, { version, text })
  }
}
