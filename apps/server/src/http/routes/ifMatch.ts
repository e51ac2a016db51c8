/** `If-Match`: the version of the resource that the caller has seen. */
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"

/** An `ETag` of ours: the log, the version, and what else the answer depended on. */
const ours = /^"([^".]+)\.(\d+)(?:\.[^"]*)?"$/

/**
 * The version that the header names; undefined where there is none, or `*`. Fails with `precondition-failed` for a tag of
 * another log, and with `invalid-request` for what is no tag of ours.
 */
export const versionNamed = (logId: string, header: string | undefined): Effect.Effect<number | undefined, Problem> => {
  if (header === undefined || header.trim() === "*") return Effect.succeed(undefined)
  const [, log, version] = ours.exec(header.trim()) ?? []
  if (log === undefined) {
    return new Problem({ slug: "invalid-request", detail: "If-Match must be one ETag as the server gave it, or *." })
  }
  return log === logId
    ? Effect.succeed(Number(version))
    : new Problem({ slug: "precondition-failed", detail: "The tag in If-Match is of another log." })
}
