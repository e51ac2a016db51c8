/**
 * The wire oracle: derives from the wire alone what an import of Codex app-server recordings must lead to. It shares no code with
 * the fold or the translator on purpose: a fault in shared code would stay unseen.
 *
 * It is exact for the messages that Codex really sends, cut at any place. It is not made for orders of messages that Codex never
 * sends.
 */
import type { TurnOutcome } from "@threadfold/contracts"
import { newItem, noteDelta, noteJoined, typeOfDelta } from "./ItemNotes.js"
import type { OracleExpectation } from "./OracleExpectation.js"
import { newRequest, noteAnswer } from "./RequestNotes.js"
import { newestLeft, readRewind } from "./RewindNotes.js"
import { get, list, readWire, text, type WireEntry } from "./readWire.js"
import {
  conclude,
  endSession,
  endTurn,
  endWorkAfterEnd,
  hasWorkAfterEnd,
  isOver,
  newThread,
  noteAccepted,
  noteAfterEnd,
  noteResolved,
  noteRewind,
  noteTotal,
  noteTurnWord,
  noteWords,
  openSession,
  openTurn,
  rejoinTurn,
  runningTurn,
  type ThreadNotes,
  turnOfFirstWord,
} from "./ThreadNotes.js"
import { readTotal } from "./UsageNotes.js"
import { noteRefused, noteStart, noteVoice } from "./VoiceNotes.js"
import { askedFor, textParts } from "./WordsNotes.js"

export interface OracleOptions {
  /** True: the last recording's end ends nothing (`import --leave-open`). A process exit still does. */
  readonly leaveOpen?: boolean
}

/** What is known while lines are read. */
interface Reading {
  readonly threads: Map<string, ThreadNotes>
  /** Client calls of this connection that wait for their answer. */
  readonly calls: Map<string, { readonly method: string; readonly threadId: string | null }>
  /** Threads that have a session on this connection. */
  readonly here: Set<string>
  /** Threads that this connection has named: they had a session, or were refused one. */
  readonly named: Set<string>
  place: number
}

const threadOf = (reading: Reading, id: string): ThreadNotes => {
  const known = reading.threads.get(id) ?? newThread(id)
  reading.threads.set(id, known)
  return known
}

/** A message about a thread shows that it exists and has a session on this connection. */
const present = (reading: Reading, id: string): ThreadNotes => {
  const thread = threadOf(reading, id)
  reading.here.add(id)
  reading.named.add(id)
  openSession(thread)
  return thread
}

/** What a thread object says of its descent. */
const noteThread = (thread: ThreadNotes, object: unknown): void => {
  thread.forkedFrom ??= text(get(object, "forkedFromId"))
  thread.parent ??= text(get(object, "parentThreadId"))
}

/** Calls that have a meaning only for a loaded thread. */
const needsThread: ReadonlySet<string> = new Set([
  "turn/start",
  "turn/steer",
  "turn/interrupt",
  "review/start",
  "thread/realtime/start",
  "thread/realtime/stop",
  "thread/realtime/appendAudio",
])

const onCall = (reading: Reading, id: string, method: string, params: unknown): void => {
  const threadId = text(get(params, "threadId"))
  reading.calls.set(id, { method, threadId })
  if (threadId === null) return
  // A recording may begin when its threads are loaded already: then a call shows the first of them.
  if (needsThread.has(method) && !reading.named.has(threadId)) present(reading, threadId)
  if (!reading.here.has(threadId)) return
  const thread = threadOf(reading, threadId)
  if (method === "thread/realtime/start") noteStart(thread.voice, id)
  if (method === "turn/interrupt") thread.interrupts.add(text(get(params, "turnId")) ?? "")
  const rewind = readRewind(method, params)
  if (rewind !== null) thread.rewinds.set(id, rewind)
  noteWords(thread, askedFor(method, params), { callId: id })
  const isReview = method === "review/start"
  if ((method !== "turn/start" && !isReview) || get(params, "delivery") === "detached") return
  const input = get(params, "input")
  const wellFormed = isReview || Array.isArray(input)
  thread.calls.set(id, { callId: id, sent: reading.place, text: textParts(input), wellFormed })
}

const noteUserMessage = (thread: ThreadNotes, turnId: string, item: unknown): void => {
  if (get(item, "type") === "userMessage") noteWords(thread, textParts(get(item, "content")), { turnId })
}

/** A resume tells a turn in progress: it runs, and its items are there. A thread that is active may show it later. */
const noteJoin = (thread: ThreadNotes, result: unknown, place: number): void => {
  const listed = [...list(get(result, "thread", "turns")), ...list(get(result, "initialTurnsPage", "data"))]
  const object = listed.find((one) => get(one, "status") === "inProgress")
  const id = text(get(object, "id"))
  if (id === null) {
    if (get(result, "thread", "status", "type") === "active") onStatus(thread, "active")
    return
  }
  const turn = rejoinTurn(thread, id, place)
  if (turn === null) return
  const items = list(get(object, "items"))
  items.forEach((one, index) => {
    const itemId = text(get(one, "id"))
    if (itemId === null) return
    const item = turn.items.get(itemId) ?? newItem(itemId, {})
    turn.items.set(itemId, item)
    noteJoined(item, one, index === items.length - 1)
    noteUserMessage(thread, turn.id, one)
  })
}

const onAnswer = (reading: Reading, id: string, result: unknown, error: unknown): void => {
  const call = reading.calls.get(id)
  if (call === undefined) return
  reading.calls.delete(id)
  const refused = error !== undefined && error !== null
  if (call.method === "thread/start" || call.method === "thread/resume" || call.method === "thread/fork") {
    const threadId = text(get(result, "thread", "id"))
    if (refused && call.threadId !== null) reading.named.add(call.threadId)
    if (threadId === null) return
    const joined = present(reading, threadId)
    noteThread(joined, get(result, "thread"))
    if (call.method === "thread/resume") noteJoin(joined, result, reading.place)
    return
  }
  const thread = call.threadId === null ? undefined : reading.threads.get(call.threadId)
  if (thread === undefined) return
  if (call.method === "thread/realtime/start" && refused) noteRefused(thread.voice, id, text(get(error, "message")))
  const rewind = thread.rewinds.get(id)
  thread.rewinds.delete(id)
  if (rewind !== undefined && !refused) {
    noteRewind(thread, rewind, newestLeft(result))
    if (rewind.isReported) thread.unreported += 1
  }
  const start = thread.calls.get(id)
  if (start === undefined) return
  const turnId = text(get(result, "turn", "id"))
  if (turnId !== null) noteAccepted(thread, start, turnId)
  if (!refused) return
  thread.calls.delete(id)
  thread.refused.push({ text: start.text, wellFormed: start.wellFormed })
}

const outcomes: Readonly<Record<string, TurnOutcome>> = {
  completed: "completed",
  failed: "failed",
  interrupted: "interrupted",
}

const onTurn = (reading: Reading, thread: ThreadNotes, method: string, params: unknown): void => {
  const id = text(get(params, "turn", "id"))
  if (id === null) return
  // A turn inside another one, such as a reviewer's, is reported under the other's name.
  const root = text(get(params, "turn", "rootTurnId"))
  if (root !== null && root !== id && (thread.bound.has(root) || thread.turns.has(root))) return
  if (method === "turn/started") {
    openTurn(thread, id, reading.place)
    return
  }
  const outcome = outcomes[text(get(params, "turn", "status")) ?? ""]
  if (outcome === undefined) return
  const turn = thread.turns.get(id)
  if (turn === undefined) thread.tombstones.add(id)
  else endTurn(thread, turn, { outcome, evidence: "observed" })
}

const onItem = (reading: Reading, thread: ThreadNotes, method: string, params: unknown): void => {
  const turnId = text(get(params, "turnId"))
  const object = get(params, "item")
  const itemId = text(get(params, "itemId")) ?? text(get(object, "id"))
  if (turnId === null || itemId === null) return
  const isStart = method === "item/started"
  const isEnd = method === "item/completed"
  const namedType = typeOfDelta(method)
  if (!isStart && !isEnd && namedType === null) return
  // Inline reviews send no start, and who joins later has missed it: the first word of an item shows its turn.
  const turn = thread.turns.get(turnId) ?? turnOfFirstWord(thread, turnId, isEnd, reading.place)
  if (turn === null || turn.rewound) return
  if (isStart || isEnd) noteUserMessage(thread, turnId, object)
  const known = turn.items.get(itemId)
  const item = known ?? newItem(itemId, isStart || isEnd ? {} : { namedType })
  turn.items.set(itemId, item)
  const closedBefore = known !== undefined && (item.completed !== undefined || item.inBackground || item.goesOn)
  if (isOver(thread, turn) && !closedBefore && (known === undefined || !isStart)) noteAfterEnd(thread, item, !isEnd)
  if (isStart) item.started ??= object
  else if (isEnd) {
    item.completed ??= object
    item.goesOn = false
  } else noteDelta(item, method, params)
}

const onStatus = (thread: ThreadNotes, status: unknown): void => {
  const running = runningTurn(thread)
  if (status === "active" && running === null) thread.saidActive = !hasWorkAfterEnd(thread)
  if (status === "idle") endWorkAfterEnd(thread)
  // Idle a moment before the turn's own end: provisional, and replaced by it.
  if (status === "idle" && running !== null) endTurn(thread, running, { outcome: "unknown", evidence: "inferred" })
  if (status === "notLoaded") endSession(thread, { how: "unloaded", code: null, signal: null })
}

const onError = (thread: ThreadNotes, params: unknown): void => {
  const running = runningTurn(thread)
  // A retried error ends nothing, nor does one that names another turn, or a call that never became one.
  if (get(params, "willRetry") !== false || running === null || running.id !== get(params, "turnId")) return
  endTurn(thread, running, { outcome: "failed", evidence: "inferred" })
}

/** The notification to all clients. The client that made the call also gets an answer, before or after it. */
const onReverted = (thread: ThreadNotes): void => {
  if (thread.unreported > 0) {
    thread.unreported -= 1
    return
  }
  const [asked] = [...thread.rewinds].filter(([, call]) => call.isReported)
  if (asked !== undefined) thread.rewinds.delete(asked[0])
  noteRewind(thread, asked?.[1] ?? { before: null, count: null }, null)
}

const withoutThread = (goal: unknown): unknown => {
  const { threadId: _, ...rest } = Object(goal)
  return rest
}

const onNotification = (reading: Reading, method: string, params: unknown): void => {
  const threadId = text(get(params, "threadId")) ?? text(get(params, "thread", "id"))
  if (threadId === null) return
  const status = method === "thread/status/changed" ? get(params, "status", "type") : null
  const closed = method === "thread/closed" || status === "notLoaded"
  // The end of a thread that has no session opens none.
  if (closed && reading.threads.get(threadId)?.sessions.at(-1)?.ended !== null) return
  const thread = present(reading, threadId)
  const turnId = text(get(params, "turnId")) ?? text(get(params, "turn", "id"))
  if (turnId !== null) {
    const status = method === "turn/completed" ? text(get(params, "turn", "status")) : null
    noteTurnWord(thread, turnId, status === "failed" || status === "interrupted")
  }
  if (method === "thread/started") noteThread(thread, get(params, "thread"))
  else if (method === "thread/closed") endSession(thread, { how: "unloaded", code: null, signal: null })
  else if (method === "thread/status/changed") onStatus(thread, status)
  else if (method === "thread/tokenUsage/updated")
    noteTotal(thread, text(get(params, "turnId")), readTotal(get(params, "tokenUsage")))
  else if (method === "thread/reverted") onReverted(thread)
  else if (method === "thread/goal/updated") thread.goal = withoutThread(get(params, "goal"))
  else if (method === "thread/goal/cleared") thread.goal = null
  else if (method === "error") onError(thread, params)
  else if (method === "serverRequest/resolved") {
    const id = JSON.stringify(get(params, "requestId"))
    for (const request of thread.requests) if (request.nativeRequestId === id) noteResolved(thread, request)
  } else if (method.startsWith("turn/")) onTurn(reading, thread, method, params)
  else if (method.startsWith("item/")) onItem(reading, thread, method, params)
  else if (method.startsWith("thread/realtime/")) noteVoice(thread.voice, method, params)
}

const onQuestion = (reading: Reading, id: string, method: string, params: unknown): void => {
  const threadId = text(get(params, "threadId"))
  if (threadId === null) return
  const thread = present(reading, threadId)
  const epoch = thread.sessions.length
  // The same id again in a session is the same question, sent anew to a client that joined.
  if (!thread.requests.some((request) => request.nativeRequestId === id && request.epoch === epoch))
    thread.requests.push(newRequest(id, method, params, epoch))
}

const onReply = (reading: Reading, id: string, result: unknown): void => {
  for (const threadId of reading.here) {
    const open = reading.threads
      .get(threadId)
      ?.requests.find((one) => one.nativeRequestId === id && one.status === "open")
    if (open !== undefined) noteAnswer(open, result)
  }
}

const onEntry = (reading: Reading, entry: WireEntry): void => {
  reading.place += 1
  switch (entry.is) {
    case "notification":
      return onNotification(reading, entry.method, entry.params)
    case "question":
      return onQuestion(reading, entry.id, entry.method, entry.params)
    case "reply":
      return onReply(reading, entry.id, entry.result)
    case "call":
      return onCall(reading, entry.id, entry.method, entry.params)
    case "answer":
      return onAnswer(reading, entry.id, entry.result, entry.error)
    case "exit":
      return endAll(reading, { how: "exit", code: entry.code, signal: entry.signal })
    case "other":
      return
  }
}

const endAll = (reading: Reading, ended: Parameters<typeof endSession>[1]): void => {
  for (const id of reading.here) endSession(threadOf(reading, id), ended)
  reading.here.clear()
  reading.named.clear()
}

/**
 * Reads one recording, or several in the order in which they are imported into one place: a native thread that several
 * of them speak of is one thread with as many sessions.
 */
export const readOracle = (recordings: string | readonly string[], options: OracleOptions = {}): OracleExpectation => {
  const texts = typeof recordings === "string" ? [recordings] : recordings
  const wires = texts.map(readWire)
  const threads = new Map<string, ThreadNotes>()
  let place = 0
  wires.forEach((wire, index) => {
    const reading: Reading = { threads, calls: new Map(), here: new Set(), named: new Set(), place }
    for (const entry of wire.entries) onEntry(reading, entry)
    place = reading.place
    const leftOpen = options.leaveOpen === true && index === wires.length - 1
    if (!leftOpen) endAll(reading, { how: "recording-ended", code: null, signal: null })
  })
  return {
    threads: [...threads.values()].map(conclude),
    lines: wires.reduce((sum, wire) => sum + wire.lines, 0),
    unreadable: wires.map((wire) => wire.unreadable),
  }
}
