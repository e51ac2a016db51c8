/** How a command fails, and its exit code: 1 finding, 2 usage, 3 environment. */
import { Problem, type ProblemSlug, problemDetails, problems } from "@threadfold/contracts/problem"
import { Data } from "effect"

/** The command did its work and found something wrong; it has said what. */
export class Finding extends Data.TaggedError("Finding") {}

/** The reader of our output went away (`| head`): no reason to complain. */
export class OutputClosed extends Data.TaggedError("OutputClosed") {}

/** Exit code of a problem: 1 for a finding, 2 where other arguments would help, 3 where the world around the program must change. */
export const exitCodeOf = ({ slug }: Problem): 1 | 2 | 3 => {
  const { isFinding, isOfArguments } = problems[slug]
  if (isFinding === true) return 1
  return isOfArguments === true ? 2 : 3
}

/** A usage error. */
export const usageProblem = (detail: string): Problem => new Problem({ slug: "invalid-request", detail })

const nextOnCommandLine: { readonly [Slug in ProblemSlug]?: string } = {
  "invalid-request": "Run `threadfold --help`, or a command with --help, to see how it is used.",
  "agent-not-found": "`threadfold doctor` says which agents are there, what is missing, and how to get it.",
  "thread-not-run":
    "`threadfold send --agent NAME TEXT` begins a thread with an agent. A recording takes no message, answer or stop; a thread that an adapter feeds takes answers and stops, and no message.",
}

/** Titles that a command line leaves out: it is no request, or the detail says the same with the name of the place. */
const titleOnCommandLine: { readonly [Slug in ProblemSlug]?: string } = {
  "invalid-request": "",
  "server-not-running": "",
  "database-not-found": "",
}

const titleOf = ({ slug }: Problem): string => titleOnCommandLine[slug] ?? `${problems[slug].title}: `

/** What to do next on a command line, where a route is of no help. */
const nextOf = ({ slug }: Problem): string => nextOnCommandLine[slug] ?? problems[slug].next

/** The problem for tools, one line of JSON. */
export const problemJson = (problem: Problem): string =>
  `${JSON.stringify({ ...problemDetails(problem.slug, problem.detail), next: nextOf(problem) })}\n`

/** The problem for people: what, and what next. */
export const problemText = (problem: Problem): string =>
  `threadfold: ${titleOf(problem)}${problem.detail}\n  ${nextOf(problem)}\n`
