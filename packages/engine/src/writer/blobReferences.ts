/** Which blobs the events of a submission refer to: a purge of their thread may remove them. */
import { blobsOfEvent } from "@threadfold/core"
import type { DraftResult, EventDraft, RestoredEvent } from "../Submission.js"
import type { BlobStore } from "../work/index.js"

/** The payload of a stored row; null where it is no JSON. */
const parsed = (payload: string): unknown => {
  try {
    return JSON.parse(payload)
  } catch {
    return null
  }
}

/** Which blobs the event of a stored row refers to. */
export const blobsOfRow = ({ payload, type }: Pick<RestoredEvent["row"], "payload" | "type">): readonly string[] =>
  // Hardly any event has a blob: the others are not parsed.
  payload.includes('"parts"') ? blobsOfEvent(type, parsed(payload)) : []

/** Notes the blobs of what was appended. `results`: those of the restored events, then those of the drafts. */
export const referToBlobs = (
  blobs: BlobStore,
  restored: readonly RestoredEvent[],
  drafts: readonly EventDraft[],
  results: readonly DraftResult[],
): void => {
  for (const { row } of restored) {
    const hashes = blobsOfRow(row)
    if (hashes.length > 0) blobs.refer(row.streamId, hashes)
  }
  for (let index = 0; index < drafts.length; index++) {
    const draft = drafts[index]
    const result = results[restored.length + index]
    if (draft === undefined || result === undefined || result.sequence === null) continue
    const hashes = blobsOfEvent(draft.event.type, draft.event.payload)
    if (hashes.length > 0) blobs.refer(result.streamId, hashes)
  }
}
