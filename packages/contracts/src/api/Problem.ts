/** Problems (RFC 9457), as they are sent and as they are thrown. Each is one of {@link problems}, with what happened this time. */
import { Schema } from "effect"
import { int, shape, text } from "../fields.js"
import { type ProblemSlug, problems } from "./problemCatalogue.js"

export { type ProblemSlug, problems }

/** `application/problem+json`. */
export const ProblemDetails = shape("ProblemDetails", "A problem (RFC 9457): an error of the catalogue.", {
  type: text("`urn:threadfold:problem:<slug>`: stable, to be compared."),
  title: text("The problem in a few words."),
  status: int("HTTP status."),
  detail: text("What happened this time."),
  next: text("What to do next."),
})
export type ProblemDetails = typeof ProblemDetails.Type

/** Longest `detail` of a problem, characters. What is wrong with a value may quote it, and a value may fill its whole body. */
export const maxProblemDetail = 4_000

/** A detail as it is told; its beginning says what is wrong. */
const bounded = (detail: string): string =>
  detail.length <= maxProblemDetail ? detail.toWellFormed() : `${detail.slice(0, maxProblemDetail - 1).toWellFormed()}…`

const typePrefix = "urn:threadfold:problem:"

const isSlug = (text: string): text is ProblemSlug => Object.hasOwn(problems, text)

/** The slug of a problem's `type`, or null for one that this version does not know. */
export const slugOf = (type: string): ProblemSlug | null => {
  const slug = type.startsWith(typePrefix) ? type.slice(typePrefix.length) : ""
  return isSlug(slug) ? slug : null
}

/** The body of a problem. */
export const problemDetails = (slug: ProblemSlug, detail: string): ProblemDetails => ({
  type: `${typePrefix}${slug}`,
  title: problems[slug].title,
  status: problems[slug].status,
  detail: bounded(detail),
  next: problems[slug].next,
})

/** A failure as a caller of the service meets it: what the server answers and the client fails with. */
export class Problem extends Schema.TaggedError<Problem>()("Problem", {
  slug: Schema.Literal(...(Object.keys(problems) as [ProblemSlug, ...ProblemSlug[]])),
  detail: Schema.String,
}) {
  /** The problem in a few words. */
  get title(): string {
    return problems[this.slug].title
  }

  /** HTTP status. */
  get status(): number {
    return problems[this.slug].status
  }

  /** What to do next. */
  get next(): string {
    return problems[this.slug].next
  }

  override get message(): string {
    return `${this.title}: ${this.detail} ${this.next}`
  }
}
