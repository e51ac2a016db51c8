/**
 * Why a call failed, as two types: a `Problem` is the server's last word, and the same call leads to the same; an
 * {@link Unavailable} may pass, and the same call may succeed later.
 */
import { Problem, problems } from "@threadfold/contracts/problem"
import { Cause, Data, Effect, Exit, Schedule } from "effect"

/** The server cannot be reached, or cannot answer now. */
export class Unavailable extends Data.TaggedError("Unavailable")<{
  /** What happened, in a sentence. */
  readonly detail: string
  /** The problem of the server; null: it was not reached, or its answer broke off. */
  readonly problem: Problem | null
}> {
  /** What to do next. */
  get next(): string {
    return this.problem?.next ?? "Look whether the server runs, for example with GET /livez, and try again."
  }

  override get message(): string {
    return this.detail
  }
}

/** What a call fails with. */
export type Failure = Problem | Unavailable

/** Whether a status is one that may pass: a later call may succeed. */
export const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 502

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const broken = (error: unknown) =>
  new Unavailable({ detail: `The server was not reached: ${textOf(error)}`, problem: null })
const unreadable = (error: unknown) =>
  new Problem({ slug: "internal", detail: `The server sent what this client cannot read: ${textOf(error)}.` })

/** The typed failure of a call of the client. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof Unavailable) return error
  if (error instanceof Problem) {
    return problems[error.slug].mayPass === true ? new Unavailable({ detail: error.detail, problem: error }) : error
  }
  const tag = field(error, "_tag")
  const reason = field(error, "reason")
  if (tag === "RequestError") return reason === "Transport" ? broken(error) : unreadable(error)
  if (tag === "ResponseError") {
    const status = Number(field(field(error, "response"), "status"))
    // A body that breaks off in the middle is a lost connection; the answer of another program is judged by its status.
    return reason === "Decode" || reason === "EmptyBody" || isPassing(status) ? broken(error) : unreadable(error)
  }
  return unreadable(error)
}

/** How a call is tried again. */
export interface RetryOptions {
  /** Waiting times between two tries: doubled from the first, at most the second. 250 and 10,000 ms by default. */
  readonly backoffMs?: readonly [first: number, longest: number]
  /** For how long it is tried again, ms; 30,000 by default; 0: not at all. */
  readonly patienceMs?: number
}

/** Pauses between tries, growing to the longest. */
export const pauses = ({ backoffMs: [first, longest] = [250, 10_000] }: Pick<RetryOptions, "backoffMs">) =>
  Schedule.union(Schedule.exponential(first), Schedule.spaced(longest))

/** Tries a call again while its failure may pass, for `patienceMs` at most. */
const retrying = ({ patienceMs = 30_000, ...options }: RetryOptions) =>
  pauses(options).pipe(
    Schedule.upTo(patienceMs),
    Schedule.whileInput((failure: Failure) => patienceMs > 0 && failure._tag === "Unavailable"),
  )

/** How a call is made that may be sent again without harm: with typed failures, and again while its failure may pass. */
export const repeating =
  (retry: RetryOptions) =>
  <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, Failure> =>
    Effect.retry(Effect.mapError(call, failureOf), retrying(retry))

/** An effect as a promise, which rejects with the failure itself, not with a report about it. */
export const promise = async <A>(effect: Effect.Effect<A, unknown>, signal?: AbortSignal): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect, signal === undefined ? {} : { signal })
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}
