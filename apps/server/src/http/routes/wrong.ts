/** What a call says wrongly, as a problem. */
import { Problem } from "@threadfold/contracts/problem"
import { ParseResult } from "effect"

/** The first thing that is wrong with a part of a call. */
export const wrong =
  (part: string) =>
  (error: ParseResult.ParseError): Problem => {
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    const path = issue?.path.map(String).join(".") ?? ""
    return new Problem({ slug: "invalid-request", detail: `${path === "" ? part : path}: ${issue?.message ?? ""}.` })
  }
