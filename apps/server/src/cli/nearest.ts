/** The known name that a mistyped one is nearest to. */

/** Changes of one letter, or swaps of two neighbours, that make one text of another. */
const distance = (a: string, b: string): number => {
  let before: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, swap))
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

/** The nearest of these; null where none is near enough to be meant: a third of the letters may differ, and one always. */
export const nearest = (typed: string, known: readonly string[]): string | null => {
  let best: { readonly name: string; readonly far: number } | null = null
  for (const name of known) {
    const isBeginning = typed.length > 1 && name.startsWith(typed)
    const far = isBeginning ? 0.5 : distance(typed.toLowerCase(), name.toLowerCase())
    if (best === null || far < best.far) best = { name, far }
  }
  return best !== null && best.far <= Math.max(1, Math.floor(typed.length / 3)) ? best.name : null
}
