/** Why a call failed, as the page shows it: what happened and what to do next. */
import type { ProblemDetails, ProblemSlug } from "@threadfold/contracts/problem"
import { visible } from "../format/format.js"

const urn = "urn:threadfold:problem:"

/** A failure of a call. `status` 0: the server was not reached. */
export class PageProblem extends Error {
  override readonly name = "PageProblem"

  constructor(
    /** HTTP status; 0: there was no answer. */
    readonly status: number,
    /** Which problem of the catalogue it is; null: none of them. */
    readonly slug: ProblemSlug | null,
    readonly title: string,
    readonly detail: string,
    readonly next: string,
  ) {
    super(`${title}: ${detail}`)
  }

  /** Whether the same call may succeed later. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

/** The server was not reached. */
export const notReached = (): PageProblem =>
  new PageProblem(
    0,
    null,
    "The server was not reached",
    "It may have ended, or is starting again.",
    "Start it with `threadfold serve`.",
  )

const isProblem = (value: unknown): value is ProblemDetails =>
  typeof value === "object" && value !== null && "type" in value && "title" in value && "detail" in value

/** The failure that an answer says. */
export const problemOf = async (response: Response): Promise<PageProblem> => {
  const body: unknown = await response.json().catch(() => null)
  if (!isProblem(body)) {
    return new PageProblem(
      response.status,
      null,
      `The server answered ${response.status}`,
      "The answer says no more.",
      "Try again.",
    )
  }
  // A slug that this page does not know is compared with none.
  const slug = body.type.startsWith(urn) ? (body.type.slice(urn.length) as ProblemSlug) : null
  // What an agent has said may be part of it.
  return new PageProblem(response.status, slug, body.title, visible(body.detail), body.next)
}

/** Any failure, as one to be shown. */
export const asProblem = (error: unknown): PageProblem =>
  error instanceof PageProblem
    ? error
    : new PageProblem(
        -1,
        null,
        "The page failed",
        error instanceof Error ? error.message : String(error),
        "Load the page again.",
      )

/** What a person of the page does next, where the server's word is for those who call it themselves; null: that word is for the page, too. */
export const ownNext = ({ slug }: PageProblem): { readonly label: string; readonly path: string } | null =>
  slug === "thread-not-found" ? { label: "Show all threads", path: "/threads" } : null

/** Why a browser is signed out. */
export const signedOutReason = ({ detail, slug, title }: PageProblem): string =>
  slug === "page-key-unknown" ? "This browser's key was revoked, or gave way to newer ones." : `${title}. ${detail}`
