/**
 * Marks: environment variables that identify the processes of a connection, even those that left its process group and
 * those of a server that was killed. Children inherit them.
 */
import { Effect } from "effect"
import { type ProcessIdentity, type ProcessTable, processTable } from "./ProcessTable.js"

/** The beginning of the names of marks. */
export const markPrefix = "THREADFOLD_"

/** A running process that carries marks. */
export interface MarkedProcess extends ProcessIdentity {
  /** All its variables whose names begin with {@link markPrefix}. */
  readonly marks: Readonly<Record<string, string>>
}

/** Whether a process carries all of the marks. False where there are no marks. */
export const carries = (table: ProcessTable, pid: number, marks: Readonly<Record<string, string>>): boolean => {
  const wanted = Object.entries(marks)
  if (wanted.length === 0) return false
  const environment = table.environment(pid)
  return wanted.every(([name, value]) => environment.get(name) === value)
}

/** This process and its ancestors: a server that an agent started must not end the agent's shell, which runs the server. */
const ourselves = ({ entries }: ProcessTable): ReadonlySet<number> => {
  const parents = new Map(entries.map(({ parent, pid }) => [pid, parent]))
  const found = new Set<number>()
  for (let pid: number | undefined = process.pid; pid !== undefined && !found.has(pid); pid = parents.get(pid)) {
    found.add(pid)
  }
  return found
}

/**
 * The running processes of this user that carry this mark, without this process and its ancestors. Empty where the system
 * does not show environments.
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
