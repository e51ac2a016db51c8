/** The rows of a thread as spans of time, lane by lane: columns that are drawn without looking at a row again. */
import type { Rows, TableName } from "@threadfold/contracts"
import { type Cells, cells, type ForkedStore, formatRowPath, type RowKind } from "@threadfold/core/model"
import { entryOf, visible } from "../format/format.js"
import { type LaneName, type LaneSpans, laneNames, type SpanTone, spanTones } from "./pastMessages.js"

/** Status or outcome → how it looks. A word that is not here is quiet. */
const tones: Readonly<Record<string, SpanTone>> = {
  running: "running",
  started: "running",
  requested: "waiting",
  answering: "waiting",
  completed: "done",
  answered: "done",
  closed: "done",
  resolved: "done",
  failed: "failed",
  error: "failed",
  interrupted: "interrupted",
  cancelled: "interrupted",
  aborted: "interrupted",
  declined: "interrupted",
}

interface LaneOf {
  readonly table: TableName
  readonly kind: RowKind
  readonly start: (row: Cells) => unknown
  readonly tone: (row: Cells) => SpanTone
  readonly label: (row: Cells) => string
}

const toneOf = (word: unknown): SpanTone => entryOf(tones, String(word)) ?? "quiet"
const words = (...parts: readonly unknown[]): string =>
  parts.flatMap((part) => (typeof part === "string" && part !== "" ? [part] : [])).join(" · ")

const ofLane: { readonly [L in LaneName]: LaneOf } = {
  sessions: {
    table: "sessions",
    kind: "session",
    start: ({ startedAt }) => startedAt,
    tone: ({ endedAt, status }) => (endedAt === null && status !== "error" ? "running" : toneOf(status)),
    label: ({ epoch, mode, status }) => words(`epoch ${epoch}`, mode, status),
  },
  turns: {
    table: "turns",
    kind: "turns",
    start: ({ requestedAt, startedAt }) => startedAt ?? requestedAt,
    tone: ({ outcome, status }) => toneOf(outcome ?? status),
    label: ({ ordinal, outcome, status }) => words(`turn ${ordinal}`, outcome ?? status),
  },
  inferences: {
    table: "inferences",
    kind: "inferences",
    start: ({ startedAt }) => startedAt,
    tone: ({ status }) => toneOf(status),
    label: ({ model, status }) => words("model call", model, status),
  },
  items: {
    table: "items",
    kind: "items",
    start: ({ startedAt }) => startedAt,
    tone: ({ status }) => (status === "open" ? "running" : toneOf(status)),
    label: ({ kind, status, title }) => words(String(kind).replaceAll("_", " "), title, status),
  },
  requests: {
    table: "requests",
    kind: "requests",
    start: ({ openedAt }) => openedAt,
    tone: ({ decision, status }) =>
      status === "open" ? "waiting" : toneOf(decision === "decline" ? "declined" : status),
    label: ({ decision, kind, status, title }) => words(String(kind).replaceAll("_", " "), title, decision ?? status),
  },
  realtimeRuns: {
    table: "realtime_runs",
    kind: "realtimeRuns",
    start: ({ startedAt }) => startedAt,
    tone: ({ status }) => toneOf(status),
    label: ({ reason, status }) => words("voice run", status, reason),
  },
  tasks: {
    table: "tasks",
    kind: "tasks",
    start: ({ startedAt }) => startedAt,
    tone: ({ outcome, status }) => toneOf(outcome ?? status),
    label: ({ kind, outcome, status, title }) => words(kind, title, outcome ?? status),
  },
}

/** Labels are for a line. */
const longestLabel = 160

interface Span {
  readonly start: number
  readonly end: number
  readonly row: Cells
}

const time = (value: unknown): number | null => (typeof value === "number" ? value : null)

/** A row that has ended says so in one of these ways. */
const hasEnded = ({ endedAt, status }: Cells): boolean =>
  endedAt !== null ||
  !["open", "answering", "running", "requested", "started", "starting", "ready"].includes(String(status))

/**
 * The spans of all lanes.
 *
 * @param timeOf when the event of a sequence happened: for a row that says no time of its own
 */
export const lanesOf = (store: ForkedStore, timeOf: (sequence: number) => number): readonly LaneSpans[] =>
  laneNames.map((lane): LaneSpans => {
    const { kind, label, start, table, tone } = ofLane[lane]
    const spans: Span[] = []
    for (const one of store.all(table)) {
      const row = cells(one as Rows[TableName])
      const end = time(row.endedAt)
      const last = timeOf(Number(row.sequence))
      const from = time(start(row)) ?? end ?? last
      spans.push({ row, start: from, end: hasEnded(row) ? Math.max(from, end ?? last) : Number.POSITIVE_INFINITY })
    }
    spans.sort((a, b) => a.start - b.start)
    return {
      lane,
      starts: Float64Array.from(spans, (span) => span.start),
      ends: Float64Array.from(spans, (span) => span.end),
      tones: Uint8Array.from(spans, ({ row }) => spanTones.indexOf(tone(row))),
      rows: spans.map(({ row }) =>
        kind === "session" ? "session" : formatRowPath(kind, [String(row[keyColumns[lane]])]),
      ),
      labels: spans.map(({ row }) => visible(label(row).slice(0, longestLabel))),
      sequences: Float64Array.from(spans, ({ row }) => Number(row.sequence)),
    }
  })

const keyColumns: { readonly [L in LaneName]: string } = {
  sessions: "sessionId",
  turns: "turnId",
  inferences: "inferenceId",
  items: "itemId",
  requests: "requestId",
  realtimeRuns: "realtimeId",
  tasks: "taskId",
}
