/** What `salvage` tells a person. */
import type { SalvageReport } from "@threadfold/contracts"
import type { Look } from "../text/Look.js"
import { oneLine } from "../text/Look.js"
import { counted } from "../text/words.js"

const range = (first: number, last: number): string => (first === last ? `${first}` : `${first} to ${last}`)

export const salvagePage = (look: Look, report: SalvageReport): string => {
  const { bodies, digests, missing, missingOfStreams, pages, refused } = report
  return [
    report.ok ? look.good("Everything was copied.") : look.bad("Some of it is lost."),
    `  ${counted(report.events, "event")} of ${counted(report.streams, "stream")}, ${counted(bodies.copied, "native message")}, into ${report.to}`,
    `  ${counted(pages.read, "page")} read${pages.damaged.length === 0 ? "" : `, damaged: ${pages.damaged.join(", ")}`}`,
    ...missing.map((one) => `  lost: events at ${range(one.firstSequence, one.lastSequence)}`),
    ...missingOfStreams.map(
      (one) => `  lost: versions ${range(one.firstVersion, one.lastVersion)} of stream ${one.streamId}`,
    ),
    ...bodies.lost.map(
      (one) => `  lost: native messages at ${range(one.firstSequence, one.lastSequence)}: ${oneLine(one.detail)}`,
    ),
    ...refused.map((one) => `  not copied: the event at ${one.sequence}: ${oneLine(one.detail)}`),
    `  ${counted(digests.checked, "block")} compared with the digests${digests.unchecked === 0 ? "" : `, ${digests.unchecked} could not be`}`,
    ...digests.mismatched.map(
      (one) => `  copied, but not what was written: ${one.part} at ${range(one.firstSequence, one.lastSequence)}`,
    ),
    "  Not copied: receipts, effects and how far imports came. Sequences are new: readers of streams begin anew.",
    "",
  ].join("\n")
}
