/** Session files of Claude Code, those of its sub-agents included. */
import { makeHistoryTranslator, readHistoryLine } from "@threadfold/providers"
import type { RecordingReader } from "../RecordingReader.js"
import { claudeSource } from "../sources.js"

const uuidName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/i

/** The reader of these files. */
export const claudeHistory: RecordingReader = {
  ...claudeSource,
  onlyGrows: true,
  open: (name) => {
    const translator = makeHistoryTranslator(uuidName.exec(name)?.[1]?.toLowerCase())
    let lastAt = 0
    return {
      read: (text) => {
        const line = readHistoryLine(text)
        if ("problem" in line) return line
        lastAt = line.at ?? lastAt
        const identifies = line.at !== null && line.sessionId !== undefined
        const read = { at: lastAt, translate: () => translator.push({ ...line, at: line.at ?? lastAt }, text) }
        return identifies ? read : { ...read, identifies: false }
      },
      flush: () => translator.flush(),
      end: (at) => translator.end(at, "recording-ended"),
    }
  },
}
