/** What the command line prints of bundles, backups and compaction. */
import { Schema } from "effect"
import { field, flag, growing, int, listed, optInt, optText, shape, text } from "./fields.js"

/** How much was taken out of a bundle. */
export const BundleRedaction = listed(
  "BundleRedaction",
  "How much was taken out of a bundle. `none`: nothing; `masked`: what looks like a secret; `structure`: every text.",
  "none",
  "masked",
  "structure",
)

/** What an import says of a bundle. */
export const ImportedBundle = shape(
  "ImportedBundle",
  "What an import says of a bundle beside what it says of any recording.",
  {
    redaction: field(growing(BundleRedaction), "How much was taken out of it."),
    sha256: text("SHA-256 of its lines, hex."),
    hash: optText(
      "Hash of the rows that its events lead to, which it declares; null: the rows of one thread are refused.",
    ),
    proven: flag(
      "True: its events lead to rows of that hash here, too. False: another version of the fold made it, so that the hashes cannot be compared.",
    ),
    blobs: field(
      shape("ImportedBlobs", "What became of the images and files of messages.", {
        carried: int("Those in the bundle."),
        added: int("Those of them that were not here before."),
        leftOut: int("Those that the export left out: an image cannot be masked."),
        missing: int("Those that the log of the bundle did not have."),
      }),
      "What became of the images and files of messages.",
    ),
    streams: field(
      Schema.Array(
        shape("ImportedStream", "A thread or connection of a bundle.", {
          streamId: text("Its id here."),
          from: text("Its id in the bundle; another one where it is a copy."),
          status: field(
            growing(listed("ImportedStreamStatus", "What became of a stream of a bundle.", "imported", "present")),
            "`present`: it was here with the same content.",
          ),
          hash: optText("Hash of the rows that the bundle's events of it lead to; null: they are refused."),
          settled: int("Events that were added after those of the bundle, because something of it still lived there."),
        }),
      ),
      "Its threads and connections. At most 1,000.",
    ),
  },
)

const MaskedKind = shape("MaskedKind", "Secrets of one kind that an export takes out.", {
  kind: text("Kind, as placeholders name it."),
  secrets: int("Different ones."),
  count: int("Places."),
})

const MaskedPlace = shape("MaskedPlace", "A place of which an export takes something out.", {
  kind: text("Kind of what is taken out."),
  streamId: text("The stream."),
  eventId: text("The event."),
  field: text("Where in the event: `payload`, `native` or `body`, and the fields below."),
  shown: text("What it was like; never a part of it."),
})

const ExportedThread = shape("ExportedThread", "A thread of a bundle.", {
  threadId: text("Our id of the thread."),
  events: int("Its events."),
  hash: optText("Hash of the rows that they lead to; null: they are refused."),
})

const LeftOutBlob = shape("LeftOutBlob", "An image or file that an export leaves out.", {
  hash: text("SHA-256 of its bytes, hex."),
  mediaType: text("Its media type, as its first bytes show it."),
  size: int("Its length, bytes."),
})

const ExportedBlobs = shape("ExportedBlobs", "What became of the images and files of messages.", {
  carried: int("Those in the bundle."),
  bytes: int("Their bytes."),
  leftOut: int("Those that were left out: an image cannot be masked (`--blobs` takes them along)."),
  leftOutBytes: int("Their bytes."),
  missing: int("Those that the log does not have."),
  named: field(Schema.Array(LeftOutBlob), "Those that were left out. At most 1,000."),
})

/** What `export` prints. */
export const ExportReport = shape("ExportReport", "What `export` prints.", {
  file: optText("Path of the bundle; null: a preview, nothing was written."),
  redaction: field(growing(BundleRedaction), "How much was taken out."),
  streams: int("Threads and connections in it."),
  threads: field(Schema.Array(ExportedThread), "Its threads. At most 1,000."),
  events: int("Events in it."),
  bodies: int("Native messages in it."),
  purged: int("Threads that were purged, and are not in it."),
  bodiesDropped: int("Native messages that were left out, because they cannot be masked or hold nothing but texts."),
  blobs: field(ExportedBlobs, "What became of the images and files of messages."),
  bytes: int("Bytes of its lines."),
  fileBytes: int("Bytes of the file; 0 for a preview."),
  hash: optText("Hash of the rows that its events lead to; null: the rows of one thread are refused."),
  sha256: text("SHA-256 of its lines, hex."),
  masked: field(Schema.Array(MaskedKind), "What was taken out, by kind."),
  places: field(Schema.Array(MaskedPlace), "Where. At most 1,000; empty unless it is a preview."),
})
export type ExportReport = typeof ExportReport.Type

/** What `backup` prints. */
export const BackupReport = shape("BackupReport", "What `backup` prints.", {
  file: text("Path of the backup."),
  fileBytes: int("Its size, bytes."),
  events: int("Events in it."),
  lastSequence: int("Sequence of the last one."),
  hash: text("Hash of its rows, as `verify` reports it."),
  verified: flag(
    "True: its log was compared with its digests and folded again (`--verify`). False: it was only read through.",
  ),
})
export type BackupReport = typeof BackupReport.Type

/** What `restore-backup` prints. */
export const RestoreReport = shape("RestoreReport", "What `restore-backup` prints.", {
  database: text("Path of the restored database."),
  logId: text("Id of the restored log: another one than the backup has, so that readers of its streams begin anew."),
  events: int("Events in it, with those that settle."),
  backupHash: text("Hash of the rows of the backup."),
  hash: text("Hash of the rows of the restored database: the same where nothing had to be settled."),
  settled: int("Events that were added, because something lived when the backup was made."),
  retired: int("Calls to agents that were due then, and will not be made."),
})
export type RestoreReport = typeof RestoreReport.Type

/** What `compact` prints. */
export const CompactReport = shape("CompactReport", "What `compact` prints.", {
  file: text("Path of the database."),
  dryRun: flag("True: nothing was changed, and the sizes are estimates (`--dry-run`)."),
  bytesBefore: int("Bytes of the file and its write-ahead log before."),
  bytesAfter: int("Bytes of the file after; in a dry run at most so many."),
  freedBytes: int("Bytes that were given back; in a dry run at least so many."),
  neededBytes: int("Free bytes that it needs on the disk of the file while it runs."),
  availableBytes: int("Free bytes there before; what a dry run compares is these two."),
  releasesPages: flag(
    "True: the database gives free pages back while it is served, and will. False: it is of an older version.",
  ),
  logId: optText("Id of the log, which stays the same; null: a dry run."),
  events: optInt("Events in it; null: a dry run."),
  hash: optText("Hash of its rows before and after, as `verify` reports it; null: a dry run."),
})
export type CompactReport = typeof CompactReport.Type
