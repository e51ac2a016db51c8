/**
 * What follows in a thread by itself, and when. The moment is found by asking the rules that decide about later ones: they are
 * monotone while nothing happens, so a search by halves finds the first.
 */
import type { ExplainFact } from "@threadfold/contracts"
import { followUpOf, queueWaitsFor, settleMs } from "./followUp.js"
import type { Moment } from "./Moment.js"
import { decideSession, reaperReasons, type SessionVerdict } from "./reaper.js"
import { factOf, type ThreadFacts, turnPath } from "./ThreadFacts.js"
import { turnsThat } from "./turnPhase.js"
import { afterEndOverdue, decideTurn, isStartTimed, startOverdue, unattended } from "./watchdog.js"

/** How far ahead something is looked for, ms. */
const horizonMs = 400 * 86_400_000

/** The first moment from now on at which something holds, ms since the epoch, or null. What holds goes on to hold. */
const firstTime = (moment: Moment, holds: (at: Moment) => boolean): number | null => {
  const later = (ms: number): Moment => ({ ...moment, now: moment.now + ms })
  if (holds(moment)) return moment.now
  if (!holds(later(horizonMs))) return null
  let low = 0
  let high = horizonMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(later(middle))) high = middle
    else low = middle
  }
  return moment.now + high
}

const queueFacts = ({ effects, work }: ThreadFacts): readonly ExplainFact[] => {
  const { session, thread, turns } = work
  if (thread.queued === 0) return []
  const row = "thread"
  const { drains } = followUpOf(work)
  if (drains && !queueWaitsFor(effects)) {
    return [factOf("next", "queue-drains", "The next message of the queue becomes a turn, at once.", { row })]
  }
  if (thread.queueHeld === 1) {
    return [factOf("next", "queue-stays", "The queue stays as it is until a person lets it run.", { row })]
  }
  const [holder] = turnsThat("holdsQueue", turns, session)
  if (holder !== undefined) {
    return [
      factOf("next", "queue-waits", "The next message goes when this turn is over for good.", {
        row: turnPath(holder),
      }),
    ]
  }
  if (drains)
    return [factOf("next", "queue-waits", "The next message goes when an open call to the agent has ended.", { row })]
  const why =
    thread.agent === null ? "no agent of ours works in the thread" : "something in the thread has to end first"
  return [factOf("next", "queue-stays", `The queue does not go on by itself: ${why}.`, { row })]
}

const turnNext = (facts: ThreadFacts, moment: Moment): readonly ExplainFact[] => {
  const { limits, policy, waits, work } = facts
  const { session, thread, turns } = work
  const running = turns.find(({ status }) => status === "running")
  if (running === undefined || session === null) return []
  const turn = {
    threadId: thread.threadId,
    turnId: running.turnId,
    mode: session.mode,
    agent: thread.agent,
    startedAt: running.startedAt,
    lastActivityAt: session.lastActivityAt,
    stalled: running.stalled,
    interruptRequestedAt: running.interruptRequestedAt,
    openRequests: thread.openRequests,
  }
  const known = { turn, limits: thread.agent === null ? null : limits, retriesSince: null, waits, sleeps: [] }
  const row = turnPath(running)
  const stallsAt = firstTime(moment, (at) => decideTurn(known, at, policy).silentMs !== null)
  const endsAt = firstTime(moment, (at) => decideTurn(known, at, policy).interrupt !== null)
  const reason = endsAt === null ? null : decideTurn(known, { ...moment, now: endsAt }, policy).interrupt
  return [
    ...(stallsAt === null
      ? []
      : [
          factOf("next", "turn-stalls", "The turn is shown as stalled, unless something is heard of it.", {
            row,
            at: stallsAt,
          }),
        ]),
    ...(endsAt === null
      ? []
      : [factOf("next", "turn-interrupted", `The watchdog interrupts the turn: ${reason}.`, { row, at: endsAt })]),
  ]
}

const startNext = ({ limits, starting }: ThreadFacts, moment: Moment): readonly ExplainFact[] =>
  starting.flatMap((turn) => {
    const at = isStartTimed(turn, turn.mode)
      ? firstTime(moment, (later) => startOverdue(turn, limits, later) !== null)
      : null
    return at === null
      ? []
      : [
          factOf("next", "start-times-out", "The turn fails, cause `never-started`, unless it starts.", {
            row: turnPath(turn),
            at,
          }),
        ]
  })

const questionNext = ({ policy, requests, work: { session } }: ThreadFacts, moment: Moment): readonly ExplainFact[] =>
  requests.flatMap(({ openedAt, requestId, status }) => {
    if (session === null) return []
    const question = { openedAt, status, mode: session.mode }
    const at = firstTime(moment, (later) => unattended(question, policy.unattended, later) !== null)
    if (at === null) return []
    const what = policy.unattended.action === "deny" ? "is declined" : "expires, and its turn is interrupted"
    return [
      factOf("next", "request-unattended", `The question ${what}, unless a person answers.`, {
        row: `requests/${requestId}`,
        at,
      }),
    ]
  })

const settleNext = ({ work }: ThreadFacts): readonly ExplainFact[] =>
  followUpOf(work).settles.map((turn) => {
    const at = turn.endedAt === null ? null : turn.endedAt + settleMs
    return factOf("next", "turn-settles", "The inferred end of the turn becomes final.", { row: turnPath(turn), at })
  })

const afterEndNext = ({ policy, work: { session, thread } }: ThreadFacts, moment: Moment): readonly ExplainFact[] => {
  if (session === null || thread.afterEndItems === 0) return []
  const work = { lastActivityAt: thread.lastActivityAt, mode: session.mode, openRequests: thread.openRequests }
  const at = firstTime(moment, (later) => afterEndOverdue(work, policy.afterEndMs, later) !== null)
  return at === null
    ? []
    : [
        factOf("next", "after-end-settles", "The work after the turn's end is over, unless something is heard of it.", {
          row: "thread",
          at,
        }),
      ]
}

const wordsOf = (verdict: SessionVerdict): string =>
  verdict.decision === "keep"
    ? reaperReasons.keep[verdict.reason]
    : verdict.decision === "reap"
      ? reaperReasons.reap[verdict.reason]
      : reaperReasons.repair[verdict.reason]

const reaperNext = ({ children, living, policy }: ThreadFacts, moment: Moment): readonly ExplainFact[] => {
  if (living === null) return []
  const verdictAt = (at: Moment) => decideSession({ session: living, liveness: "alive", children }, at, policy)
  const present = verdictAt(moment)
  const row = "session"
  if (present.decision !== "keep") {
    return [
      factOf("next", `reap-${present.reason}`, `The reaper stops the session: ${wordsOf(present)}`, {
        row,
        at: moment.now,
      }),
    ]
  }
  const kept = factOf("next", `keep-${present.reason}`, `The reaper keeps the session: ${wordsOf(present)}`, { row })
  const at = firstTime(moment, (later) => verdictAt(later).decision !== "keep")
  if (at === null) return [kept]
  const then = verdictAt({ ...moment, now: at })
  return [
    kept,
    factOf(
      "next",
      `reap-${then.reason}`,
      `The reaper stops the session, unless something happens in the thread: ${wordsOf(then)}`,
      { row, at },
    ),
  ]
}

/** What follows by itself, if nothing happens before. */
export const nextFacts = (facts: ThreadFacts, moment: Moment): readonly ExplainFact[] => [
  ...settleNext(facts),
  ...queueFacts(facts),
  ...startNext(facts, moment),
  ...turnNext(facts, moment),
  ...questionNext(facts, moment),
  ...afterEndNext(facts, moment),
  ...reaperNext(facts, moment),
]
