/** The page of `purge`. */
import type { PurgeView } from "@threadfold/contracts/api"
import type { Look } from "../text/Look.js"
import { bytes, count } from "../text/words.js"

/** What goes, in the order of the page. */
const places = [
  ["events", "payloads of events"],
  ["natives", "native messages"],
  ["blobs", "long native messages, images and files"],
  ["rows", "rows"],
  ["work", "receipts and calls"],
] as const satisfies readonly (readonly [keyof PurgeView["removed"], string])[]

const heads = (look: Look, { bytes: size, status, threadId, waitsFor }: PurgeView): string => {
  switch (status) {
    case "none":
      return look.bold(`A preview: nothing was removed. A purge of ${threadId} would remove ${bytes(size)}:`)
    case "running":
      return look.busy(
        `Thread ${threadId} is being purged, ${bytes(size)} so far${waitsFor === null ? "" : `; it waits for ${waitsFor}`}:`,
      )
    default:
      return `${look.good("Purged")} thread ${threadId}: ${bytes(size)} removed.`
  }
}

export const purgePage = (look: Look, view: PurgeView): string => {
  const { eventId, notPurged, removed, sealedHash, sequence } = view
  const lines = places.map(([place, name]) => {
    const { bytes: size, count: number } = removed[place]
    return `  ${count(number).padStart(9)}  ${name}, ${bytes(size)}`
  })
  return [
    heads(look, view),
    ...lines,
    ...(sealedHash === null ? [] : [`  tombstone ${eventId} at ${sequence}`, `  sealed hash ${sealedHash}`]),
    "",
    look.bold("Not purged"),
    ...notPurged.map((sentence) => `  ${sentence}`),
    "",
  ].join("\n")
}
