/** How a command fails, and its exit code: 1 finding, 2 usage, 3 environment. */
import { Problem, type ProblemSlug, problemDetails, problems } from "@threadfold/contracts/problem"
import { Data, Effect } from "effect"

/** The command did its work and found something wrong; it has said what. */
export class Finding extends Data.TaggedError("Finding") {}

/** Standard output takes no more. `failure`: the problem to tell; null: its reader went away (`| head`), no reason to complain. */
export class OutputClosed extends Data.TaggedError("OutputClosed")<{ readonly failure: Problem | null }> {}

/** How a write to a reader that went away fails: a pipe, a socket, and a stream that one of them has ended. */
const readerGone: ReadonlySet<string | undefined> = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"])
const noRoom: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"])

/** What a write to standard output failed with. */
export const outputClosed = ({ code, message }: NodeJS.ErrnoException): OutputClosed =>
  new OutputClosed({
    failure: readerGone.has(code)
      ? null
      : new Problem({
          slug: noRoom.has(code) ? "disk-full" : "storage-failed",
          detail: `standard output cannot be written: ${message}.`,
        }),
  })

/**
 * Writes what a command found, and ends it with a failure, also when its reader went away.
 *
 * @param failure null: all is well
 */
export const writeThenFail = <E, R, F>(
  writing: Effect.Effect<void, E | OutputClosed, R>,
  failure: F | null,
): Effect.Effect<void, E | OutputClosed | F, R> =>
  failure === null
    ? writing
    : Effect.zipRight(
        Effect.catchIf(
          writing,
          (error) => error instanceof OutputClosed && error.failure === null,
          () => Effect.void,
        ),
        Effect.fail(failure),
      )

/** The same for a report: where not all is well the command ends as a {@link Finding}. */
export const asFinding = <E, R>(
  writing: Effect.Effect<void, E | OutputClosed, R>,
  ok: boolean,
): Effect.Effect<void, E | OutputClosed | Finding, R> => writeThenFail(writing, ok ? null : new Finding())

/** Exit code of a problem: 1 for a finding, 2 where other arguments would help, 3 where the world around the program must change. */
export const exitCodeOf = ({ slug }: Problem): 1 | 2 | 3 => {
  const { isFinding, isOfArguments } = problems[slug]
  if (isFinding === true) return 1
  return isOfArguments === true ? 2 : 3
}

/** A usage error. */
export const usageProblem = (detail: string): Problem => new Problem({ slug: "invalid-request", detail })

/** The one of the ids that a text may mean; null: there is none. Fails as usage where it may mean several. */
export const oneMeant = (text: string, ids: readonly string[]): Effect.Effect<string | null, Problem> => {
  const [only = null, ...others] = ids.includes(text) ? [text] : ids
  return others.length === 0
    ? Effect.succeed(only)
    : usageProblem(`${JSON.stringify(text)} may be any of ${[only, ...others].join(", ")}: write more of it.`)
}

const nextOnCommandLine: { readonly [Slug in ProblemSlug]?: string } = {
  "job-not-found": "`threadfold rebuild` begins one, and `threadfold rebuild --help` says how it is used.",
  "event-not-found": "`threadfold events --json` prints the events with their ids.",
  "turn-not-found":
    "`threadfold thread ID --json` prints the turns of a thread with their ids, and which of them have ended.",
  "voice-refused":
    "Change what the line above names: `threadfold talk --help` says what can be chosen. A live conversation goes on.",
  "agent-not-found": "`threadfold doctor` says which agents are there, what is missing, and how to get it.",
  "thread-not-run":
    "`threadfold send --agent NAME TEXT` begins a thread with an agent. A recording takes no message, answer or stop; a thread that an adapter feeds takes answers and stops, and no message.",
}

/** Problems whose title a command line leaves out: it is no request, or the detail says the same with a name, or more exactly. */
const untitled: ReadonlySet<ProblemSlug> = new Set([
  "invalid-request",
  "server-not-running",
  "database-not-found",
  "event-not-found",
  "turn-not-found",
  "job-not-found",
])

const titleOf = ({ slug }: Problem): string => (untitled.has(slug) ? "" : `${problems[slug].title}: `)

/** What to do next on a command line, where a route is of no help. */
const nextOf = ({ slug }: Problem): string => nextOnCommandLine[slug] ?? problems[slug].next

/** The problem for tools, one line of JSON. @param next what to do next, where it is not what the catalogue says */
export const problemJson = (problem: Problem, next = nextOf(problem)): string =>
  `${JSON.stringify({ ...problemDetails(problem.slug, problem.detail), next })}\n`

/** The catalogue speaks of the field `detail`. A person sees no fields: it is the line above. */
const withoutFields = (next: string): string =>
  next.replace(/^`detail`/, "The line above").replaceAll("`detail`", "the line above")

/** The problem for people: what, and what next. @param next what to do next, where it is not what the catalogue says */
export const problemText = (problem: Problem, next = nextOf(problem)): string =>
  `threadfold: ${titleOf(problem)}${problem.detail}\n  ${withoutFields(next)}\n`

/** What to do when output was lost, where the words of the catalogue speak of the log. */
export const nextOfLostOutput =
  "Make room where the output goes, or write it elsewhere. What the command did stays done; the output is not whole."
