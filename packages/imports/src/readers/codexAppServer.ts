/** Recordings of Codex app-server connections: one JSON object a line, `{ts, dir, msg | line | event}`. */
import { makeCodexTranslator, parseRecordingLine } from "@threadfold/providers"
import type { RecordingReader } from "../RecordingReader.js"
import { codexAppServerSource } from "../sources.js"

/** The reader of these recordings. */
export const codexAppServer: RecordingReader = {
  ...codexAppServerSource,
  open: () => {
    const translator = makeCodexTranslator({ mode: "imported", recordsClient: true })
    return {
      read: (text) => {
        const line = parseRecordingLine(text)
        return "problem" in line ? line : { at: line.at, translate: () => translator.push(line) }
      },
      flush: () => translator.flush(),
      end: (at) => translator.end(at, "recording-ended"),
    }
  },
}
