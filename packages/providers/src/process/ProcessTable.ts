/**
 * The processes of this machine, so that we end the processes that we started and no others. A process is identified by its
 * id and its start time together, because the system gives an id to another process later.
 *
 * Linux shows processes in `/proc`, macOS by `ps`. On other systems the table is empty, and only the process itself can be
 * ended.
 */
import { execFile } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { Effect } from "effect"

/** The identity of a process: no other process of this boot has the same id and start time. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started: clock ticks since boot on Linux, seconds since the epoch on macOS. */
  readonly startTicks: number
}

/** A running process. Zombies are not listed: they have ended and wait for their parent. */
export interface ProcessEntry extends ProcessIdentity {
  /** Id of its parent. */
  readonly parent: number
  /** Id of its process group. */
  readonly group: number
}

/** The table at one moment. */
export interface ProcessTable {
  readonly entries: readonly ProcessEntry[]
  /** The environment that a process was started with. Empty where we may not read it. */
  readonly environment: (pid: number) => ReadonlyMap<string, string>
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // It has ended meanwhile, or belongs to another user.
    return null
  }
}

/** Reads `/proc/PID/stat`. The name may hold blanks and brackets itself, so fields count from the last bracket. */
export const parseStat = (pid: number, stat: string): ProcessEntry | null => {
  const [state, parent, group, ...others] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const entry = { pid, parent: Number(parent), group: Number(group), startTicks: Number(others[16]) }
  const isWhole = [entry.parent, entry.group, entry.startTicks].every(Number.isInteger)
  return state === undefined || state === "Z" || state === "X" || !isWhole ? null : entry
}

/** Reads `NAME=value` texts that are separated by `separator`. */
const variables = (text: string, separator: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(separator).flatMap((variable): readonly (readonly [string, string])[] => {
      const at = variable.indexOf("=")
      return at < 1 ? [] : [[variable.slice(0, at), variable.slice(at + 1)]]
    }),
  )

/** How many processes are read before other fibers run: about a millisecond of work. */
const entriesAtOnce = 64

const linuxTable: Effect.Effect<ProcessTable> = Effect.gen(function* () {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger)
  const entries: ProcessEntry[] = []
  for (const [index, pid] of pids.entries()) {
    if (index % entriesAtOnce === entriesAtOnce - 1) yield* Effect.yieldNow()
    const stat = read(`/proc/${pid}/stat`)
    const entry = stat === null ? null : parseStat(pid, stat)
    if (entry !== null) entries.push(entry)
  }
  return { entries, environment: (pid) => variables(read(`/proc/${pid}/environ`) ?? "", "\0") }
})

/** Reads one line of `ps -o pid=,ppid=,pgid=,stat=,lstart=,command=`, times in UTC. */
const parsePsLine = (line: string): { readonly entry: ProcessEntry; readonly command: string } | null => {
  const fields = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d{4})\s(.*)$/.exec(line)
  if (fields === null) return null
  const [, pid, parent, group, state = "", started, command = ""] = fields
  const startTicks = Date.parse(`${started} UTC`) / 1000
  if (state.startsWith("Z") || Number.isNaN(startTicks)) return null
  return { entry: { pid: Number(pid), parent: Number(parent), group: Number(group), startTicks }, command }
}

/**
 * Reads the output of `ps` without and with `-E`. With `-E` the environment follows the command line, so the environment is
 * the part that only the second output has. A mark in an argument therefore does not count.
 */
export const parsePs = (plain: string, withEnvironment: string): ProcessTable => {
  const lines = (text: string) => text.split("\n").flatMap((line) => parsePsLine(line) ?? [])
  const commands = new Map(lines(plain).map(({ entry, command }) => [entry.pid, command]))
  const found = lines(withEnvironment)
  const environments = new Map(
    found.map(({ entry, command }) => {
      const own = commands.get(entry.pid)
      const isSame = own !== undefined && command.startsWith(own)
      return [entry.pid, variables(isSame ? command.slice(own.length) : "", " ")]
    }),
  )
  return {
    entries: found.map(({ entry }) => entry),
    environment: (pid) => environments.get(pid) ?? new Map(),
  }
}

const ps = (options: string): Effect.Effect<string> =>
  Effect.async((resume) => {
    const columns = "pid=,ppid=,pgid=,stat=,lstart=,command="
    const env = { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" }
    // By its path, so that no program `ps` of the current directory runs. If it fails, its output so far counts: a process
    // that is not listed is left alone.
    execFile("/bin/ps", [options, "-o", columns], { env, maxBuffer: 64 * 1024 * 1024 }, (_, stdout) =>
      resume(Effect.succeed(stdout)),
    )
  })

const noTable: ProcessTable = { entries: [], environment: () => new Map() }

/** The processes that run now. */
export const processTable: Effect.Effect<ProcessTable> =
  process.platform === "linux"
    ? linuxTable
    : process.platform === "darwin"
      ? Effect.zipWith(ps("-axww"), ps("-axEww"), parsePs, { concurrent: true })
      : Effect.succeed(noTable)

/** The identity of a running process, on systems that give it without delay (Linux). */
export const identityOf = (pid: number): ProcessIdentity | null => {
  const stat = process.platform === "linux" ? read(`/proc/${pid}/stat`) : null
  return stat === null ? null : parseStat(pid, stat)
}

/** The processes that still run. A process that merely has the same id is not one of them. */
export const stillRunning = <A extends ProcessIdentity>(processes: readonly A[]): Effect.Effect<readonly A[]> => {
  if (processes.length === 0) return Effect.succeed([])
  if (process.platform !== "linux") {
    return Effect.map(processTable, ({ entries }) => {
      const now = new Map(entries.map(({ pid, startTicks }) => [pid, startTicks]))
      return processes.filter(({ pid, startTicks }) => now.get(pid) === startTicks)
    })
  }
  return Effect.sync(() => processes.filter(({ pid, startTicks }) => identityOf(pid)?.startTicks === startTicks))
}
