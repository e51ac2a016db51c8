/** What `whatif` answers, on the command line and over HTTP, and how it refuses edits. */
import { Problem } from "@threadfold/contracts/problem"
import type { BadEdit, WhatIf } from "@threadfold/core/model"

/** What `whatif` prints. */
export interface WhatIfReport extends WhatIf {
  /** Version of the fold that folded the recorded log. */
  readonly foldVersion: number
  /** Version of the one that folded the edited log. */
  readonly otherFoldVersion: number
}

/** Edits that are named in the detail of a problem. */
const listed = 5

/** What is wrong with the edits, each with its place. */
export const refusedEdits = (bad: readonly BadEdit[]): Problem => {
  const one = ({ field, index, problem }: BadEdit): string =>
    `${index === null ? "the list" : `edit ${index}`}${field === "" ? "" : `, ${field}`}: ${problem}`
  const rest = bad.length > listed ? `; and ${bad.length - listed} more` : ""
  return new Problem({ slug: "invalid-request", detail: `${bad.slice(0, listed).map(one).join("; ")}${rest}.` })
}
