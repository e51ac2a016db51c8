/** What a thread does and what follows in it: the facts read from its rows, told by the rules of the workflow. */
import type { EffectRow, ExplainReport, StorageUnavailable } from "@threadfold/contracts"
import { childrenOf, type ExplainPolicy, explainThread, type TurnLimits } from "@threadfold/core"
import { type Projections, RowNotFound, type ThreadListError } from "@threadfold/projections"
import { Clock, type Context, Effect } from "effect"

/** The policy that holds, and where it comes from. */
export interface ExplainSettings {
  readonly policy: ExplainPolicy
  /** Limits of an agent, by its name; null: it is not configured. */
  readonly limitsOf: (agent: string | null) => TurnLimits
  /** For people: `the server`, a file, `the defaults`. */
  readonly source: string
}

/** Where the facts are read. */
export interface ExplainSource {
  readonly projections: Context.Tag.Service<typeof Projections>
  /** Effects of a thread that are pending or being attempted. */
  readonly openEffects: (threadId: string) => Effect.Effect<readonly EffectRow[], StorageUnavailable>
}

/** Open questions, turns that wait and anomalies that are looked at. */
const PAGE = 50
/** Threads that one process opens by itself, and questions of one turn, as far as they are looked at. */
const MANY = 1_000

/**
 * What a thread does, waits for, and what follows by itself. Fails with `RowNotFound` where there is no such thread. Ages are counted by
 * the clock of this process: sleeps of the host are not left out.
 */
export const explain = (
  { openEffects, projections }: ExplainSource,
  threadId: string,
  { limitsOf, policy, source }: ExplainSettings,
): Effect.Effect<ExplainReport, RowNotFound | StorageUnavailable | ThreadListError> =>
  Effect.gen(function* () {
    const { sequence } = yield* projections.threadVersion(threadId)
    const work = yield* projections.threadWork(threadId)
    if (work === null) return yield* new RowNotFound({ resource: "thread", id: threadId })
    const living = yield* projections.livingFactsOf(threadId)
    const connectionId = living?.connectionId ?? null
    const opened = connectionId === null ? [] : yield* projections.agentOpened(connectionId, MANY)
    const questions = yield* projections.openQuestions({ threadId, requestId: "" }, PAGE)
    const open = { limit: PAGE, status: ["open", "answering"] }
    const { items: shown } = yield* projections.requests(threadId, open)
    const requests = questions
      .filter((question) => question.threadId === threadId)
      .map((question) => {
        const view = shown.find((one) => one.requestId === question.requestId)
        return { ...question, title: view?.title ?? null, data: view?.data ?? null, lastError: view?.lastError ?? null }
      })
    const starting = yield* projections.startingTurns({ threadId, ordinal: 0 }, PAGE)
    const running = work.turns.find(({ status }) => status === "running")
    const waits = running === undefined ? [] : yield* projections.waitsOfTurn(threadId, running.turnId, MANY)
    const { items: anomalies } = yield* projections.anomalies({ threadId, limit: PAGE })
    const now = yield* Clock.currentTimeMillis
    const facts = explainThread(
      {
        work,
        living,
        children: living === null ? [] : childrenOf(threadId, opened, (id) => id === threadId),
        requests,
        starting: starting.filter((turn) => turn.threadId === threadId),
        waits,
        effects: yield* openEffects(threadId),
        anomalies,
        policy,
        limits: limitsOf(work.thread.agent),
      },
      { now, awakeSince: null, toleranceMs: 0 },
    )
    return { threadId, sequence, now, status: work.thread.status, policy: source, facts }
  })
