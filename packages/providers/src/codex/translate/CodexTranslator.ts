/**
 * The translator of Codex app-server messages, in both directions. For each line it reads the frame, finds the entry of the
 * method, opens the session that the line shows to be open, and records the facts of the entry. It keeps verbatim what it
 * cannot map, with the reason. It never throws and never drops a line.
 */

import { secretsOf } from "../../questions/portableAnswers.js"
import { keepBy, makeSource, type Source } from "../../runtime/Draft.js"
import type { Fact } from "../../runtime/Fact.js"
import { type Answer, type Message, readMessage } from "../../runtime/Message.js"
import { makeTranslator, readProcess } from "../../runtime/makeTranslator.js"
import { attempt, type Fields, hintFields, mayHaveId } from "../../runtime/readFields.js"
import type { Fate, Translator, TranslatorOptions, WireLine } from "../../Translator.js"
import { makeConnection } from "./CodexConnection.js"
import type { CodexThread, OpenRequest, Target } from "./CodexThread.js"
import { answerCall, type Call } from "./callAnswers.js"
import { type ClientEntry, callEntry, clientNotificationEntry } from "./clientCalls.js"
import { questionsOf } from "./codexChoices.js"
import type { ServerNotificationMethod } from "./codexMethods.js"
import { answered, opened, requestEntry, requestIds, resolvedEntries, unknownRequest } from "./codexRequests.js"
import type { Context, Entry } from "./Entry.js"
import { itemEntries } from "./itemEntries.js"
import { noticeEntries } from "./noticeEntries.js"
import { noteClosing, noteOpening, withReview } from "./openItems.js"
import type { Spawned } from "./readItem.js"
import { realtimeEntries } from "./realtimeEntries.js"
import { noteRewind, settleRewinds } from "./rewinds.js"
import { threadEntries } from "./threadEntries.js"
import { turnEntries } from "./turnEntries.js"

export type CodexTranslatorOptions = TranslatorOptions

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

/** Whether the answer to a call names a turn of the thread that the call names. */
const startsTurn = (method: string, params: Fields): boolean =>
  method === "turn/start" || (method === "review/start" && params.delivery !== "detached")

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

  /**
   * Where a call belongs. A call about a thread that has no session yet shows that the thread is loaded: the recording begins
   * in the middle, or another client of the server has loaded the thread.
   */
  const callTarget = (source: Source, entry: ClientEntry | undefined, id: string | undefined): Target => {
    const where = openTarget(id)
    if (where.thread !== null || id === undefined || !recordsClient) return where
    if (entry?.on !== "call" || !entry.needsSession || connection.isDetached(id)) return where
    const { isRefused, sessions, unansweredResumes } = connection.thread(id)
    const mayBeLoaded = unansweredResumes.size > 0 || (sessions === 0 && !isRefused)
    return mayBeLoaded ? threadTarget(source, id) : where
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

  const clientAnswer = (source: Source, requestId: string, answer: Answer): Fate => {
    const request = requests.get(requestId)
    if (request === undefined) {
      const problem = "answers no request that was seen"
      return keep(source, connection.target, { method: "response", known: true, problem }, "client", { requestId })
    }
    if (!recordsClient) {
      const native = { ...request.native, requestId }
      return keep(source, request.target, { method: `response:${request.method}`, known: true }, "client", native)
    }
    connection.record(source, request.target, answered(requestId, request, answer), "client")
    return "mapped"
  }

  /** Notes what later answers and notifications depend on, whether or not the call itself is recorded. */
  const noteCall = (call: Call): void => {
    const { id: callId, method, target: where, nativeThreadId, params } = call
    calls.set(callId, call)
    if (startsTurn(method, params) && where.thread !== null) where.thread.unansweredStarts.add(callId)
    if (method === "thread/resume" && nativeThreadId !== undefined) {
      connection.thread(nativeThreadId).unansweredResumes.add(callId)
    }
    if (nativeThreadId !== undefined) noteRewind(connection.thread(nativeThreadId).rewinds, callId, method, params)
    if (method === "thread/realtime/start" && where.thread !== null) {
      where.thread.voice.clientRoutes = params.clientManagedHandoffs === true
    }
  }

  const clientCall = (source: Source, callId: string, method: string, params: Fields, turnId?: string): Fate => {
    const entry = callEntry(method)
    const named = attempt(() => mayHaveId(params, "threadId"))
    const id = "value" in named ? named.value : undefined
    // A fork names its source, but opens a session of a thread that does not exist yet.
    const where = method === "thread/fork" ? connection.target : callTarget(source, entry, id)
    const native = { threadId: id, callId }
    const call: Call = {
      id: callId,
      method,
      target: where,
      nativeThreadId: id,
      turnId,
      params,
      isEvidence: recordsClient,
      isRecorded: false,
    }
    noteCall(call)
    if (entry === undefined) return keep(source, where, { method, known: false }, "client", native)
    if ("problem" in named) {
      return keep(source, where, { method, known: true, problem: named.problem }, "client", native)
    }
    if (entry.on === "kept" || !recordsClient) return keep(source, where, { method, known: true }, "client", native)
    if (entry.needsSession && where.thread === null) {
      const problem = "names no thread with an open session"
      return keep(source, where, { method, known: true, problem }, "client", native)
    }
    const mapped = attempt(() => entry.map(params, callId, id, imported))
    if ("problem" in mapped) {
      return keep(source, where, { method, known: true, problem: mapped.problem }, "client", native)
    }
    if (mapped.value === null) return keep(source, where, { method, known: true }, "client", native)
    connection.record(source, where, mapped.value, "client")
    call.isRecorded = true
    return "mapped"
  }

  const serverAnswer = (source: Source, callId: string, answer: Answer): Fate => {
    const call = calls.get(callId)
    if (call === undefined) {
      const problem = "answers no call that was seen"
      return keep(source, connection.target, { method: "response", known: true, problem }, "agent", { callId })
    }
    calls.delete(callId)
    const mapped = attempt(() => answerCall(connection, source, call, answer))
    if ("value" in mapped && mapped.value) return "mapped"
    const problem = "problem" in mapped ? { problem: mapped.problem } : {}
    const native = { threadId: call.target.thread?.id, callId }
    return keep(source, call.target, { method: `response:${call.method}`, known: true, ...problem }, "agent", native)
  }

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
          ? clientCall(source, read.id, read.method, read.params, line.turnId)
          : serverRequest(source, read.id, read.method, read.params)
      case "response":
        return sent ? clientAnswer(source, read.id, read.answer) : serverAnswer(source, read.id, read.answer)
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
