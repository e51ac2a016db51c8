/** What the command line prints of imports and of looks at a database. */
import { Schema } from "effect"
import { ImportedBundle } from "./BundleReports.js"
import {
  field,
  flag,
  growing,
  int,
  json,
  listed,
  optInt,
  optional,
  optText,
  optTime,
  shape,
  text,
  Whole,
} from "./fields.js"

const firstSequence = int("Sequence of the first event of the range.")
const lastSequence = int("Sequence of the last event of the range.")

const ImportedThread = shape("ImportedThread", "A thread that a recording speaks of.", {
  threadId: text("Our id of the thread."),
  nativeThreadId: optText("The provider's id of the thread; null: the recording has none."),
  events: int("Events that were added to it."),
  anomalies: int("Anomalies that it has."),
})

const UnreadableLine = shape("UnreadableLine", "A line of a recording that is no JSON object of its format.", {
  file: text("Name of the file."),
  line: int("Number of the line, from 1."),
  problem: text("What is wrong with it."),
})

const UnreadableFile = shape("UnreadableFile", "A file of a folder that was not imported.", {
  file: text("Its path."),
  problem: text("Why it was not."),
})

const BodyProblem = shape("BodyProblem", "A body of a trace that is missing, changed, or not read.", {
  path: text("Its path in the trace."),
  problem: text("What is wrong with it."),
})

const ImportedBodies = shape(
  "ImportedBodies",
  "Bodies of traces: requests, responses, and what tools were given and gave.",
  {
    kept: int("Bodies that are in the log."),
    bytes: int("Their size, bytes."),
    missing: int("Bodies that a line names and that are not there, or may not be read."),
    problems: field(Schema.Array(BodyProblem), "What is wrong with bodies. At most 100."),
  },
)

/** What importers print. */
export const ImportReport = shape(
  "ImportReport",
  "What importers print. `lines = mapped + kept + unreadable`; blank lines are not counted.",
  {
    threads: field(Schema.Array(ImportedThread), "Threads that the recordings speak of."),
    lines: int("Lines that are not blank."),
    mapped: int("Lines that became events of the domain."),
    kept: int("Lines that are kept verbatim only."),
    unreadable: int("Lines that are no JSON object of the format."),
    unreadableLines: field(Schema.Array(UnreadableLine), "The unreadable ones. At most 100."),
    events: int("Events that this import added to the log."),
    bodies: optional(ImportedBodies, "Of traces: what became of the bodies that lie beside the lines."),
    bundle: optional(ImportedBundle, "Of a bundle; absent for a recording."),
    unreadableFiles: optional(
      Schema.Array(UnreadableFile),
      "Files of a folder that were not imported, at most 100; present where a folder was given.",
    ),
    notImported: optional(
      Schema.NonNegativeInt,
      "How many files of a folder were not imported, those that are not named included: what is no session, and pipes, sockets, " +
        "devices and folders that cannot be read. Present where a folder was given.",
    ),
  },
)
export type ImportReport = typeof ImportReport.Type

const FoundSessions = shape("FoundSessions", "Session files of one agent.", {
  source: text("Source kind of their import, for example `codex-rollout`."),
  title: text("What they are, for people."),
  folders: field(Schema.Array(Schema.String), "Folders that were looked into."),
  sessions: int("Files that were found."),
  new: int("Those whose thread the log does not have."),
  bytes: int("Their size, bytes."),
  newestAt: optTime("When the newest was last written", "there is none"),
})

/** What `import found` prints. */
export const FoundReport = shape("FoundReport", "What `import found` prints.", {
  agents: field(Schema.Array(FoundSessions), "One entry for each agent."),
  imported: field(Schema.NullOr(ImportReport), "What `--yes` led to; null without it."),
})
export type FoundReport = typeof FoundReport.Type

/** What an invariant is about. */
export const InvariantKind = listed(
  "InvariantKind",
  "What an invariant is about. `log`: the events as recorded; `row`: the stored tables; `fold`: every step of the fold.",
  "log",
  "row",
  "fold",
)
export type InvariantKind = typeof InvariantKind.Type

const Violation = shape("Violation", "A broken invariant.", {
  invariant: text("Id of the invariant."),
  kind: field(growing(InvariantKind), "What it is about."),
  threadId: text("The stream: our id of a thread or a connection."),
  sequence: optInt(
    "Sequence of the event that broke the log, or of the last one that touched the row or one of those that it contradicts; null: not known.",
  ),
  eventId: optText("Id of that event; null: not known."),
  detail: text("What is broken, in one sentence."),
})

/** What `check` prints. */
export const CheckReport = shape("CheckReport", "What `check` prints.", {
  ok: flag("True: no invariant is broken."),
  violations: field(
    Schema.Array(Violation),
    "Broken invariants, with the event that broke the log or last touched the rows.",
  ),
})
export type CheckReport = typeof CheckReport.Type

const LogPart = listed("LogPart", "A part of the log.", "row", "payload", "native", "events", "digests")

const LogFinding = shape("LogFinding", "Something in the log that is not what was written.", {
  part: field(growing(LogPart), "What it is about."),
  streamId: optText("The stream; null: not known."),
  firstSequence: optInt("Sequence of the first event that it may be; null: not known."),
  lastSequence: optInt("Sequence of the last event that it may be; null: not known."),
  eventId: optText("Id of the event, where it is one; else null."),
  detail: text("What is wrong, in one sentence."),
})

/** The result of `verify` for the log itself. */
export const LogReport = shape(
  "LogReport",
  "The result of `verify` for the log itself: whether it holds what was written, by its digests.",
  {
    ok: flag("True: everything that was compared is what was written."),
    blocks: int("Digests that were compared; each covers at most 64 events of one stream."),
    events: int("Events that the digests cover."),
    eventsBefore: int("Events from before the digests began: an older version wrote them."),
    bytes: flag("True: every native body was read, too (`--bytes`)."),
    findings: field(Schema.Array(LogFinding), "What is not what was written. At most 1,000."),
  },
)
export type LogReport = typeof LogReport.Type

const SequenceRange = shape("SequenceRange", "Events that follow each other in the log.", {
  firstSequence,
  lastSequence,
})

const VersionRange = shape("VersionRange", "Events that follow each other in a stream.", {
  streamId: text("The stream."),
  firstVersion: int("Version of the first event of the range."),
  lastVersion: int("Version of the last event of the range."),
})

const RefusedEvent = shape("RefusedEvent", "An event that contradicts one that was copied already.", {
  sequence: int("Its sequence in the damaged file."),
  detail: text("What it contradicts, in one sentence."),
})

const LostBodies = shape("LostBodies", "Events whose native message is there and cannot be read.", {
  firstSequence,
  lastSequence,
  detail: text("Why, in one sentence."),
})

const MismatchedBlock = shape(
  "MismatchedBlock",
  "A block of which something was copied that is not what was written.",
  {
    streamId: text("The stream."),
    firstSequence,
    lastSequence,
    part: field(Schema.Literal("row", "payload", "native"), "What differs."),
  },
)

/** What `salvage` prints. */
export const SalvageReport = shape("SalvageReport", "What `salvage` prints.", {
  ok: flag("True: everything that the file names was copied, and nothing of it differs from its digest."),
  from: text("Path of the damaged file."),
  to: text("Path of the new database."),
  events: int("Events that were copied. They have new sequences there, in the same order."),
  streams: int("Streams that the copied events belong to."),
  purged: int(
    "Threads that were purged: their tombstones are copied, and nothing that their purges had not removed yet.",
  ),
  missing: field(Schema.Array(SequenceRange), "Events that could not be read. At most 1,000 ranges."),
  missingOfStreams: field(Schema.Array(VersionRange), "The same by stream and version. At most 1,000 ranges."),
  refused: field(Schema.Array(RefusedEvent), "Events that contradict one that was copied already. At most 1,000."),
  bodies: field(
    shape("SalvagedBodies", "What became of native messages.", {
      copied: int("How many were copied."),
      lost: field(Schema.Array(LostBodies), "Events whose message is there and cannot be read. At most 1,000 ranges."),
    }),
    "Native messages.",
  ),
  blobs: field(
    shape("SalvagedBlobs", "What became of the images and files of messages to which copied events refer.", {
      copied: int("How many were copied, each compared with its hash."),
      bytes: int("Their bytes."),
      missing: field(
        Schema.Array(Schema.String),
        "Hashes of those that the file does not have: they are lost where pages are damaged, and never were there else. At most 1,000.",
      ),
      damaged: field(
        Schema.Array(Schema.String),
        "Hashes of those whose bytes are not what was stored; they are not copied. At most 1,000.",
      ),
    }),
    "Images and files of messages.",
  ),
  digests: field(
    shape("SalvagedDigests", "What was copied, compared with the digests that were written with it.", {
      checked: int("Blocks that were compared."),
      unchecked: int("Blocks that could not be: of their events, or of the digests before them, some are lost."),
      mismatched: field(
        Schema.Array(MismatchedBlock),
        "Blocks of which something was copied that is not what was written; sequences are those of the damaged file. At most 1,000.",
      ),
    }),
    "What was copied, compared with the digests that were written with it.",
  ),
  pages: field(
    shape("SalvagedPages", "What became of the pages of the file.", {
      read: int("Pages that the file has."),
      damaged: field(Schema.Array(Whole), "Pages of which rows could not be read, or nothing at all. At most 1,000."),
    }),
    "Pages of the file.",
  ),
})
export type SalvageReport = typeof SalvageReport.Type

const ComparedTable = shape("ComparedTable", "What was compared of a table.", {
  rows: int("Rows that were compared."),
  hash: text("Hash of those rows, SHA-256 hex."),
})

const RowDifference = shape("RowDifference", "A row that the log does not lead to.", {
  threadId: text("The stream: our id of a thread or a connection."),
  table: text("Name of the table."),
  key: text("Primary key of the row."),
  expected: json("The row that the log leads to; null: none."),
  actual: json("The row that is stored; null: none."),
})

const StaleThread = shape(
  "StaleThread",
  "A thread that was folded by another version of the fold: to be rebuilt, not wrong.",
  {
    threadId: text("Our id of the thread."),
    foldVersion: int("Version of the fold that its rows are from."),
  },
)

/** What a comparison of the stored rows with the log finds. */
export const ProjectionsReport = shape(
  "ProjectionsReport",
  "What a comparison of the stored rows with the log finds.",
  {
    ok: flag("True: the stored rows are what the log leads to, and no thread is stale."),
    hash: text("Hash of the sorted thread hashes, SHA-256 hex."),
    threads: int("Threads that were compared."),
    projections: field(Schema.Record({ key: Schema.String, value: ComparedTable }), "By name of the table."),
    differences: field(Schema.Array(RowDifference), "Rows that the log does not lead to."),
    stale: field(Schema.Array(StaleThread), "Threads folded by another version of the fold: to be rebuilt, not wrong."),
  },
)
export type ProjectionsReport = typeof ProjectionsReport.Type

/** What `verify` prints. */
export const VerifyReport = shape("VerifyReport", "What `verify` prints; `ok` speaks of the rows and of the log.", {
  ...ProjectionsReport.fields,
  log: field(LogReport, "What was found in the log itself."),
})
export type VerifyReport = typeof VerifyReport.Type

const RefusedStream = shape("RefusedStream", "A stream whose new rows the database refused.", {
  streamId: text("The stream: our id of a thread or a connection."),
  detail: text("Why, in one sentence."),
})

/** What a rebuild did. */
export const RebuildReport = shape("RebuildReport", "What a rebuild did.", {
  ok: flag("True: the database took the rows of every stream."),
  streams: int("Streams that were folded again."),
  events: int("Events that were folded."),
  changed: optInt(
    "Streams with rows that were not what the log leads to; null: all rows were made anew, without a look.",
  ),
  rows: optInt("Rows that were put, put anew or removed; null: all."),
  refused: field(
    Schema.Array(RefusedStream),
    "Streams whose new rows the database refused: they keep the old ones and are frozen. At most 100.",
  ),
  hash: optText("Hash of the rows that are there now, as `verify` tells it; null: the log went on meanwhile."),
})
export type RebuildReport = typeof RebuildReport.Type

const AdapterFinding = shape("AdapterFinding", "Something that an adapter did against its contract.", {
  sessionId: optText("The session; null: none was opened."),
  call: optInt("Number of the call among those about sessions, from 1; null: there was none."),
  method: optText("Its HTTP method."),
  path: optText("Path and query of its URL."),
  at: optInt("When it arrived, ms since the epoch."),
  firstSeq: optInt("Lowest `seq` of the line, or of the lines of the call; null: it has none."),
  lastSeq: optInt("Highest `seq` of the line, or of the lines of the call; null: it has none."),
  line: optInt("Number of the line, or of the entry of an array, in its body, from 1; null: the call as a whole."),
  seen: text("What was seen."),
})
export type AdapterFinding = typeof AdapterFinding.Type

/** What became of a check of an adapter. */
export const AdapterCheckStatus = listed(
  "AdapterCheckStatus",
  "What became of a check. `passed`: it was judged and nothing was found; `failed`: something was found; `not-exercised`: the adapter did nothing by which it could be judged.",
  "passed",
  "failed",
  "not-exercised",
)

const AdapterCheckResult = shape("AdapterCheckResult", "A check of an adapter, and what became of it.", {
  check: text("Name of the check."),
  title: text("What must hold."),
  status: field(AdapterCheckStatus, "What became of it."),
  findings: field(Schema.Array(AdapterFinding), "What was seen against it. At most 10."),
  next: optText("What to do: about the findings, or so that it can be judged; null where it passed."),
})
export type AdapterCheckResult = typeof AdapterCheckResult.Type

/** What `adapter-check` prints. */
export const AdapterReport = shape("AdapterReport", "What `adapter-check` prints.", {
  ok: flag("True: no check failed."),
  calls: int("Calls about sessions that the adapter made."),
  sessions: int("Sessions that they were about."),
  checks: field(Schema.Array(AdapterCheckResult), "Every check."),
})
export type AdapterReport = typeof AdapterReport.Type
