/** How a command ends other than well, and what the shell is told: 1 finding, 2 usage, 3 environment. */
import { Problem, type ProblemSlug, problemDetails, problems } from "@threadfold/contracts/problem"
import { Data } from "effect"

/** The command did its work and found something wrong; it has said what. */
export class Finding extends Data.TaggedError("Finding") {}

/** The reader of our output went away (`| head`): no reason to complain. */
export class OutputClosed extends Data.TaggedError("OutputClosed") {}

/** What the command was asked for makes no sense. */
const usage: ReadonlySet<ProblemSlug> = new Set([
  "invalid-request",
  "invalid-cursor",
  "thread-not-found",
  "session-not-found",
  "event-not-found",
  "resource-not-found",
  "turn-not-found",
  "request-not-found",
  "agent-not-found",
  "not-found",
  "thread-busy",
  "thread-conflict",
  "thread-not-run",
  "turn-active",
  "request-ended",
  "queue-conflict",
  "session-conflict",
])

/** Exit code of a problem: 2 where other arguments would help, 3 where the world around the program must change. */
export const exitCodeOf = (problem: Problem): 2 | 3 => (usage.has(problem.slug) ? 2 : 3)

/** A usage error. */
export const usageProblem = (detail: string): Problem => new Problem({ slug: "invalid-request", detail })

const nextOnCommandLine: { readonly [Slug in ProblemSlug]?: string } = {
  "invalid-request": "Run `threadfold --help`, or a command with --help, to see how it is used.",
  "agent-not-found": "`threadfold doctor` says which agents are there, what is missing, and how to get it.",
  "thread-not-run":
    "`threadfold send --agent NAME TEXT` begins a thread with an agent. What was imported or attached is read-only here.",
}

/** What a command line is told to do next; a route is of no help there. */
const nextOf = ({ slug }: Problem): string => nextOnCommandLine[slug] ?? problems[slug].next

/** The problem for tools, one line of JSON. */
export const problemJson = (problem: Problem): string =>
  `${JSON.stringify({ ...problemDetails(problem.slug, problem.detail), next: nextOf(problem) })}\n`

/** The problem for people: what, and what next. A command line is no request, so its own words say enough. */
export const problemText = (problem: Problem): string => {
  const title = problem.slug === "invalid-request" ? "" : `${problems[problem.slug].title}: `
  return `threadfold: ${title}${problem.detail}\n  ${nextOf(problem)}\n`
}
