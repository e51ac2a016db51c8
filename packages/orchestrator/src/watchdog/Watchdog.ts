/**
 * Looks at what runs, every few seconds: turns that have fallen silent are shown as stalled, turns beyond their deadlines are
 * interrupted, turns that were accepted and do not start are ended, work after a turn's end that has fallen silent is over, and
 * questions that no person answers get what a rule of their thread says, or the policy.
 */
import {
  type AfterEndWork,
  afterEndOverdue,
  decideTurn,
  isStartTimed,
  type Moment,
  type OpenQuestion,
  type RunningTurn,
  type StartingTurn,
  startOverdue,
  type TurnFacts,
  unattended,
} from "@threadfold/core"
import type { Engine } from "@threadfold/engine"
import { Projections } from "@threadfold/projections"
import { Context, Effect, identity, Layer } from "effect"
import { Agents, defaultLimits } from "../Agents.js"
import { Connections } from "../connections/Connections.js"
import type { WorkError } from "../Errors.js"
import { eachPage, type Pages } from "../eachPage.js"
import { HostSuspends } from "../host/SuspendDetector.js"
import { upkeepAndWake } from "../ownWrites.js"
import { CurrentReaperPolicy } from "../reaper/ReaperPolicy.js"
import { Recovery } from "../recovery/Recovery.js"
import type { Wakeups } from "../Wakeups.js"

/** Rows of one page. */
const PAGE = 100
/** Questions of one turn, the newest, that are looked at. */
const WAITS = 1_000

export interface WatchdogService {
  /** Looks at everything now. What goes wrong is logged. */
  readonly look: Effect.Effect<void>
}

/** A failure is logged: the others are looked at all the same. */
const alone = <R>(what: string, task: Effect.Effect<void, WorkError, R>): Effect.Effect<void, never, R> =>
  Effect.catchAll(task, ({ message }) => Effect.logWarning(`${what} could not be looked after: ${message}`))

const make = Effect.gen(function* () {
  // What an earlier run left is settled by then.
  yield* Recovery
  const context = yield* Effect.context<Engine | Wakeups>()
  const agents = yield* Agents
  const { retries } = yield* Connections
  const policy = yield* CurrentReaperPolicy
  const projections = yield* Projections
  const suspends = yield* HostSuspends

  const limitsOf = (agent: string | null) => agents.all.find(({ name }) => name === agent)?.limits ?? null

  const factsOf = (turn: RunningTurn): TurnFacts => ({
    turn,
    limits: limitsOf(turn.agent),
    retriesSince: retries.since(turn.threadId),
    waits: [],
    sleeps: suspends.sleeps,
  })

  const lookAtTurn = (turn: RunningTurn, moment: Moment): Effect.Effect<void, WorkError, Engine | Wakeups> =>
    Effect.gen(function* () {
      const { threadId, turnId } = turn
      const facts = factsOf(turn)
      const atMost = decideTurn(facts, moment, policy)
      if (atMost.silentMs === null && atMost.interrupt === null) return
      // When it waited for a person only ever speaks for the turn, so it is read only where it matters.
      const waits = yield* projections.waitsOfTurn(threadId, turnId, WAITS)
      const { interrupt, silentMs } = decideTurn({ ...facts, waits }, moment, policy)
      if (silentMs !== null) yield* upkeepAndWake({ type: "turn.stall", threadId, turnId, silentMs })
      if (interrupt === null) return
      yield* upkeepAndWake({ type: "turn.interrupt", threadId, turnId, reason: interrupt })
    })

  const lookAtStart = (turn: StartingTurn, moment: Moment): Effect.Effect<void, WorkError, Engine | Wakeups> =>
    Effect.gen(function* () {
      const { sequence, threadId, turnId } = turn
      if (!isStartTimed(turn, turn.mode)) return
      const waitedMs = startOverdue(turn, limitsOf(turn.agent) ?? defaultLimits, moment)
      if (waitedMs === null) return
      yield* upkeepAndWake({ type: "turn.time-out-start", threadId, turnId, ifSequence: sequence, waitedMs })
    })

  const lookAtAfterEnd = (work: AfterEndWork, moment: Moment): Effect.Effect<void, WorkError, Engine | Wakeups> =>
    Effect.gen(function* () {
      const { threadId, threadSequence, turnId } = work
      const silentMs = afterEndOverdue(work, policy.afterEndMs, moment)
      if (silentMs === null) return
      yield* upkeepAndWake({
        type: "turn.settle-after-end",
        threadId,
        turnId,
        ifSequence: threadSequence,
        silentMs,
      })
    })

  const lookAtQuestion = (question: OpenQuestion, moment: Moment): Effect.Effect<void, WorkError, Engine | Wakeups> =>
    Effect.gen(function* () {
      const { requestId, threadId, turnId } = question
      const due = unattended(question, policy.unattended, moment)
      if (due === null) return
      if ("rule" in due) {
        yield* upkeepAndWake({ type: "request.follow-rule", threadId, requestId, rule: due.rule })
      } else if (due.action === "deny") {
        yield* upkeepAndWake({ type: "request.decline", threadId, requestId })
      } else {
        const reason = `unattended: nobody answered within ${due.afterMs} ms (reaper.unattended)`
        yield* upkeepAndWake({ type: "request.expire", threadId, requestId, reason })
        // The agent would wait for an answer that cannot come any more.
        if (turnId !== null) yield* upkeepAndWake({ type: "turn.interrupt", threadId, turnId, reason })
      }
    })

  /** Looks at each row, by the moment at which its page was read. */
  const lookAt = <Row, Key>(
    pages: Pages<Row, Key, WorkError>,
    nameOf: (row: Row) => string,
    task: (row: Row, moment: Moment) => Effect.Effect<void, WorkError, Engine | Wakeups>,
  ): Effect.Effect<void, WorkError, Engine | Wakeups> =>
    eachPage(pages, (rows) =>
      Effect.flatMap(suspends.moment, (moment) =>
        Effect.forEach(rows, (row) => alone(nameOf(row), task(row, moment)), { discard: true }),
      ),
    )

  const turns = lookAt<RunningTurn, string>(
    { read: (after) => projections.runningTurns(after, PAGE), keyOf: ({ threadId }) => threadId },
    ({ turnId }) => `turn ${turnId}`,
    lookAtTurn,
  )
  const starts = lookAt<StartingTurn, StartingTurn>(
    { read: (after) => projections.startingTurns(after, PAGE), keyOf: identity },
    ({ turnId }) => `turn ${turnId}`,
    lookAtStart,
  )
  const afterEnd = lookAt<AfterEndWork, string>(
    { read: (after) => projections.afterEndWork(after, PAGE), keyOf: ({ threadId }) => threadId },
    ({ turnId }) => `work after turn ${turnId}`,
    lookAtAfterEnd,
  )
  const questions = lookAt<OpenQuestion, OpenQuestion>(
    { read: (after) => projections.openQuestions(after, PAGE), keyOf: identity },
    ({ requestId }) => `request ${requestId}`,
    lookAtQuestion,
  )

  const look: WatchdogService["look"] = Effect.gen(function* () {
    yield* turns
    yield* starts
    if (policy.afterEndMs > 0) yield* afterEnd
    yield* questions
  }).pipe(
    Effect.catchAllCause((cause) => Effect.logWarning("a look of the watchdog failed", cause)),
    Effect.provide(context),
  )

  yield* Effect.forkScoped(
    Effect.forever(
      Effect.zipRight(
        Effect.suspend(() => suspends.pause(policy.watchMs)),
        look,
      ),
    ),
  )
  return Watchdog.of({ look })
})

export class Watchdog extends Context.Tag("@threadfold/orchestrator/Watchdog")<Watchdog, WatchdogService>() {
  /** Looks every few seconds for the life of the layer, by the current policy. */
  static readonly layer: Layer.Layer<
    Watchdog,
    never,
    Agents | Connections | CurrentReaperPolicy | Engine | HostSuspends | Projections | Recovery | Wakeups
  > = Layer.scoped(Watchdog, make)
}
