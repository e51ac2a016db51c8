/** Which processes belong to one that we started, told from the table of all. */
import { carries } from "./marks.js"
import type { ProcessEntry, ProcessTable } from "./ProcessTable.js"

export interface TreeRoot {
  readonly pid: number
  /** When it started; null where that was not to be learnt at once. */
  readonly startTicks: number | null
  readonly marks: Readonly<Record<string, string>>
}

/**
 * Finds the tree of a process in a table: its group, its descendants, those who carry its marks, and those who were in it
 * at an earlier look. It remembers what it found, because who leaves the group and loses its parent is found no more.
 */
export const makeProcessTree = (root: TreeRoot): ((table: ProcessTable) => readonly ProcessEntry[]) => {
  const { marks, pid } = root
  const seen = new Map<number, number>()
  if (root.startTicks !== null) seen.set(pid, root.startTicks)

  return (table) => {
    const leader = table.entries.find((entry) => entry.pid === pid)
    if (seen.size === 0 && leader !== undefined) seen.set(pid, leader.startTicks)
    // A group keeps its id from being given away for as long as it has members: once the id is another process's, so is
    // the group.
    const groupIsOurs = leader === undefined || leader.startTicks === seen.get(pid)
    // What is older than the process cannot come from it, and its environment need not be read.
    const oldest = seen.get(pid) ?? 0
    const others = table.entries.filter((entry) => entry.pid !== process.pid)
    const ours = new Set<number>()
    for (const { group, pid: id, startTicks } of others) {
      const isKnown = seen.get(id) === startTicks || (groupIsOurs && group === pid)
      if (isKnown || (startTicks >= oldest && carries(table, id, marks))) ours.add(id)
    }
    for (let before = -1; before !== ours.size; ) {
      before = ours.size
      for (const entry of others) if (ours.has(entry.parent)) ours.add(entry.pid)
    }
    const found = others.filter((entry) => ours.has(entry.pid))
    for (const entry of found) seen.set(entry.pid, entry.startTicks)
    return found
  }
}
