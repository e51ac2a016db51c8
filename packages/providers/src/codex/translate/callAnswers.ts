/** Answers to the client's calls that become facts: of calls that open a session, start a turn, take turns back, and so on. */
import type { ProviderError } from "@threadfold/contracts"
import type { Source } from "../../runtime/Draft.js"
import { fact, omitUndefined } from "../../runtime/Fact.js"
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
import { joinedFacts } from "./joinedTurn.js"
import { listedAfterRewind, rewindAnswer } from "./rewinds.js"
import { configuration, describe, readThread } from "./threadEntries.js"

/** The error of a refused call. `code` is the JSON-RPC code, as text. */
const callError = (answer: Extract<Answer, { ok: false }>): ProviderError =>
  omitUndefined({ message: answer.message, code: answer.code?.toString() })

/** A call of the client that waits for its answer. */
export interface Call {
  /** JSON text of its id. */
  readonly id: string
  readonly method: string
  /** Where it was recorded. */
  readonly target: Target
  /** The thread that it names, whether or not that has a session. */
  readonly nativeThreadId: string | undefined
  /** On a live connection, our id of the turn that it asks for. */
  readonly turnId: string | undefined
  readonly params: Fields
  /** True: the client's calls are evidence here, as in a recording. */
  readonly isEvidence: boolean
  /** True once an event recorded the call. Then a refusal is recorded, too. */
  isRecorded: boolean
}

type Answering = (connection: Connection, source: Source, call: Call, answer: Answer) => boolean

const resultOf = (result: unknown): Fields => {
  if (isFields(result)) return result
  throw new WrongShape("result: expected an object")
}

/** Reads the server's version from `userAgent`, which has the form `name/1.2.3 (…)`. */
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

/** Records the answer to a call that starts a turn. It goes before the held start of that turn. */
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
  // A message that was repeated in a turn belongs to that turn, whichever turn the answer names.
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
 * The answer to a detached review, which runs in a thread of its own. That thread becomes a child of the thread that the call
 * names, and the requested turn belongs to the child.
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
  // The child's turn may have started already. Otherwise its start is held for this answer or comes later.
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

/** The answer to a review. An inline review is a turn of its thread; a detached one is a turn of a thread of its own. */
const reviewStarted: Answering = (connection, source, call, answer) => {
  const { thread } = call.target
  // A review of ours is a turn that we asked for.
  if (thread !== null && call.turnId !== undefined) return turnStarted(connection, source, call, answer)
  if (thread === null || !call.isEvidence) return false
  const reviewThreadId = answer.ok ? mayHaveId(resultOf(answer.result), "reviewThreadId") : undefined
  if (reviewThreadId !== undefined && reviewThreadId !== thread.id) {
    return reviewDetached(connection, source, call, answer, reviewThreadId)
  }
  return call.isRecorded && turnStarted(connection, source, call, answer)
}

/**
 * The answer to a compaction that is a turn of ours. It names no turn: the next one that starts is the one, also where its start came
 * first.
 */
const compactionStarted: Answering = (connection, source, call, answer) => {
  const { thread } = call.target
  if (thread === null || call.turnId === undefined || answer.ok) return false
  if (thread.compacting?.callId === call.id) thread.compacting = null
  const native = { threadId: thread.id, callId: call.id }
  const failed = fact("turn.start-failed", { error: callError(answer) }, native, call.turnId)
  connection.record(source, call.target, failed, "client")
  return true
}

/** Records the refusal of a recorded call that no other mapping has handled: a steer, an interrupt, a session's start. */
const refused: Answering = (connection, source, call, answer) => {
  const isRecorded = call.isRecorded || (call.isEvidence && call.method === "review/start")
  if (answer.ok || !isRecorded || call.target.thread === null) return false
  const turnId = hintText(call.params, "expectedTurnId") ?? hintText(call.params, "turnId")
  const native = { threadId: call.nativeThreadId, turnId, callId: call.id }
  const failed = fact("effect.failed", { effect: call.method, message: answer.message }, native)
  connection.record(source, call.target, failed, "client")
  return true
}

/** Ends the session of a thread that the client unsubscribed from, because Codex sends no more of its messages. */
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

/** The open session of the thread that a call names. Null: it has none. */
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
  ["thread/compact/start", compactionStarted],
  ["thread/realtime/start", voiceStarted],
])

/** Records the facts of an answer. False: it has none. */
export const answerCall: Answering = (connection, source, call, answer) =>
  (answerings.get(call.method)?.(connection, source, call, answer) ?? false) ||
  refused(connection, source, call, answer)
