/** A diff of two texts as one hunk, for agents that send both texts and no diff. */

/** Lines around the change that are shown with it. */
const CONTEXT = 3

const linesOf = (text: string): readonly string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"))

/** The number of lines that are equal from the start. */
const common = (a: readonly string[], b: readonly string[], most: number): number => {
  let count = 0
  while (count < most && a[count] === b[count]) count += 1
  return count
}

/** A unified diff of two texts. Empty where they are equal. */
export const textDiff = (before: string, after: string): string => {
  const old = linesOf(before)
  const now = linesOf(after)
  const most = Math.min(old.length, now.length)
  const head = common(old, now, most)
  if (head === old.length && head === now.length) return ""
  const tail = common([...old].reverse(), [...now].reverse(), most - head)
  const from = Math.max(0, head - CONTEXT)
  const shown = Math.min(tail, CONTEXT)
  const removed = old.slice(head, old.length - tail)
  const added = now.slice(head, now.length - tail)
  const lead = old.slice(from, head)
  const trail = old.slice(old.length - tail, old.length - tail + shown)
  const size = lead.length + trail.length
  const range = (first: number, lines: number) => `${lines === 0 ? first : first + 1},${lines}`
  return [
    `@@ -${range(from, size + removed.length)} +${range(from, size + added.length)} @@`,
    ...lead.map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...trail.map((line) => ` ${line}`),
  ].join("\n")
}
