/**
 * Marks: environment variables by which we know the processes of a connection again, those that left its process group
 * and those of a server that was killed, too. Children inherit them.
 */
import { Effect } from "effect"
import { type ProcessIdentity, type ProcessTable, processTable } from "./ProcessTable.js"

/** Names of marks begin so. */
export const markPrefix = "THREADFOLD_"

/** A running process that carries marks. */
export interface MarkedProcess extends ProcessIdentity {
  /** All its variables whose names begin with {@link markPrefix}. */
  readonly marks: Readonly<Record<string, string>>
}

/** True: the process carries all of the marks; no marks are carried by nobody. */
export const carries = (table: ProcessTable, pid: number, marks: Readonly<Record<string, string>>): boolean => {
  const wanted = Object.entries(marks)
  if (wanted.length === 0) return false
  const environment = table.environment(pid)
  return wanted.every(([name, value]) => environment.get(name) === value)
}

/** Ourselves and whoever started us: a server that an agent started must not end the agent's shell under its own feet. */
const ourselves = ({ entries }: ProcessTable): ReadonlySet<number> => {
  const parents = new Map(entries.map(({ parent, pid }) => [pid, parent]))
  const found = new Set<number>()
  for (let pid: number | undefined = process.pid; pid !== undefined && !found.has(pid); pid = parents.get(pid)) {
    found.add(pid)
  }
  return found
}

/**
 * The running processes that carry this mark, of this user; never ourselves or those that started us. Empty where the
 * system does not tell.
 */
export const markedProcesses = (name: string, value: string): Effect.Effect<readonly MarkedProcess[]> =>
  Effect.map(processTable, (table) => {
    const own = ourselves(table)
    return table.entries.flatMap(({ pid, startTicks }) => {
      if (own.has(pid)) return []
      const environment = table.environment(pid)
      if (environment.get(name) !== value) return []
      const marks = [...environment].filter(([variable]) => variable.startsWith(markPrefix))
      return [{ pid, startTicks, marks: Object.fromEntries(marks) }]
    })
  })
