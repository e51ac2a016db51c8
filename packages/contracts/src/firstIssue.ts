/** What a decoder found wrong, as one place and one message. */
import { ParseResult } from "effect"

/** The first thing that is wrong with a value. */
export interface FirstIssue {
  /** Its place in the value, for example `event.payload.delta`; "": the value as a whole. */
  readonly place: string
  readonly message: string
}

type Issue = Pick<ParseResult.ArrayFormatterIssue, "path" | "message">

/**
 * The first thing that is wrong with a value. A decoder stops at the first fault, but a union says of each of its members why the
 * value is none: the member that got furthest into the value is the one that was meant.
 *
 * @param orElse what is said where there is no issue
 */
export const firstOfIssues = (issues: readonly Issue[], orElse: string): FirstIssue => {
  const [first, ...others] = issues
  if (first === undefined) return { place: "", message: orElse }
  let found = first
  for (const issue of others) if (issue.path.length > found.path.length) found = issue
  return { place: found.path.map(String).join("."), message: found.message }
}

/** The first thing that is wrong with a value, by the error of its decoder. */
export const firstIssue = (error: ParseResult.ParseError): FirstIssue =>
  firstOfIssues(ParseResult.ArrayFormatter.formatErrorSync(error), error.message)

/** An issue as one line: where, then what. */
export const issueText = ({ message, place }: FirstIssue): string => (place === "" ? message : `${place}: ${message}`)
