/** The most recent keys: at least `size` of them, at most twice as many. */
export class Recent {
  private older = new Set<string>()
  private newer = new Set<string>()
  private forgotten = false
  constructor(private readonly size: number) {}

  /** True while nothing was forgotten, so that absence proves something. */
  get complete(): boolean {
    return !this.forgotten
  }
  has(key: string): boolean {
    return this.newer.has(key) || this.older.has(key)
  }
  add(key: string): void {
    if (this.newer.size >= this.size) {
      this.forgotten = this.forgotten || this.older.size > 0
      this.older = this.newer
      this.newer = new Set()
    }
    this.newer.add(key)
  }
}
