/** The parts of a message as an agent is given them: with their bytes and with absolute paths. */

import { resolve } from "node:path"
import { type EffectRow, type MessagePart, MessageParts } from "@threadfold/contracts"
import { Projections } from "@threadfold/projections"
import type { DrivenPart } from "@threadfold/providers"
import { Effect, Option, Predicate, Schema } from "effect"
import type { BlobUnknown, WorkError } from "../Errors.js"
import { Blobs } from "./Blobs.js"

const decodeParts = Schema.decodeUnknownOption(MessageParts)

/** Parts that an effect carries; null: its text is all of the message. */
const partsOf = ({ payload }: EffectRow): readonly MessagePart[] | null =>
  Predicate.isRecord(payload) && payload.parts !== undefined ? Option.getOrNull(decodeParts(payload.parts)) : null

const driven = (folder: string, part: MessagePart): Effect.Effect<DrivenPart, BlobUnknown | WorkError, Blobs> =>
  Effect.gen(function* () {
    const blobs = yield* Blobs
    switch (part.type) {
      case "image": {
        const { bytes } = yield* blobs.read(part.hash)
        const path = part.path === undefined || part.path === null ? null : resolve(folder, part.path)
        return { type: "image", mediaType: part.mediaType, bytes, path }
      }
      case "file": {
        const hash = part.hash ?? null
        const bytes = hash === null ? null : (yield* blobs.read(hash)).bytes
        return { type: "file", path: resolve(folder, part.path), bytes }
      }
      case "directory":
        return { type: "directory", path: resolve(folder, part.path) }
      case "command":
        return { type: "command", name: part.name, arguments: part.arguments ?? null }
      default:
        return part
    }
  })

/**
 * The parts that an effect carries, as a field of a call; none where the text is all of the message. Fails with `BlobUnknown` where a
 * blob of it is gone.
 */
export const drivenParts = (
  effect: EffectRow,
): Effect.Effect<{ readonly parts?: readonly DrivenPart[] }, BlobUnknown | WorkError, Blobs | Projections> =>
  Effect.gen(function* () {
    const parts = partsOf(effect)
    if (parts === null) return {}
    const projections = yield* Projections
    const work = yield* projections.threadWork(effect.threadId)
    const folder = work?.thread.cwd ?? "."
    return { parts: yield* Effect.forEach(parts, (part) => driven(folder, part)) }
  })
