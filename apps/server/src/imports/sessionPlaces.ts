/** Where agents keep their session files, and which files of a folder are such. */
import { homedir } from "node:os"
import { basename, dirname, join } from "node:path"
import { claudeSource, codexRolloutSource, codexTraceSource, traceLogName } from "@threadfold/imports/sources"
import { Effect, Option } from "effect"
import { readVariable, variables } from "../config/Environment.js"

/** Session files of an agent. */
export interface SessionPlace {
  /** Source kind of their import. */
  readonly source: string
  readonly title: string
  /** Folders that may hold them, absolute; one that is not there holds none. */
  readonly folders: readonly string[]
}

const home = (named: Option.Option<string>, usual: string): string =>
  Option.getOrElse(named, () => join(homedir(), usual))

/**
 * The places of both agents: what `CODEX_HOME` and `CLAUDE_CONFIG_DIR` name, else the usual ones. Traces have no usual place: Codex
 * writes them where `CODEX_ROLLOUT_TRACE_ROOT` says, and only then.
 */
export const sessionPlaces: Effect.Effect<readonly SessionPlace[]> = Effect.gen(function* () {
  const codex = home(yield* readVariable(variables.codexHome), ".codex")
  const claude = home(yield* readVariable(variables.claudeConfigDir), ".claude")
  const traces = yield* readVariable(variables.codexTraceRoot)
  return [
    {
      source: codexRolloutSource.source,
      title: codexRolloutSource.title,
      folders: [join(codex, "sessions"), join(codex, "archived_sessions")],
    },
    { source: claudeSource.source, title: claudeSource.title, folders: [join(claude, "projects")] },
    ...Option.match(traces, {
      onNone: () => [],
      onSome: (folder) => [{ source: codexTraceSource.source, title: codexTraceSource.title, folders: [folder] }],
    }),
  ]
  // Each variable takes any text: reading them cannot fail.
}).pipe(Effect.orDie)

/** Whether a file of a folder is one that a source reads, by its name. */
export const isSessionFile = (source: string, file: string): boolean => {
  const name = basename(file)
  if (source === codexTraceSource.source) return name === traceLogName
  return source === codexRolloutSource.source ? /^rollout-.+\.jsonl$/.test(name) : name.endsWith(".jsonl")
}

/** The folder of a bundle: `trace-`, the trace's id, and the id of its root thread. */
const traceFolder = /^trace-.+-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

const uuid = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/i

/** The native id of the thread of a session file, as its path tells it. Null: it does not. */
export const nativeThreadOf = (source: string, file: string): string | null => {
  if (source === codexTraceSource.source) {
    return traceFolder.exec(basename(dirname(file)))?.[1]?.toLowerCase() ?? null
  }
  const name = uuid.exec(basename(file))?.[1]?.toLowerCase() ?? null
  const agent = source === claudeSource.source ? /^agent-(.+)\.jsonl$/.exec(basename(file))?.[1] : undefined
  return agent === undefined ? name : `${basename(dirname(dirname(file)))}/${agent}`
}
