/**
 * The port of this package: a reader reads one kind of recording. It turns lines into events and leaves everything else (lines and
 * their limits, ids, cuts, submissions, reports) to the import. A new kind is one more file in `readers/`, one more entry of its
 * list, and one more entry of the list in `sources.ts`.
 */
import type { Emitted, ImportReport } from "@threadfold/contracts"
import type { RecordingSource } from "./sources.js"

/** A line that was read. */
export interface ReadLine {
  /** Time of the line by the recorder's clock, ms since the epoch. */
  readonly at: number
  /**
   * False: other recordings may begin with the same line. Lines at the beginning that are so do not identify the recording. Absent: it
   * identifies it.
   */
  readonly identifies?: false
  /** True: the line belongs to a later one, and is no line of the recording itself: it is not counted. */
  readonly isPart?: true
  /**
   * Takes the line into the translation. Called once, before the next line is read, or not at all. `mapped`: it became events of
   * the domain; `kept`: it is stored verbatim only.
   */
  readonly translate: () => { readonly emitted: readonly Emitted[]; readonly fate: "mapped" | "kept" }
}

/** A line that is none of this kind of recording, and why. */
export interface UnreadableLine {
  readonly problem: string
  /** True: it says that nothing of the recording can be read, as one of a later format does. */
  readonly refuses?: true
}

/** One recording as it is read, from its first line on. */
export interface OpenRecording {
  /** Reads one line that is not blank, without its newline. Never throws. */
  readonly read: (text: string) => ReadLine | UnreadableLine
  /** What became so far of bodies that come beside the lines; absent: such recordings have none. */
  readonly bodies?: () => NonNullable<ImportReport["bodies"]>
  /** Lets go all that waits for a later line. Lines may follow. */
  readonly flush: () => readonly Emitted[]
  /** Ends the connection of the recording, unless it has ended already. Lines may follow: the file has grown. */
  readonly end: (at: number) => readonly Emitted[]
}

/** Reads one kind of recording. */
export interface RecordingReader extends RecordingSource {
  /** True: its files only ever grow. One whose lines have changed since an earlier import is refused. */
  readonly onlyGrows?: boolean
  /**
   * Begins to read a recording. The same lines always lead to the same events. `name` is the file's name without its folder: some
   * agents say by it alone which session a file is of.
   */
  readonly open: (name: string) => OpenRecording
}
