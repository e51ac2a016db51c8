/**
 * The translator of Codex app-server messages, in both directions. For each line it reads the frame, finds the entry of the
 * method, opens the session that the line shows to be open, and records the facts of the entry. It keeps verbatim what it
 * cannot map, with the reason. It never throws and never drops a line.
 */

import { secretsOf } from "../../questions/portableAnswers.js"
import { keepBy, makeSource, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Message, readMessage } from "../../runtime/Message.js"
import { makeTranslator, readProcess } from "../../runtime/makeTranslator.js"
import {
  attempt,
  type Fields,
  hintFields,
  hintNumber,
  isFields,
  mayHaveId,
  mayHaveString,
  needArray,
  needFields,
  needString,
  needText,
  WrongShape,
} from "../../runtime/readFields.js"
import type { Fate, Translator, TranslatorOptions, WireLine } from "../../Translator.js"
import { makeConnection } from "./CodexConnection.js"
import type { CodexThread, OpenRequest, Target } from "./CodexThread.js"
import type { Call } from "./callAnswers.js"
import { clientNotificationEntry } from "./clientCalls.js"
import { makeClientLines } from "./clientLines.js"
import { questionsOf } from "./codexChoices.js"
import type { ServerNotificationMethod } from "./codexMethods.js"
import { opened, requestEntry, requestIds, resolvedEntries, unknownRequest } from "./codexRequests.js"
import { type Context, type Entry, kept, onThread } from "./Entry.js"
import { itemEntries, refusal } from "./itemEntries.js"
import { noticeEntries } from "./noticeEntries.js"
import { lostReviews, noteClosing, noteOpening, withReview } from "./openItems.js"
import { outcomeOf, readError, type Spawned } from "./readItem.js"
import { realtimeEntries } from "./realtimeEntries.js"
import { settleRewinds } from "./rewinds.js"
import { threadEntries } from "./threadEntries.js"

export type CodexTranslatorOptions = TranslatorOptions

/** Turns: start, end, plan and diff. A start waits for the answer to its call (`holdTurn`). */
const turnEntries = {
  "turn/started": onThread((params, { session, thread }) => {
    const turn = needFields(params, "turn")
    const turnId = needText(turn, "id")
    const rootTurnId = mayHaveId(turn, "rootTurnId")
    // An inner turn is part of the running turn. A review, for example, has an inner turn of the reviewer.
    if (rootTurnId !== undefined && rootTurnId !== turnId && rootTurnId === session.running) {
      session.inner.set(turnId, rootTurnId)
      return []
    }
    session.running = turnId
    const { compacting } = thread
    thread.compacting = null
    const accepted =
      compacting === null
        ? []
        : [fact("turn.accepted", {}, { threadId: thread.id, turnId, callId: compacting.callId }, compacting.turnId)]
    return [...accepted, fact("turn.started", {}, { threadId: thread.id, turnId })]
  }),

  "turn/completed": onThread((params, { session, thread }) => {
    const turn = needFields(params, "turn")
    const status = needText(turn, "status")
    // The status decides: a turn that is still in progress has not ended.
    if (status === "inProgress") return []
    const outcome = outcomeOf(status)
    if (outcome === undefined) throw new WrongShape(`turn.status: ${status} is no outcome known to this version`)
    const error = hintFields(turn, "error")
    if (session.inner.has(mayHaveId(turn, "id") ?? "")) return []
    // The end of a turn closes its items. A later delta of one of them must carry its kind again.
    session.known.clear()
    session.inner.clear()
    if (session.running === mayHaveId(turn, "id")) session.running = undefined
    return [
      ...lostReviews(thread.items).flatMap((review) => refusal(thread.id, review)),
      fact(
        "turn.completed",
        {
          outcome,
          error: error === undefined ? undefined : readError(error),
          durationMs: hintNumber(turn, "durationMs"),
        },
        { threadId: thread.id, turnId: mayHaveId(turn, "id") },
      ),
    ]
  }),

  "turn/plan/updated": onThread((params, { thread }) => [
    fact(
      "turn.plan.updated",
      {
        explanation: mayHaveString(params, "explanation") ?? undefined,
        steps: needArray(params, "plan").map((step) => {
          if (!isFields(step)) throw new WrongShape("plan: expected an array of steps")
          return { step: needString(step, "step"), status: needString(step, "status") }
        }),
      },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),

  "turn/diff/updated": onThread((params, { thread }) => [
    fact(
      "turn.diff.updated",
      { diff: needString(params, "diff") },
      { threadId: thread.id, turnId: mayHaveId(params, "turnId") },
    ),
  ]),

  "turn/moderationMetadata": kept("moderation details for the provider's own client"),
} as const satisfies Record<string, Entry>

/** What each notification of the server leads to. A method without an entry does not compile. */
export const notificationTable: { readonly [M in ServerNotificationMethod]: Entry } = {
  ...threadEntries,
  ...turnEntries,
  ...itemEntries,
  ...resolvedEntries,
  ...realtimeEntries,
  ...noticeEntries,
}

const notificationEntries: ReadonlyMap<string, Entry> = new Map(Object.entries(notificationTable))

const nativeThreadIdOf = (params: Fields): string | undefined =>
  mayHaveId(params, "threadId") ?? mayHaveId(hintFields(params, "thread") ?? {}, "id")

/** A fact of an inner turn (for example a reviewer's) becomes a fact of the turn around it. */
const underItsTurn = (thread: CodexThread | null, what: Fact): Fact => {
  const turnId = thread?.session?.inner.get(what.native?.turnId ?? "")
  return turnId === undefined ? what : { ...what, native: { ...what.native, turnId } }
}

export const makeCodexTranslator = (options: CodexTranslatorOptions): Translator => {
  const connection = makeConnection(options)
  const imported = options.mode === "imported"
  const recordsClient = options.recordsClient ?? imported
  const calls = new Map<string, Call>()
  const requests = new Map<string, OpenRequest>()

  const keep = keepBy(connection.record)

  const threadTarget = (source: Source, nativeThreadId: string, described = false): Target => {
    const thread = connection.thread(nativeThreadId)
    const resumed = described ? { resumed: false } : {}
    return connection.targetOf(thread, connection.session(source, thread, { ...resumed, described }))
  }

  /** The open session of the thread that a message names. The connection where there is none. */
  const openTarget = (nativeThreadId: string | undefined): Target => {
    const thread = nativeThreadId === undefined ? undefined : connection.thread(nativeThreadId)
    return thread?.session ? connection.targetOf(thread, thread.session) : connection.target
  }

  const opens = (entry: Entry | undefined, params: Fields): boolean => {
    if (entry === undefined || entry.on === "any") return true
    return entry.on === "kept" ? entry.opens : entry.opens(params)
  }

  const factsOf = (entry: Entry, params: Fields, where: Target, context: Context): readonly Fact[] => {
    if (entry.on === "any") return entry.map(params, where.thread?.id)
    const session = where.thread?.session
    if (entry.on === "kept" || !where.thread || !session) return []
    return entry.map(params, { thread: where.thread, session }, context)
  }

  /** Notes that a user message was repeated in a turn before its call was answered. */
  const noteEcho = (thread: CodexThread, { native }: Fact): void => {
    const clientId = native?.clientId
    if (clientId === undefined || thread.unansweredStarts.size === 0 || connection.heldTurn(thread) !== undefined)
      return
    const isAwaited = [...thread.unansweredStarts].some(
      (callId) => calls.get(callId)?.params.clientUserMessageId === clientId,
    )
    if (isAwaited) thread.echoed.add(clientId)
  }

  const notification = (source: Source, method: string, params: Fields): Fate => {
    const entry = notificationEntries.get(method)
    const named = attempt(() => nativeThreadIdOf(params))
    if ("problem" in named) {
      return keep(source, connection.target, { method, known: entry !== undefined, problem: named.problem })
    }
    const id = named.value
    const where =
      id !== undefined && !connection.isDetached(id) && opens(entry, params)
        ? threadTarget(source, id, method === "thread/started")
        : openTarget(id)
    const native = id === undefined ? undefined : { threadId: id }
    if (entry === undefined) return keep(source, where, { method, known: false }, "agent", native)
    if (entry.on === "thread" && id === undefined) {
      return keep(source, where, { method, known: true, problem: "threadId: expected a text" })
    }
    const children: Spawned[] = []
    const context: Context = {
      version: connection.version(),
      requests,
      spawned: (shown) => children.push(...shown),
    }
    const items = where.thread?.items
    if (items !== undefined) noteOpening(items, method, params)
    const facts = attempt(() =>
      factsOf(entry, params, where, context).map((what) => (items === undefined ? what : withReview(items, what))),
    )
    if (items !== undefined) noteClosing(items, method, params)
    if ("problem" in facts) {
      return keep(source, where, { method, known: true, problem: facts.problem }, "agent", native)
    }
    if (facts.value.length === 0) return keep(source, where, { method, known: true }, "agent", native)
    for (const next of facts.value.map((what) => underItsTurn(where.thread, what))) {
      if (next.type === "turn.started" && where.thread !== null) settleRewinds(where.thread.rewinds)
      if (next.type === "turn.started" && where.thread !== null && next.native?.turnId !== undefined) {
        connection.holdTurn(source, where.thread, next.native.turnId)
      }
      if (where.thread !== null) noteEcho(where.thread, next)
      connection.record(source, where, next)
    }
    if (where.thread !== null) connection.spawned(source, where.thread, children)
    return "mapped"
  }

  const serverRequest = (source: Source, requestId: string, method: string, params: Fields): Fate => {
    const entry = requestEntry(method)
    const ids = attempt(() => requestIds(params))
    if ("problem" in ids) {
      return keep(source, connection.target, { method, known: entry !== unknownRequest, problem: ids.problem })
    }
    const native = ids.value
    const where =
      native.threadId === undefined || connection.isDetached(native.threadId)
        ? openTarget(native.threadId)
        : threadTarget(source, native.threadId)
    const secrets = secretsOf(questionsOf(method, params))
    requests.set(requestId, { method, userInput: entry.userInput, target: where, native, params, secrets })
    connection.record(source, where, opened(method, entry, requestId, params, native, where.thread?.items))
    return "mapped"
  }

  const client = makeClientLines({
    connection,
    calls,
    requests,
    keep,
    threadTarget,
    openTarget,
    recordsClient,
    imported,
  })

  const message = (line: WireLine, read: Message): Fate => {
    const sent = line.dir === "send"
    const emittedAt = !sent && read.kind === "notification" ? read.emittedAtMs : undefined
    const source = makeSource(line.at, emittedAt ?? line.at, line.raw)
    if (!connection.isOpen()) connection.open(source)
    switch (read.kind) {
      case "malformed": {
        const unmapped = { method: read.method, known: false, problem: read.problem }
        return keep(source, connection.target, unmapped, sent ? "client" : "agent")
      }
      case "notification":
        if (!sent) return notification(source, read.method, read.params)
        return keep(
          source,
          connection.target,
          { method: read.method, known: clientNotificationEntry(read.method) !== undefined },
          "client",
        )
      case "request":
        return sent
          ? client.call(source, read.id, read.method, read.params, line.turnId)
          : serverRequest(source, read.id, read.method, read.params)
      case "response":
        return sent ? client.answer(source, read.id, read.answer) : client.answered(source, read.id, read.answer)
    }
  }

  const forgetProcess = (): void => {
    connection.forgetProcess()
    calls.clear()
    requests.clear()
  }

  return makeTranslator({
    connection,
    message: (line) => message(line, readMessage(line.message)),
    keep: (source, unmapped) => keep(source, connection.target, unmapped),
    processOf: readProcess,
    forgetProcess,
  })
}
