/**
 * What follows in a thread by itself, and when. The moment is found by asking the rules that decide about later ones: they are
 * monotone while nothing happens, so a search by halves finds the first.
 */
import type { ExplainFact } from "@threadfold/contracts"
import { Either } from "effect"
import { followUpOf, queueWaitsFor, settleMs } from "./followUp.js"
import type { Moment } from "./Moment.js"
import { decideSession, reaperReasons, type SessionVerdict } from "./reaper.js"
import { factOf, type OpenRequest, type ThreadFacts, turnPath } from "./ThreadFacts.js"
import { turnsThat } from "./turnPhase.js"
import { answerBy } from "./unattendedRules.js"
import { afterEndOverdue, decideTurn, isStartTimed, startOverdue, type UnattendedEnd, unattended } from "./watchdog.js"

/** How far ahead something is looked for, ms. */
const horizonMs = 400 * 86_400_000

/** What a rule answers, and when it first does. */
interface First<A> {
  /** ms since the epoch */
  readonly at: number
  readonly answer: A
}

/** The first moment from now on at which a rule has an answer; null: it has none within the horizon. Once it has one, it goes on to. */
const firstAnswer = <A>(moment: Moment, ask: (at: Moment) => A | null): First<A> | null => {
  const later = (ms: number) => ask({ ...moment, now: moment.now + ms })
  const present = ask(moment)
  if (present !== null) return { at: moment.now, answer: present }
  let answer = later(horizonMs)
  if (answer === null) return null
  let low = 0
  let high = horizonMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    const then = later(middle)
    if (then === null) low = middle
    else {
      high = middle
      answer = then
    }
  }
  return { at: moment.now + high, answer }
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
  const stays = (why: string) => [factOf("next", "queue-stays", `The queue does not go on by itself: ${why}.`, { row })]
  if (thread.deletedAt !== null) return stays("the thread is deleted")
  if (thread.agent === null) return stays("no agent of ours works in the thread")
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
  return stays("something in the thread has to end first")
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
  const stalls = firstAnswer(moment, (at) => decideTurn(known, at, policy).silentMs)
  const ends = firstAnswer(moment, (at) => decideTurn(known, at, policy).interrupt)
  return [
    ...(stalls === null
      ? []
      : [
          factOf("next", "turn-stalls", "The turn is shown as stalled, unless something is heard of it.", {
            row,
            at: stalls.at,
          }),
        ]),
    ...(ends === null
      ? []
      : [
          factOf("next", "turn-interrupted", `The watchdog interrupts the turn: ${ends.answer}.`, {
            row,
            at: ends.at,
          }),
        ]),
  ]
}

const startNext = ({ limits, starting }: ThreadFacts, moment: Moment): readonly ExplainFact[] =>
  starting.flatMap((turn) => {
    const fails = isStartTimed(turn, turn.mode) ? firstAnswer(moment, (at) => startOverdue(turn, limits, at)) : null
    return fails === null
      ? []
      : [
          factOf("next", "start-times-out", "The turn fails, cause `never-started`, unless it starts.", {
            row: turnPath(turn),
            at: fails.at,
          }),
        ]
  })

/** What ends a question that no person answers, in words, and why that does not happen; null: nothing is in its way. */
const endOf = (end: UnattendedEnd, question: OpenRequest): { readonly what: string; readonly not: string | null } => {
  const failed = question.lastError === null ? null : "an answer to it has failed"
  if ("rule" in end) {
    const { rule, threadId } = end
    const answer = answerBy(question, rule.action)
    const how = rule.action === "accept" ? "is accepted" : "is declined"
    return {
      what: `${how} by a rule of thread ${threadId}`,
      not: Either.isLeft(answer) ? answer.left : failed,
    }
  }
  if (end.action === "expire") return { what: "expires, and its turn is interrupted", not: null }
  const answer = answerBy(question, "decline")
  return { what: "is declined", not: Either.isLeft(answer) ? answer.left : failed }
}

const questionNext = ({ policy, requests, work: { session } }: ThreadFacts, moment: Moment): readonly ExplainFact[] =>
  requests.flatMap((request) => {
    if (session === null) return []
    const question = { ...request, mode: session.mode }
    const ends = firstAnswer(moment, (at) => unattended(question, policy.unattended, at))
    if (ends === null) return []
    const { not, what } = endOf(ends.answer, request)
    const row = `requests/${request.requestId}`
    return not === null
      ? [factOf("next", "request-unattended", `The question ${what}, unless a person answers.`, { row, at: ends.at })]
      : [
          factOf("next", "request-stays", `The question waits for a person. It is not so that it ${what}: ${not}.`, {
            row,
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
  const ends = firstAnswer(moment, (at) => afterEndOverdue(work, policy.afterEndMs, at))
  return ends === null
    ? []
    : [
        factOf("next", "after-end-settles", "The work after the turn's end is over, unless something is heard of it.", {
          row: "thread",
          at: ends.at,
        }),
      ]
}

const reasonWords = { ...reaperReasons.keep, ...reaperReasons.reap, ...reaperReasons.repair }
const wordsOf = ({ reason }: SessionVerdict): string => reasonWords[reason]

const reaperNext = ({ children, living, policy }: ThreadFacts, moment: Moment): readonly ExplainFact[] => {
  if (living === null) return []
  // Stryker disable next-line StringLiteral: every word but `gone` and `unknown` means the same.
  const verdictAt = (at: Moment) => decideSession({ session: living, liveness: "alive", children }, at, policy)
  const stopAt = (at: Moment) => {
    const verdict = verdictAt(at)
    return verdict.decision === "keep" ? null : verdict
  }
  const row = "session"
  const present = verdictAt(moment)
  const isKept = present.decision === "keep"
  const stop = firstAnswer(moment, stopAt)
  const unless = isKept ? ", unless something happens in the thread" : ""
  return [
    ...(isKept
      ? [factOf("next", `keep-${present.reason}`, `The reaper keeps the session: ${wordsOf(present)}`, { row })]
      : []),
    ...(stop === null
      ? []
      : [
          factOf(
            "next",
            `reap-${stop.answer.reason}`,
            `The reaper stops the session${unless}: ${wordsOf(stop.answer)}`,
            { row, at: stop.at },
          ),
        ]),
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
