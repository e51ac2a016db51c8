/** The answers that mean something to the fold: of the calls that open a session, start a turn, or start a voice run. */

import type { Source } from "../../runtime/Draft.js"
import { fact } from "../../runtime/Fact.js"
import type { Answer } from "../../runtime/Message.js"
import {
  type Fields,
  hintText,
  isFields,
  mayHaveId,
  needFields,
  needText,
  WrongShape,
} from "../../runtime/readFields.js"
import type { Connection } from "./CodexConnection.js"
import type { CodexThread, Target } from "./CodexThread.js"
import { reviewText } from "./clientCalls.js"
import { callError } from "./codexErrors.js"
import { joinedFacts } from "./joinedTurn.js"
import { listedAfterRewind, rewindAnswer } from "./rewinds.js"
import { configuration, describe, readThread } from "./threadEntries.js"

/** A call of the client that waits for its answer. */
export interface Call {
  /** JSON text of its id. */
  readonly id: string
  readonly method: string
  /** Where it was recorded. */
  readonly target: Target
  /** The thread that it names, with a session or without. */
  readonly nativeThreadId: string | undefined
  /** Our id of the turn that it asks for, on a live connection. */
  readonly turnId: string | undefined
  readonly params: Fields
  /** True: what the client asks is evidence here, as in a recording. */
  readonly isEvidence: boolean
  /** True once an event told that it was made: then an event tells that it was refused. */
  told: boolean
}

type Answering = (connection: Connection, source: Source, call: Call, answer: Answer) => boolean

const resultOf = (result: unknown): Fields => {
  if (isFields(result)) return result
  throw new WrongShape("result: expected an object")
}

/** `userAgent` reads `name/1.2.3 (…)`: the version of the server that answers. */
const initialized: Answering = (connection, _, __, answer) => {
  const userAgent = answer.ok && isFields(answer.result) ? hintText(answer.result, "userAgent") : undefined
  const version = userAgent === undefined ? undefined : /^[^/]*\/(\S+)/.exec(userAgent)?.[1]
  if (version !== undefined) connection.setVersion(version)
  return false
}

const threadOpened =
  (resumed: boolean): Answering =>
  (connection, source, call, answer) => {
    if (call.nativeThreadId !== undefined) {
      const asked = connection.thread(call.nativeThreadId)
      asked.unansweredResumes.delete(call.id)
      if (resumed && !answer.ok) asked.isRefused = true
    }
    if (!answer.ok) return false
    const result = resultOf(answer.result)
    const view = readThread(needFields(result, "thread"))
    const thread = connection.thread(view.id)
    thread.detached = false
    const hints = { resumed, nativeSessionId: view.nativeSessionId, described: true }
    const session = connection.session(source, thread, hints)
    const where = connection.targetOf(thread, session)
    for (const next of describe(thread, session, view)) connection.record(source, where, next)
    connection.record(source, where, configuration(result, thread.id, connection.version()))
    if (resumed) for (const next of joinedFacts(thread, session, result)) connection.record(source, where, next)
    return true
  }

/** The answer comes before what it answers for: only then does the thread's held start follow. */
const turnAnswered = (
  connection: Connection,
  source: Source,
  call: Call,
  answer: Answer,
  thread: CodexThread,
): string | undefined => {
  const native = { threadId: thread.id, callId: call.id }
  if (!answer.ok) {
    const failed = fact("turn.start-failed", { error: callError(answer) }, native, call.turnId)
    connection.recordNow(source, call.target, failed, "client")
    return undefined
  }
  const turnId = needText(needFields(resultOf(answer.result), "turn"), "id")
  connection.recordNow(source, call.target, fact("turn.accepted", {}, { ...native, turnId }, call.turnId))
  thread.acceptedTurns.add(turnId)
  if (thread.session !== null) thread.session.running ??= turnId
  return turnId
}

const turnStarted: Answering = (connection, source, call, answer) => {
  const { thread } = call.target
  if (thread === null) return false
  thread.unansweredStarts.delete(call.id)
  // The message was repeated in a turn: that says more than any turn that the answer names.
  const isEchoed = thread.echoed.delete(hintText(call.params, "clientUserMessageId") ?? "") && answer.ok
  let turnId: string | undefined
  try {
    if (!isEchoed) turnId = turnAnswered(connection, source, call, answer, thread)
  } finally {
    if (thread.unansweredStarts.size === 0) thread.echoed.clear()
    if (thread.unansweredStarts.size === 0 || turnId === connection.heldTurn(thread)) connection.letGo(thread)
  }
  return !isEchoed
}

/**
 * A review that runs in a thread of its own: the answer names it, which makes it a child of the thread that was asked. The turn
 * that was asked for is the child's.
 */
const reviewDetached = (
  connection: Connection,
  source: Source,
  call: Call,
  answer: Answer,
  reviewThreadId: string,
): boolean => {
  const { thread: parent } = call.target
  if (parent === null) return false
  const text = reviewText(call.params)
  const child = connection.thread(reviewThreadId)
  connection.spawned(source, parent, [{ id: reviewThreadId, name: text, started: true, isThere: true }])
  if (child.session === null) return false
  const where = connection.targetOf(child, child.session)
  const native = { threadId: child.id, callId: call.id }
  // Its start was held for the answer, or comes later: one that has been told needs none.
  if (child.session.running === undefined || connection.heldTurn(child) !== undefined) {
    connection.recordNow(
      source,
      where,
      fact("turn.requested", { text, origin: "import", handedOver: true }, native),
      "client",
    )
    turnAnswered(connection, source, { ...call, target: where }, answer, child)
  }
  return true
}

/** A review is a turn of its thread, whose items begin it, or the turn of a thread of its own. */
const reviewStarted: Answering = (connection, source, call, answer) => {
  const { thread } = call.target
  if (thread === null || !call.isEvidence) return false
  const reviewThreadId = answer.ok ? mayHaveId(resultOf(answer.result), "reviewThreadId") : undefined
  if (reviewThreadId !== undefined && reviewThreadId !== thread.id) {
    return reviewDetached(connection, source, call, answer, reviewThreadId)
  }
  return call.told && turnStarted(connection, source, call, answer)
}

/** A call that was told of and is refused: a steer, an interrupt, a session's start. What it led to, if anything, is told above. */
const refused: Answering = (connection, source, call, answer) => {
  const isTold = call.told || (call.isEvidence && call.method === "review/start")
  if (answer.ok || !isTold || call.target.thread === null) return false
  const turnId = hintText(call.params, "expectedTurnId") ?? hintText(call.params, "turnId")
  const native = { threadId: call.nativeThreadId, turnId, callId: call.id }
  const failed = fact("effect.failed", { effect: call.method, message: answer.message }, native)
  connection.record(source, call.target, failed, "client")
  return true
}

/** Nothing more is heard of a thread that the client let go of; for us its session is over, loaded or not. */
const unsubscribed: Answering = (connection, source, call, answer) => {
  if (!answer.ok || call.nativeThreadId === undefined) return false
  const thread = connection.thread(call.nativeThreadId)
  thread.detached = true
  if (thread.session === null) return false
  const reason = hintText(resultOf(answer.result), "status") === "notLoaded" ? "unloaded" : "detached"
  const where = connection.targetOf(thread, thread.session)
  connection.letGo(thread)
  connection.record(source, where, fact("session.exited", { reason }, { threadId: thread.id, callId: call.id }))
  return true
}

const voiceStarted: Answering = (connection, source, call, answer) => {
  if (answer.ok || call.target.thread === null) return false
  const native = { threadId: call.target.thread.id, callId: call.id }
  connection.record(source, call.target, fact("realtime.failed", { message: answer.message }, native), "client")
  return true
}

/** Where what an answer says of the thread of its call belongs; null: the thread has no open session. */
const whereOf = (
  connection: Connection,
  { nativeThreadId }: Call,
): (Target & { readonly thread: CodexThread }) | null => {
  const thread = nativeThreadId === undefined ? null : connection.thread(nativeThreadId)
  return thread === null || thread.session === null ? null : { ...connection.targetOf(thread, thread.session), thread }
}

const turnsTakenBack: Answering = (connection, source, call, answer) => {
  const where = whereOf(connection, call)
  if (where === null) return false
  const { id, rewinds } = where.thread
  const rewound = rewindAnswer(rewinds, call.id, id, answer.ok && isFields(answer.result) ? answer.result : null)
  if (rewound !== null) connection.record(source, where, rewound)
  return rewound !== null
}

const turnsListed: Answering = (connection, source, call, answer) => {
  const where = whereOf(connection, call)
  if (where === null || !answer.ok || !isFields(answer.result)) return false
  const rewound = listedAfterRewind(where.thread.rewinds, where.thread.id, call, answer.result)
  if (rewound !== null) connection.record(source, where, rewound)
  return rewound !== null
}

const resumed: Answering = (connection, source, call, answer) => {
  const opened = threadOpened(true)(connection, source, call, answer)
  return turnsListed(connection, source, call, answer) || opened
}

const answerings: ReadonlyMap<string, Answering> = new Map([
  ["initialize", initialized],
  ["thread/start", threadOpened(false)],
  ["thread/resume", resumed],
  ["thread/revert", turnsTakenBack],
  ["thread/rollback", turnsTakenBack],
  ["thread/turns/list", turnsListed],
  ["thread/read", turnsListed],
  ["thread/fork", threadOpened(false)],
  ["thread/unsubscribe", unsubscribed],
  ["turn/start", turnStarted],
  ["review/start", reviewStarted],
  ["thread/realtime/start", voiceStarted],
])

/** Records what an answer means. False: nothing to the fold. */
export const answerCall: Answering = (connection, source, call, answer) =>
  (answerings.get(call.method)?.(connection, source, call, answer) ?? false) ||
  refused(connection, source, call, answer)
