import { describe, expect, it } from "vitest"
import type { ProcessEntry, ProcessTable } from "./ProcessTable.js"
import { makeProcessTree } from "./ProcessTree.js"

const entry = (pid: number, parent: number, group: number, startTicks: number): ProcessEntry => ({
  pid,
  parent,
  group,
  startTicks,
})

/** A table in which the named processes carry the mark. */
const table = (entries: readonly ProcessEntry[], marked: readonly number[] = []): ProcessTable => ({
  entries,
  environment: (pid) => new Map(marked.includes(pid) ? [["M", "m"]] : []),
})

const shell = entry(1, 0, 1, 10)
const root = entry(100, 1, 100, 50)
const tree = (startTicks: number | null = 50) => makeProcessTree({ pid: 100, startTicks, marks: { M: "m" } })
const pids = (found: readonly ProcessEntry[]): readonly number[] => found.map(({ pid }) => pid)

describe("the tree of a process", () => {
  it("is its group, its descendants, and the processes with its marks", () => {
    const descendant = entry(103, 102, 103, 53)
    const marked = entry(104, 1, 104, 54)
    const all = [
      shell,
      root,
      entry(101, 1, 100, 51),
      entry(102, 100, 102, 52),
      descendant,
      marked,
      entry(105, 1, 105, 55),
    ]
    expect(pids(tree()(table(all, [104])))).toEqual([100, 101, 102, 103, 104])
    expect(pids(tree(null)(table(all, [104])))).toEqual([100, 101, 102, 103, 104])
  })

  it("keeps the processes that were in it, though nothing shows it any more", () => {
    const find = tree()
    find(table([shell, root, entry(102, 100, 102, 52)]))
    expect(pids(find(table([shell, entry(102, 1, 102, 52)])))).toEqual([102])
    expect(pids(find(table([shell, entry(102, 1, 102, 99)])))).toEqual([])
  })

  it("has nothing to do with a process that got its id, nor with that one's group and children", () => {
    const find = tree()
    find(table([shell, root]))
    const other = [entry(100, 1, 100, 90), entry(110, 100, 100, 91), entry(111, 110, 111, 92)]
    expect(pids(find(table([shell, ...other])))).toEqual([])
    expect(pids(find(table([shell, entry(101, 1, 100, 60)])))).toEqual([101])
  })

  it("holds no older process, and never our own", () => {
    expect(pids(tree()(table([shell, root, entry(90, 1, 90, 40)], [90])))).toEqual([100])
    expect(pids(tree()(table([root, entry(process.pid, 100, 100, 60)], [process.pid])))).toEqual([100])
  })

  it("is carried by no mark where there is none", () => {
    const find = makeProcessTree({ pid: 100, startTicks: 50, marks: {} })
    expect(pids(find(table([shell, root, entry(104, 1, 104, 54)], [104])))).toEqual([100])
  })
})
