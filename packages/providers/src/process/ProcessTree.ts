/** Finds the processes that belong to one that we started. */
import { carries } from "./marks.js"
import type { ProcessEntry, ProcessTable } from "./ProcessTable.js"

export interface TreeRoot {
  readonly pid: number
  /** When it started. Null: not known at the start. */
  readonly startTicks: number | null
  readonly marks: Readonly<Record<string, string>>
}

/**
 * Finds the tree of a process in a table: its group, its descendants, the processes with its marks, and the processes that
 * an earlier call found. It remembers them, because a process that leaves the group and loses its parent cannot be found
 * any more.
 */
export type ProcessTree = (table: ProcessTable) => readonly ProcessEntry[]

export const makeProcessTree = (root: TreeRoot): ProcessTree => {
  const { marks, pid } = root
  const seen = new Map<number, number>()
  if (root.startTicks !== null) seen.set(pid, root.startTicks)

  return (table) => {
    const leader = table.entries.find((entry) => entry.pid === pid)
    if (seen.size === 0 && leader !== undefined) seen.set(pid, leader.startTicks)
    // The system does not reuse the id of a group that has members. So if another process has the id, the group is not ours.
    const groupIsOurs = leader === undefined || leader.startTicks === seen.get(pid)
    // An older process cannot descend from this one, so its environment is not read.
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
