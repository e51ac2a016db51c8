/** The pages of `export` and of `import threadfold`. */
import type { ExportReport, ImportReport } from "@threadfold/contracts"
import { type Look, oneLine } from "../text/Look.js"
import { bytes as byteText, counted, idLength } from "../text/words.js"

const kept: Readonly<Record<ExportReport["redaction"], string>> = {
  none: "everything is in it, secrets included",
  masked: "what looks like a secret is taken out",
  structure: "no text is in it",
}

/** What a person reads of blobs, where there are any. */
const image = "image or file"
const images = "images and files"
const blobLines = ({ bytes, carried, leftOut, leftOutBytes, missing }: ExportReport["blobs"]): readonly string[] => [
  ...(carried === 0 ? [] : [`  ${counted(carried, image, images)} of messages, ${byteText(bytes)}`]),
  ...(leftOut === 0 ? [] : [`  ${counted(leftOut, image, images)} of messages left out, ${byteText(leftOutBytes)}`]),
  ...(missing === 0 ? [] : [`  ${counted(missing, image, images)} of messages that this log does not have`]),
]

/** @param isPage it was written into a page */
export const exportPage = (look: Look, report: ExportReport, isPage = false): string => {
  const {
    blobs,
    bodies,
    bodiesDropped,
    events,
    file,
    fileBytes,
    hash,
    masked,
    places,
    purged,
    redaction,
    streams,
    threads,
  } = report
  const length = idLength(threads.map(({ threadId }) => threadId))
  return [
    file === null
      ? look.bold(`A preview: nothing was written; ${kept[redaction]}.`)
      : `${look.good("Exported")} to ${file}, ${byteText(fileBytes)}; ${kept[redaction]}.`,
    ...(file === null || !isPage ? [] : ["  Opens in any browser, without a server or a network."]),
    `  ${counted(events, "event")} and ${counted(bodies, "native message")} of ${counted(streams, "stream")}${bodiesDropped === 0 ? "" : `; ${counted(bodiesDropped, "native message")} left out`}`,
    ...blobLines(blobs),
    ...threads.map(({ events, threadId }) => `  ${look.bold(threadId.slice(0, length))}  ${counted(events, "event")}`),
    ...(purged === 0 ? [] : [`  ${counted(purged, "thread")} that had been purged: left out`]),
    `  hash ${hash ?? "none: the rows of a thread are refused"}`,
    ...(masked.length === 0 ? [] : ["", look.bold("Taken out")]),
    ...masked.map(
      ({ count, kind, secrets }) => `  ${kind}: ${counted(secrets, "secret")} in ${counted(count, "place")}`,
    ),
    ...(blobs.named.length === 0 ? [] : ["", look.bold("Left out: images and files of messages")]),
    ...blobs.named.map(({ hash, mediaType, size }) => `  ${hash}  ${oneLine(mediaType)}, ${byteText(size)}`),
    ...(places.length === 0 ? [] : ["", look.bold("Where")]),
    ...places.map(
      ({ eventId, field, kind, shown, streamId }) =>
        `  ${kind} (${shown}) in ${oneLine(field)} of event ${eventId}, thread ${streamId}`,
    ),
    ...(redaction === "masked"
      ? [
          "",
          `Patterns find secrets of known forms. Look through what you share: ${isPage ? "open the file in a browser" : "`gzip -dc FILE` shows it"}.`,
        ]
      : []),
    "",
  ].join("\n")
}

const importedBlobLines = (blobs: NonNullable<ImportReport["bundle"]>["blobs"] | undefined): readonly string[] => {
  const { added = 0, carried = 0, leftOut = 0, missing = 0 } = blobs ?? {}
  const without = leftOut + missing
  return [
    ...(carried === 0 ? [] : [`  ${counted(carried, image, images)} of messages, ${added} of them new here`]),
    ...(without === 0 ? [] : [`  ${counted(without, image, images)} of messages that the bundle does not have`]),
  ]
}

export const bundlePage = (look: Look, { bundle, events, threads }: ImportReport): string => {
  const length = idLength(threads.map(({ threadId }) => threadId))
  const ofThreads = new Map(bundle?.streams.map((stream) => [stream.streamId, stream]))
  return [
    `${look.good(`${counted(events, "event")} added`)} from a bundle${bundle === undefined || bundle.redaction === "none" ? "" : ` (${kept[bundle.redaction]})`}`,
    ...threads.map(({ events, threadId }) => {
      const stream = ofThreads.get(threadId)
      const settled = stream?.settled ?? 0
      const what = stream?.status === "present" ? "was here already" : counted(events, "event")
      return `  ${look.bold(threadId.slice(0, length))}  ${what}${settled === 0 ? "" : `, ${settled} of them settle what lived`}`
    }),
    ...importedBlobLines(bundle?.blobs),
    bundle?.proven === true
      ? look.good(`  It leads to the rows whose hash it names: ${bundle.hash ?? "none"}`)
      : look.busy(
          "  Another version of the fold made it: its hash cannot be compared. Its events are those that were written.",
        ),
    "",
  ].join("\n")
}
