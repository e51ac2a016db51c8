/**
 * Finds the reader of each recording. A recording without a line that leads to an event is refused before any recording of the
 * call is stored.
 */
import { basename } from "node:path"
import { Chunk, Effect, Option, Stream } from "effect"
import { recordingKey } from "./Bookmark.js"
import { NotARecording, RecordingTooNew, type RecordingUnreadable } from "./failures.js"
import { guessOf } from "./guess.js"
import { type Line, linesOf } from "./lines.js"
import type { RecordingReader } from "./RecordingReader.js"
import { readers } from "./readers/index.js"

/** A recording as it is given. Files, directories and uploads are opened by the caller. */
export interface Recording {
  /** How it is named in reports and in the thread's `thread.imported`. */
  readonly name: string
  /** Its bytes from the beginning, as often as they are run: once to recognize the recording, once to import it. */
  readonly bytes: Stream.Stream<Uint8Array, RecordingUnreadable>
  /**
   * Follows it: each run of the stream gives what has come since the run before. Absent: what its file gets more is what the recording
   * gets more.
   */
  readonly follow?: () => Stream.Stream<Uint8Array, RecordingUnreadable>
}

/** A recording and its reader. */
export interface Recognized {
  readonly recording: Recording
  readonly reader: RecordingReader
  /** Which recording it is, whatever it is called: the same one has the same key, also after it has grown. */
  readonly key: string
}

/** Bytes of a recording that a guess is made of. */
const headBytes = 64 * 1024

/** The first reader for which some line leads to an event. Reads no further than to that line, which mostly is the second. */
const firstToRead = (recording: Recording, candidates: readonly RecordingReader[]) =>
  Stream.suspend(() => {
    const tries = candidates.map((reader) => ({ reader, open: reader.open(basename(recording.name)), first: "" }))
    const recognized = ({ isTooLong, text }: Line): Option.Option<Recognized | RecordingTooNew> => {
      if (isTooLong || text.trim() === "") return Option.none()
      for (const one of tries) {
        const read = one.open.read(text)
        if ("problem" in read) {
          if (read.refuses !== true) continue
          return Option.some(new RecordingTooNew({ name: recording.name, problem: read.problem }))
        }
        if (one.first === "" && read.identifies !== false) one.first = text
        if (read.translate().fate === "mapped" && one.first !== "") {
          return Option.some({ recording, reader: one.reader, key: recordingKey(one.reader.source, one.first) })
        }
      }
      return Option.none()
    }
    return Stream.filterMap(linesOf(recording.bytes), recognized)
  }).pipe(Stream.runHead)

/** The reader of another kind that a recording is for, in words; else what its first bytes seem to be. */
const seemingly = (recording: Recording, tried: readonly RecordingReader[]) =>
  Effect.gen(function* () {
    const others = readers.filter((reader) => !tried.includes(reader))
    const found = yield* firstToRead(recording, others)
    return Option.isSome(found) && !(found.value instanceof RecordingTooNew)
      ? `of ${found.value.reader.title}: import it as \`${found.value.reader.source}\``
      : yield* guess(recording)
  })

/** What a recording that no reader takes seems to be. */
const guess = (recording: Recording): Effect.Effect<string, RecordingUnreadable> =>
  Effect.suspend(() => {
    let bytes = 0
    const isEnough = (piece: Uint8Array): boolean => {
      bytes += piece.length
      return bytes >= headBytes
    }
    return Effect.map(Stream.runCollect(Stream.takeUntil(recording.bytes, isEnough)), (pieces) =>
      guessOf(Buffer.concat(Chunk.toReadonlyArray(pieces)).subarray(0, headBytes), bytes < headBytes),
    )
  })

/** Looks into a recording. @param reader the one that is to read it; absent: it is found out */
export const recognize = (
  recording: Recording,
  reader?: RecordingReader,
): Effect.Effect<Recognized, NotARecording | RecordingTooNew | RecordingUnreadable> => {
  const candidates = reader === undefined ? readers : [reader]
  return Effect.gen(function* () {
    const found = yield* firstToRead(recording, candidates)
    if (Option.isSome(found))
      return yield* found.value instanceof RecordingTooNew ? found.value : Effect.succeed(found.value)
    const seems = yield* seemingly(recording, candidates)
    return yield* new NotARecording({ name: recording.name, wanted: candidates.map(({ title }) => title), seems })
  })
}
