/** Session files of Codex: one line for each thing that Codex keeps of a thread. */
import { makeRolloutTranslator, readRolloutLine } from "@threadfold/providers"
import type { RecordingReader } from "../RecordingReader.js"
import { codexRolloutSource } from "../sources.js"

/** The reader of these files. */
export const codexRollout: RecordingReader = {
  ...codexRolloutSource,
  onlyGrows: true,
  open: () => {
    const translator = makeRolloutTranslator()
    return {
      read: (text) => {
        const line = readRolloutLine(text)
        if ("problem" in line) return line
        return { at: translator.timeOf(line), translate: () => translator.push(line, text) }
      },
      flush: () => translator.flush(),
      end: (at) => translator.end(at, "recording-ended"),
    }
  },
}
