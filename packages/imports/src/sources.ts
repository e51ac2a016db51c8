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

/** Every kind of recording that can be imported; each has a reader in `readers/`. */
export const recordingSources: readonly [RecordingSource, ...RecordingSource[]] = [codexAppServerSource]
