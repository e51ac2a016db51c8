/** Why an import failed, as a problem. */
import { Problem } from "@threadfold/contracts"
import type { NotARecording, RecordingUnreadable, UnknownSource } from "@threadfold/imports"

/** What an import fails with by itself. */
export type ImportFailed = NotARecording | RecordingUnreadable | UnknownSource

/** The problem of a failed import; what is one already stays as it is. */
export const importProblem = (failure: ImportFailed | Problem): Problem => {
  switch (failure._tag) {
    case "NotARecording":
      return new Problem({
        slug: "not-a-recording",
        detail: `${failure.name} has no message of ${failure.wanted.join(" or ")} about a thread. It seems to be ${failure.seems}.`,
      })
    case "RecordingUnreadable":
      return new Problem({ slug: "recording-not-found", detail: `${failure.name}: ${failure.reason}.` })
    case "UnknownSource":
      return new Problem({
        slug: "invalid-request",
        detail: `There is no source ${JSON.stringify(failure.source)}. Known are ${failure.known.join(", ")}.`,
      })
    case "Problem":
      return failure
  }
}
