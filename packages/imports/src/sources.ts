/** `@threadfold/imports/sources`: what can be imported, apart from the readers, so that a help page loads no translator. */

/** One kind of recording. */
export interface RecordingSource {
  /** Kind of the source, as commands and calls name it: one thread per (kind, native thread). Part of every id: it never changes. */
  readonly source: string
  /** What it records, for people. */
  readonly title: string
  /** What its files look like, for help. */
  readonly form: string
}

/** Recordings of Codex app-server connections. */
export const codexAppServerSource: RecordingSource = {
  source: "codex-app-server",
  title: "Codex app-server",
  form: "one JSON object a line, {ts, dir, msg | line | event}",
}

/** Session files of Codex. */
export const codexRolloutSource: RecordingSource = {
  source: "codex-rollout",
  title: "Codex sessions",
  form: "a session file of Codex, `rollout-….jsonl` under `~/.codex/sessions`",
}

/** Rollout traces of Codex. */
export const codexTraceSource: RecordingSource = {
  source: "codex-trace",
  title: "Codex traces",
  form: "a rollout trace of Codex, the folder `trace-…` below what `CODEX_ROLLOUT_TRACE_ROOT` named",
}

/** The name of the manifest of a bundle of a trace. */
export const traceManifestName = "manifest.json"
/** The name of the log of a bundle of a trace, unless its manifest has another. */
export const traceLogName = "trace.jsonl"

/** Session files of Claude Code and of agents that are built on its SDK. */
export const claudeSource: RecordingSource = {
  source: "claude",
  title: "Claude sessions",
  form: "a session file of Claude Code, `….jsonl` under `~/.claude/projects`",
}

/** Every kind of recording that can be imported; each has a reader in `readers/`. */
export const recordingSources: readonly [RecordingSource, ...RecordingSource[]] = [
  codexAppServerSource,
  codexRolloutSource,
  claudeSource,
  codexTraceSource,
]
