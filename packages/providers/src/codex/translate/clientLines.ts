/**
 * What the client sent, and what the server answers to it: calls with their answers, and the client's answers to the requests of the
 * server. In a recording these are evidence; on a live connection they are only noted.
 */
import type { keepBy, Source } from "../../runtime/Draft.js"
import type { Answer } from "../../runtime/Message.js"
import { attempt, type Fields, mayHaveId } from "../../runtime/readFields.js"
import type { Fate } from "../../Translator.js"
import type { Connection } from "./CodexConnection.js"
import type { OpenRequest, Target } from "./CodexThread.js"
import { answerCall, type Call } from "./callAnswers.js"
import { type ClientEntry, callEntry } from "./clientCalls.js"
import { answered } from "./codexRequests.js"
import { noteRewind } from "./rewinds.js"

/** Whether the answer to a call names a turn of the thread that the call names. */
const startsTurn = (method: string, params: Fields): boolean =>
  method === "turn/start" || (method === "review/start" && params.delivery !== "detached")

/** What the lines of the client have to do with the rest of the wire. */
export interface ClientWire {
  readonly connection: Connection
  /** Calls that wait for their answer, by the JSON text of their id. */
  readonly calls: Map<string, Call>
  /** Requests of the server, by the JSON text of their id. */
  readonly requests: ReadonlyMap<string, OpenRequest>
  /** Keeps an unmapped line verbatim. */
  readonly keep: ReturnType<typeof keepBy<Target>>
  /** The thread, with a session that a line shows to be open. */
  readonly threadTarget: (source: Source, nativeThreadId: string) => Target
  /** The open session of the thread that a message names. The connection where there is none. */
  readonly openTarget: (nativeThreadId: string | undefined) => Target
  /** Whether what the client sent becomes events. */
  readonly recordsClient: boolean
  readonly imported: boolean
}

export interface ClientLines {
  /** A call of the client. `turnId`: our turn that it asks for. */
  readonly call: (source: Source, callId: string, method: string, params: Fields, turnId?: string) => Fate
  /** The client's answer to a request of the server. */
  readonly answer: (source: Source, requestId: string, answer: Answer) => Fate
  /** The server's answer to a call. */
  readonly answered: (source: Source, callId: string, answer: Answer) => Fate
}

export const makeClientLines = ({
  calls,
  connection,
  imported,
  keep,
  openTarget,
  recordsClient,
  requests,
  threadTarget,
}: ClientWire): ClientLines => {
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
    if (method === "thread/compact/start" && call.turnId !== undefined && where.thread !== null) {
      where.thread.compacting = { callId, turnId: call.turnId }
    }
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

  return { call: clientCall, answer: clientAnswer, answered: serverAnswer }
}
