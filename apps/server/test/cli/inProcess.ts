/**
 * Command lines in the process of the test: what they print and how they end, without the start of a process. Jobs and writers run
 * in this thread. What is about a process (signals, standard input, threads, the built files) needs the built program (`program.ts`).
 */
import { engineOn } from "@threadfold/engine/fixtures"
import { Effect } from "effect"
import { expect, vi } from "vitest"
import { main } from "../../src/cli/main.js"
import { jobWork } from "../../src/offline/jobs/index.js"
import { JobStarter } from "../../src/offline/runJob.js"
import { EngineStarter } from "../../src/serve/graph.js"

/** How a command line ended, and what it printed. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Jobs in this thread, on copies of what they are given, as a thread gets them. */
export const jobsHere = JobStarter.of({
  start: (request, onProgress, { ask }) => {
    const progress = (streams: number, events: number, totalEvents?: number) =>
      onProgress({ streams, events, ...(totalEvents === undefined ? {} : { totalEvents }) })
    return Effect.map(jobWork(structuredClone(request), { progress, ask }), (report) => structuredClone(report))
  },
})

/** The writer in this thread, over a data directory that its server owns. */
export const writerHere = EngineStarter.of({
  open: ({ disk = {}, file }) => engineOn({ file, disk, owner: "held" }),
})

let running = false

/**
 * Runs a command line to its end.
 *
 * @param env variables besides those of the tests; none of `THREADFOLD_DATA_DIR`, colours and options of Node
 */
export const runHere = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> => {
  if (running) throw new Error("One command line at a time: they share standard output.")
  running = true
  let stdout = ""
  let stderr = ""
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text, ...rest) => {
    stdout += String(text)
    for (const done of rest) if (typeof done === "function") done()
    return true
  })
  const error = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text)
    return true
  })
  const before = { ...process.env }
  for (const name of ["FORCE_COLOR", "NO_COLOR", "THREADFOLD_DATA_DIR", "NODE_OPTIONS"]) delete process.env[name]
  Object.assign(process.env, env)
  try {
    const program = main(["node", "threadfold", ...args]).pipe(
      Effect.provideService(JobStarter, jobsHere),
      Effect.provideService(EngineStarter, writerHere),
    )
    return { code: await Effect.runPromise(program), signal: null, stdout, stderr }
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
    out.mockRestore()
    error.mockRestore()
    running = false
  }
}

/** Runs a command line that must write nothing to standard output; gives its exit code and what standard error got. */
export const refused = async (args: readonly string[]): Promise<Pick<Ended, "code" | "stderr">> => {
  const { code, stderr, stdout } = await runHere(args)
  expect(stdout).toBe("")
  return { code, stderr }
}
