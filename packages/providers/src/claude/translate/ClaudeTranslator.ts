/**
 * The translator of the Claude agent. It reads the messages that the SDK returns, and the frames of the control protocol
 * between the SDK and the agent's process. Both are on the pipes of the process, one JSON object per line:
 *
 * - from the agent: messages (`system`, `stream_event`, `assistant`, `user`, `result`, …), its questions
 *   (`control_request`), their withdrawal (`control_cancel_request`), its answers (`control_response`);
 * - to the agent: messages of the user (`user`), requests of the client (`control_request`: `initialize`, `interrupt`, …),
 *   answers to its questions (`control_response`).
 *
 * A recording of the SDK's messages alone is translated by the same rules. What cannot be mapped is kept verbatim, with the
 * reason. The translator never throws and never drops a line.
 */

import type { Source, Unmapped, WireChannel } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import { makeTranslator, readProcess } from "../../runtime/makeTranslator.js"
import {
  attempt,
  type Fields,
  hintFields,
  hintText,
  isFields,
  mayHaveId,
  needFields,
  needText,
} from "../../runtime/readFields.js"
import type { Fate, Translator, TranslatorOptions, WireLine } from "../../Translator.js"
import { makeConnection, type Process } from "./ClaudeConnection.js"
import { nativeOf, type Session } from "./ClaudeSession.js"
import { noticeEntry } from "./claudeNotices.js"
import { elicitationMethod, permissionMethod } from "./claudeQuestions.js"
import { answered, ask, decided, type OpenRequest, resolved } from "./claudeRequests.js"
import { type ClientMode, messageLifecycle, messageSent, turnEnded, working } from "./claudeTurns.js"
import { streamEvent, toolResults, wholeMessage } from "./contentBlocks.js"
import {
  isInterruptNote,
  knownRequests,
  type Line,
  makeLine,
  nameOf,
  ownQuestions,
  readUserMessage,
} from "./controlFrames.js"
import { subagentSaid } from "./tasks.js"

export type ClaudeTranslatorOptions = TranslatorOptions

export interface ClaudeTranslator extends Translator {
  /** The native id of the running turn. Null: no turn runs. */
  readonly runningTurn: () => string | null
}

export const makeClaudeTranslator = (options: ClaudeTranslatorOptions): ClaudeTranslator => {
  const connection = makeConnection(options)
  const imported = options.mode === "imported"
  const recordsClient = options.recordsClient ?? imported
  const mode: ClientMode = { recordsClient, imported }
  const requests = new Map<string, OpenRequest>()
  /** Subtypes of the client's requests that have no answer yet, by id. */
  const calls = new Map<string, string>()
  let sent = 0

  const keep = (source: Source, unmapped: Unmapped, channel: WireChannel = "agent", native?: Fact["native"]): Fate => {
    const session = connection.session()
    const of = native ?? (session === null ? undefined : nativeOf(session, undefined))
    connection.record(source, fact("provider.unmapped", unmapped, of), channel)
    return "kept"
  }

  /** Records the facts of a mapping. A message without facts, or of a wrong shape, is kept. */
  const recordFacts = (
    source: Line,
    method: string,
    map: () => readonly Fact[],
    channel: WireChannel = "agent",
  ): Fate => {
    const facts = attempt(map)
    if ("problem" in facts) return keep(source, { method, known: true, problem: facts.problem }, channel)
    // A line that has opened the session or the connection became an event already.
    if (facts.value.length === 0) return source.isRecorded() ? "mapped" : keep(source, { method, known: true }, channel)
    for (const next of facts.value) connection.record(source, next)
    return "mapped"
  }

  /** Resolves the requests of calls that have ended. */
  const resolvedBy = (wrapper: Fields): readonly Fact[] => {
    const content = hintFields(wrapper, "message")?.content
    const ids = Array.isArray(content) ? content.map((block) => (isFields(block) ? block.tool_use_id : undefined)) : []
    return [...requests].flatMap(([id, request]) => {
      if (request.toolUseId === undefined || !ids.includes(request.toolUseId)) return []
      requests.delete(id)
      return [resolved(request)]
    })
  }

  /** A message of the main thread. */
  const mainMessage = (session: Session, type: string, message: Fields): readonly Fact[] => {
    switch (type) {
      case "stream_event": {
        const event = needFields(message, "event")
        const begun = event.type === "message_start" ? working(session, mode) : []
        return [...begun, ...streamEvent(session, event)]
      }
      case "assistant":
        return [...working(session, mode), ...wholeMessage(session, message)]
      case "user":
        if (isInterruptNote(message)) session.isInterrupted = true
        return [...toolResults(session, message), ...resolvedBy(message)]
      case "command_lifecycle":
        return messageLifecycle(session, message, mode)
      default:
        return []
    }
  }

  const mainTypes: ReadonlySet<string> = new Set(["stream_event", "assistant", "user", "command_lifecycle"])

  /** The facts of a changed session id of the provider. The thread stays the thread that the process was started for. */
  const renamed = (session: Session, sessionId: string | undefined): readonly Fact[] => {
    if (sessionId === undefined || sessionId === session.nativeSessionId) return []
    session.nativeSessionId = sessionId
    return [fact("session.configured", { nativeSessionId: sessionId }, nativeOf(session, undefined))]
  }

  const agentMessage = (source: Line, type: string, message: Fields): Fate => {
    const method = nameOf(type, message)
    const entry = noticeEntry(type, hintText(message, "subtype"))
    const isKnown = mainTypes.has(type) || entry !== undefined || type === "result"
    const sessionId = attempt(() => mayHaveId(message, "session_id"))
    if ("problem" in sessionId) return keep(source, { method, known: isKnown, problem: sessionId.problem })
    // A result does not open a session, because a process that could not begin sends one, too.
    const opens = type !== "result" && sessionId.value !== undefined
    const session = opens ? connection.ensureSession(source, sessionId.value) : connection.session()
    if (!isKnown) return keep(source, { method, known: false })
    if (session === null) return keep(source, { method, known: true, problem: "names no session that is open" })
    return recordFacts(source, method, () => {
      const parent = mayHaveId(message, "parent_tool_use_id")
      if (type === "result") return [...turnEnded(session, message, mode), ...renamed(session, sessionId.value)]
      const news = renamed(session, sessionId.value)
      if (parent !== undefined && mainTypes.has(type)) {
        return [...news, ...subagentSaid(session, parent, message), ...(type === "user" ? resolvedBy(message) : [])]
      }
      if (entry === undefined) return [...news, ...mainMessage(session, type, message)]
      const begun = type === "system" && message.status === "requesting" ? working(session, mode) : []
      return [...news, ...begun, ...entry(session, message)]
    })
  }

  /** A question of the agent. */
  const agentAsks = (source: Line, message: Fields): Fate => {
    const read = attempt(() => ({ id: needText(message, "request_id"), asked: needFields(message, "request") }))
    if ("problem" in read) return keep(source, { method: "control_request", known: true, problem: read.problem })
    const { asked, id } = read.value
    const subtype = hintText(asked, "subtype") ?? ""
    const method = `control_request:${subtype}`
    const session = connection.session()
    const isQuestion = subtype === permissionMethod || subtype === elicitationMethod
    if (!isQuestion) return keep(source, { method, known: ownQuestions.has(subtype) })
    if (session === null) return keep(source, { method, known: true, problem: "names no session that is open" })
    const requestId = JSON.stringify(id)
    return recordFacts(source, method, () => {
      const question = ask(session, requestId, asked)
      if (question === undefined) return []
      requests.set(requestId, question.request)
      return [question.fact]
    })
  }

  /** The agent withdraws a question. */
  const agentWithdraws = (source: Line, message: Fields): Fate =>
    recordFacts(source, "control_cancel_request", () => {
      const requestId = JSON.stringify(needText(message, "request_id"))
      const request = requests.get(requestId)
      requests.delete(requestId)
      return request === undefined ? [] : [resolved(request)]
    })

  /** An answer of the agent to the client. The answer to `initialize` opens the session that the process was started for. */
  const agentAnswers = (source: Line, message: Fields): Fate => {
    const response = hintFields(message, "response") ?? {}
    const id = hintText(response, "request_id") ?? ""
    const subtype = calls.get(id)
    calls.delete(id)
    if (subtype === "initialize" && response.subtype === "success") connection.ensureSession(source, undefined)
    if (subtype === undefined) return keep(source, { method: "control_response:", known: false })
    return recordFacts(source, `control_response:${subtype}`, () => [])
  }

  const received = (source: Line, message: Fields): Fate => {
    const type = hintText(message, "type")
    switch (type) {
      case undefined:
        return keep(source, { method: "message", known: false, problem: "type: expected a text" })
      case "control_request":
        return agentAsks(source, message)
      case "control_cancel_request":
        return agentWithdraws(source, message)
      case "control_response":
        return agentAnswers(source, message)
      default:
        return agentMessage(source, type, message)
    }
  }

  /** A message of the user. */
  const userSays = (source: Line, message: Fields, ours: string | undefined): Fate => {
    const read = attempt(() => readUserMessage(message, sent, ours))
    if ("problem" in read) return keep(source, { method: "user", known: true, problem: read.problem }, "client")
    sent += 1
    const session = connection.ensureSession(source, undefined)
    if (session !== null) return recordFacts(source, "user", () => messageSent(session, read.value, mode), "client")
    connection.sentEarly(read.value)
    return keep(source, { method: "user", known: true }, "client")
  }

  /** The client's answer to a question. */
  const clientAnswers = (source: Line, message: Fields): Fate => {
    const response = hintFields(message, "response") ?? {}
    const requestId = JSON.stringify(hintText(response, "request_id") ?? "")
    const request = requests.get(requestId)
    const method = `control_response:${request?.method ?? ""}`
    if (request === undefined) return keep(source, { method, known: true }, "client")
    const { denies } = decided(request, response)
    const tool = request.session.tools.get(request.toolUseId ?? "")
    if (denies && tool !== undefined) tool.isDenied = true
    // A form is over with its answer. For a permission, the result of the call shows that the question is over.
    if (request.toolUseId === undefined) requests.delete(requestId)
    if (!recordsClient) return keep(source, { method, known: true }, "client", request.native)
    return recordFacts(source, method, () => [answered(request, response)], "client")
  }

  /** A request of the client, for example an interrupt. */
  const clientRequests = (source: Line, message: Fields): Fate => {
    const subtype = hintText(hintFields(message, "request") ?? {}, "subtype") ?? ""
    const id = hintText(message, "request_id")
    if (id !== undefined) calls.set(id, subtype)
    const session = connection.session()
    const method = `control_request:${subtype}`
    if (subtype !== "interrupt" || !recordsClient || session === null) {
      return keep(source, { method, known: knownRequests.has(subtype) }, "client")
    }
    const native = nativeOf(session, session.running?.id, id === undefined ? {} : { callId: JSON.stringify(id) })
    return recordFacts(source, method, () => [fact("turn.interrupt-requested", {}, native)], "client")
  }

  const said = (source: Line, message: Fields, turnId: string | undefined): Fate => {
    switch (message.type) {
      case "user":
        return userSays(source, message, turnId)
      case "control_response":
        return clientAnswers(source, message)
      case "control_request":
        return clientRequests(source, message)
      case "control_cancel_request":
        return keep(source, { method: "control_cancel_request", known: true }, "client")
      default:
        return keep(source, { method: hintText(message, "type") ?? "message", known: false }, "client")
    }
  }

  const message = (line: WireLine): Fate => {
    const source = makeLine(line)
    const isSent = line.dir === "send"
    if (!connection.isOpen()) connection.open(source)
    if (!isFields(line.message)) {
      return keep(
        source,
        { method: "message", known: false, problem: "not a JSON object" },
        isSent ? "client" : "agent",
      )
    }
    return isSent ? said(source, line.message, line.turnId) : received(source, line.message)
  }

  const processOf = (fields: Fields): Process => ({
    ...readProcess(fields),
    resumed: typeof fields.resumed === "boolean" ? fields.resumed : undefined,
    threadId: hintText(fields, "threadId"),
    nativeSessionId: hintText(fields, "nativeSessionId"),
    rewoundFrom: hintText(fields, "rewoundFrom"),
    cwd: hintText(fields, "cwd"),
    model: hintText(fields, "model"),
  })

  const forgetProcess = (): void => {
    requests.clear()
    calls.clear()
  }

  return {
    ...makeTranslator({ connection, message, keep, processOf, forgetProcess }),
    runningTurn: () => connection.session()?.running?.id ?? null,
  }
}
