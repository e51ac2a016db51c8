import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { identityOf, parsePs, parseStat, processTable, stillRunning } from "./ProcessTable.js"

describe("the table of processes", () => {
  it("reads a stat line whose name holds blanks and brackets", () => {
    const fields = Array.from({ length: 30 }, (_, index) => index + 4)
    const line = (state: string) => `42 (a) b (c) ${state} ${fields.join(" ")}`
    expect(parseStat(42, line("S"))).toEqual({ pid: 42, parent: 4, group: 5, startTicks: 22 })
    expect(parseStat(42, line("Z"))).toBeNull()
    expect(parseStat(42, "nonsense")).toBeNull()
  })

  it("reads ps: the environment is what follows the command line, not what stands in it", () => {
    const row = (pid: number, state: string, command: string) =>
      `${pid}   1  ${pid} ${state}  Thu Nov 20 10:11:12 2026     ${command}`
    const plain = [row(7, "S", "node agent.js"), row(8, "S", "grep THREADFOLD_CONNECTION=c"), row(9, "Z", "(gone)")]
    const full = [
      row(7, "S", "node agent.js PATH=/bin THREADFOLD_CONNECTION=c"),
      row(8, "S", "grep THREADFOLD_CONNECTION=c PATH=/bin"),
      row(9, "Z", "(gone)"),
      row(10, "S", "new THREADFOLD_CONNECTION=c"),
    ]
    const table = parsePs(plain.join("\n"), full.join("\n"))
    const startTicks = Date.UTC(2026, 10, 20, 10, 11, 12) / 1000
    expect(table.entries).toEqual([7, 8, 10].map((pid) => ({ pid, parent: 1, group: pid, startTicks })))
    expect([7, 8, 10].map((pid) => table.environment(pid).get("THREADFOLD_CONNECTION"))).toEqual([
      "c",
      undefined,
      undefined,
    ])
  })

  it.live.skipIf(process.platform === "win32")("knows a running process by id and start together", () =>
    Effect.gen(function* () {
      const { entries } = yield* processTable
      const ours = entries.filter(({ pid }) => pid === process.pid)
      expect(ours).toHaveLength(1)
      const others = ours.map(({ pid, startTicks }) => ({ pid, startTicks: startTicks + 1 }))
      expect(yield* stillRunning([...ours, ...others])).toEqual(ours)
      if (process.platform === "linux") expect(ours[0]).toMatchObject({ ...identityOf(process.pid) })
    }),
  )
})
