/** Every kind of recording that can be read. Of several that could take a recording the first one does. */
import { type Array as Arr, Effect } from "effect"
import { UnknownSource } from "../failures.js"
import type { RecordingReader } from "../RecordingReader.js"
import { claudeHistory } from "./claudeHistory.js"
import { codexAppServer } from "./codexAppServer.js"
import { codexRollout } from "./codexRollout.js"
import { codexTrace } from "./codexTrace.js"

export { claudeHistory, codexAppServer, codexRollout, codexTrace }

/** All readers, in the order in which they are tried. */
export const readers: Arr.NonEmptyReadonlyArray<RecordingReader> = [
  codexAppServer,
  codexRollout,
  claudeHistory,
  codexTrace,
]

/** The reader of a source. */
export const readerOf = (source: string): Effect.Effect<RecordingReader, UnknownSource> => {
  const found = readers.find((reader) => reader.source === source)
  return found === undefined
    ? new UnknownSource({ source, known: readers.map((reader) => reader.source) })
    : Effect.succeed(found)
}
