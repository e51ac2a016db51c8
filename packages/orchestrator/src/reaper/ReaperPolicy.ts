/** The policy of the reaper and the watchdog: `reaper` in `threadfold.json`. All times are milliseconds. */
import { Context, Layer, Schema } from "effect"

/** A time; 0: never. */
const Limit = Schema.Number.pipe(Schema.int(), Schema.nonNegative())
/** How often something is looked at. */
const Interval = Schema.Number.pipe(Schema.int(), Schema.between(100, 86_400_000))

const or = <A, I>(schema: Schema.Schema<A, I>, value: A) => Schema.optionalWith(schema, { default: () => value })

/** How long a question waits. */
const after = { afterMs: Schema.Number.pipe(Schema.int(), Schema.positive()) }

/**
 * What becomes of a question that no person answers.
 *
 * - `wait`: it waits for as long as its session lives.
 * - `deny`: it is answered with `decline`, and the agent goes on.
 * - `expire`: it is withdrawn, and its turn is interrupted.
 */
export const Unattended = Schema.Union(
  Schema.Struct({ action: Schema.Literal("wait") }),
  // One member for each action: a decoder finds the member that is meant by a field with one value only.
  Schema.Struct({ action: Schema.Literal("deny"), ...after }),
  Schema.Struct({ action: Schema.Literal("expire"), ...after }),
)
export type Unattended = typeof Unattended.Type

export const ReaperPolicy = Schema.Struct({
  /** A session is stopped when nothing has happened in its thread for so long; 0: none is ever stopped. */
  idleMs: or(Limit, 30 * 60_000),
  /** How often the sessions are looked at. */
  sweepMs: or(Interval, 60_000),
  /** A session that starts is left alone for so long without a sign, should `idleMs` be shorter. */
  startingGraceMs: or(Limit, 5 * 60_000),
  /** A background task keeps its session for so long after the last that was heard of it. */
  backgroundCapMs: or(Limit, 24 * 3_600_000),
  /** What an agent does after its turn's end is over when nothing is heard of the thread for so long; 0: only with the session. */
  afterEndMs: or(Limit, 60_000),
  /** What becomes of a question that no person answers. */
  unattended: or(Unattended, { action: "wait" }),
  /** How often the running turns are looked at. */
  watchMs: or(Interval, 5_000),
  /** A running turn of which nothing is heard for so long is shown as stalled; 0: none is. */
  stallMs: or(Limit, 10 * 60_000),
  /** Whether a stalled turn is interrupted, too. */
  onStall: or(Schema.Literal("show", "interrupt"), "show"),
})
export type ReaperPolicy = typeof ReaperPolicy.Type

/** What holds where the configuration says nothing. */
export const defaultReaperPolicy: ReaperPolicy = Schema.decodeSync(ReaperPolicy)({})

/** The policy of this server. */
export class CurrentReaperPolicy extends Context.Tag("@threadfold/orchestrator/CurrentReaperPolicy")<
  CurrentReaperPolicy,
  ReaperPolicy
>() {
  static readonly layer = (policy: ReaperPolicy = defaultReaperPolicy): Layer.Layer<CurrentReaperPolicy> =>
    Layer.succeed(CurrentReaperPolicy, policy)
}
