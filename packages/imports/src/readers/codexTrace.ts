/** Rollout traces of Codex, as one stream of lines (see `traceStream`). The log of a trace alone, without its bodies, is one, too. */

import { readJson } from "@threadfold/contracts"
import {
  makeTraceTranslator,
  manifestVersion,
  payloadRefs,
  readTraceLine,
  traceVersions,
  unknownTraceVersion,
} from "@threadfold/providers"
import type { OpenRecording, ReadLine, RecordingReader, UnreadableLine } from "../RecordingReader.js"
import { codexTraceSource } from "../sources.js"
import { TraceBodies } from "../trace/TraceBodies.js"
import { readPart, type TracePart } from "../trace/traceStream.js"

/** The version of a manifest that cannot be read, as a sentence; null: it can be, or is none. */
const refusalOf = (manifest: string): string | null => {
  const parsed = readJson(manifest)
  if (!("value" in parsed) || typeof parsed.value !== "object" || parsed.value === null) return null
  const version = manifestVersion({ ...parsed.value })
  return version === undefined || traceVersions.includes(version) ? null : unknownTraceVersion(version)
}

const open = (): OpenRecording => {
  const translator = makeTraceTranslator()
  const bodies = new TraceBodies()
  let lastAt = 0

  const part = (of: TracePart): ReadLine | UnreadableLine => {
    const read = (translate: ReadLine["translate"]): ReadLine => ({
      at: lastAt,
      identifies: false,
      isPart: true,
      translate,
    })
    const nothing = { emitted: [], fate: "kept" } as const
    switch (of.threadfold) {
      case "manifest": {
        if ("problem" in of) return read(() => translator.manifest(null, of.problem))
        const refusal = refusalOf(of.text)
        return refusal === null ? read(() => translator.manifest(of.text, null)) : { problem: refusal, refuses: true }
      }
      case "body":
        return read(() => ({
          emitted: bodies
            .piece(of.path, of.text)
            .flatMap((one) => translator.keepPart(one.path, one.part, one.text).emitted),
          fate: "kept",
        }))
      case "body-end":
        return read(() => {
          if ("problem" in of) bodies.missing(of.path, of.problem)
          else bodies.end(of.path, of)
          return nothing
        })
      case "long-line":
        return { problem: `too long: ${of.bytes} bytes` }
    }
  }

  return {
    read: (text) => {
      const ours = readPart(text)
      if (ours !== null) return "problem" in ours && !("threadfold" in ours) ? ours : part(ours)
      const line = readTraceLine(text)
      if ("problem" in line) return line
      lastAt = translator.timeOf(line)
      return {
        at: lastAt,
        translate: () => {
          const named = payloadRefs(line).map(({ path }) => path)
          return translator.push(line, text, bodies.take(named))
        },
      }
    },
    bodies: () => bodies.report,
    flush: () => translator.flush(),
    end: (at) => translator.end(at, "recording-ended"),
  }
}

/** The reader of these traces. */
export const codexTrace: RecordingReader = { ...codexTraceSource, onlyGrows: true, open }
