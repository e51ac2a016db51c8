/** Reports of work on a database, and how a command ends with one. */
import { Effect } from "effect"
import { asFinding } from "./failures.js"
import { currentLook, write, writeJson } from "./output.js"
import type { Look } from "./text/Look.js"

/** Prints the report of work on a database, and ends as a finding where it is not well. */
export const tell = <Report extends { readonly ok: boolean }>(
  report: Report,
  page: (look: Look, report: Report) => string,
  asJson: boolean,
) => Effect.flatMap(currentLook, (look) => asFinding(asJson ? writeJson(report) : write(page(look, report)), report.ok))
