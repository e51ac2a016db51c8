/** Known names by their likeness to a mistyped one. Server, client and command line use it, so that they suggest the same name. */

/** How many letters must be changed, left out, added or swapped to get from one name to another. */
const distance = (a: string, b: string): number => {
  let before: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, swap))
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

/** Longer names are not compared letter by letter: no known one is so long. */
const longestName = 64

const farFrom = (typed: string, name: string): number =>
  // The beginning of a name is as near as one slip, and nearer.
  typed.length > 1 && name.startsWith(typed) ? 0.5 : distance(typed.toLowerCase(), name.toLowerCase())

/** Known names, the one that is most like the typed one first. */
const byLikeness = (typed: string, known: readonly string[]): readonly string[] => {
  const said = typed.slice(0, longestName)
  return known
    .map((name) => ({ name, far: farFrom(said, name) }))
    .sort((a, b) => a.far - b.far)
    .map(({ name }) => name)
}

/** The nearest known name; null where none is near enough to be meant: a third of the letters may differ, and one always. */
export const nearest = (typed: string, known: readonly string[]): string | null => {
  const [first] = byLikeness(typed, known)
  const said = typed.slice(0, longestName)
  return first !== undefined && farFrom(said, first) <= Math.max(1, Math.floor(said.length / 3)) ? first : null
}

/** Known names that a sentence lists where none is near. */
const listedNames = 12

const shown = (name: string): string => JSON.stringify(name.slice(0, longestName))

/**
 * The sentence for an unknown name, with the nearest known one.
 *
 * @param what what the name is one of: `parameter`, `field`, `value`, `event type`
 */
export const unknownName = (what: string, name: string, known: readonly string[]): string => {
  const there = `there is no ${what} ${shown(name)}`
  if (known.length === 0) return `${there}, and none is taken here`
  const like = nearest(name, known)
  if (like !== null) return `${there}; the nearest is ${shown(like)}`
  const all = byLikeness(name, known)
  const rest = all.length > listedNames ? `, and ${all.length - listedNames} more` : ""
  return `${there}; known are ${all.slice(0, listedNames).map(shown).join(", ")}${rest}`
}
