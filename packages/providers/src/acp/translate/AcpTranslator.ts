/**
 * The translator of the Agent Client Protocol, version 1, in both directions: JSON-RPC, one message per line. It keeps verbatim
 * what it cannot map, with the reason. It never throws and never drops a line. The protocol has sessions, prompts and updates,
 * but no turns and no text items: these are counted here (prompts.ts, textRuns.ts).
 */

import { keepBy, makeSource, type Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Answer, type Message, readMessage } from "../../runtime/Message.js"
import { makeTranslator, readProcess } from "../../runtime/makeTranslator.js"
import { attempt, type Fields, hintArray, isFields, mayHaveId, needFields, needText } from "../../runtime/readFields.js"
import type { Fate, Translator, TranslatorOptions, WireLine } from "../../Translator.js"
import { makeConnection } from "./AcpConnection.js"
import type { AcpThread, Target } from "./AcpSession.js"
import { answerCall, type Call, isKnownCall, reopens } from "./acpCalls.js"
import { type ClientMethod, cancelRequestMethod, methods, updateMethod } from "./acpProtocol.js"
import { answered, ask, decided, isQuestion, noteAnswer, type OpenRequest } from "./acpRequests.js"
import { cancelPrompts, promptDelivered } from "./prompts.js"
import { updateEntry } from "./sessionUpdates.js"
import { endLooseText, isText, textsOf } from "./textRuns.js"
import { repeatsPrompt } from "./userMessage.js"

export interface AcpTranslatorOptions extends TranslatorOptions {
  /** Provider kind in the events, for example `acp` or `gemini`. */
  readonly provider: string
}

/** The event of a `meta` line with which the driver reports that it has closed a session which the agent cannot close. */
export const closeEvent = "close-session"

/** The requests of an agent that a client may serve or refuse. */
const served: { readonly [M in Exclude<ClientMethod, "session/update" | "elicitation/complete">]: true } = {
  "session/request_permission": true,
  "elicitation/create": true,
  "fs/read_text_file": true,
  "fs/write_text_file": true,
  "terminal/create": true,
  "terminal/output": true,
  "terminal/release": true,
  "terminal/wait_for_exit": true,
  "terminal/kill": true,
}

/** Why an update of a session is only kept. Undefined: it is mapped. */
const pastOf = (thread: AcpThread): string | undefined => {
  if (thread.loading.size > 0) return "history that the agent repeats while it loads the session"
  return thread.closed ? "the session was closed" : undefined
}

const errorData = (message: unknown): unknown =>
  isFields(message) && isFields(message.error) ? message.error.data : undefined

export const makeAcpTranslator = (options: AcpTranslatorOptions): Translator => {
  const connection = makeConnection(options.provider, options)
  const imported = options.mode === "imported"
  const recordsClient = options.recordsClient ?? imported
  const calls = new Map<string, Call>()
  const requests = new Map<string, OpenRequest>()

  const keep = keepBy(connection.record)

  const recordAll = (source: Source, where: Target, facts: readonly Fact[]): Fate => {
    for (const next of facts) connection.record(source, where, next)
    return "mapped"
  }

  const update = (source: Source, params: Fields): Fate => {
    const read = attempt(() => {
      const said = needFields(params, "update")
      return { id: needText(params, "sessionId"), said, kind: needText(said, "sessionUpdate") }
    })
    if ("problem" in read) {
      return keep(source, connection.target, { method: updateMethod, known: true, problem: read.problem })
    }
    const { id, kind, said } = read.value
    const method = `${updateMethod}:${kind}`
    const entry = updateEntry(kind)
    const thread = connection.thread(id)
    const native = { threadId: id }
    const past = pastOf(thread)
    if (past !== undefined) {
      return keep(
        source,
        connection.openTarget(id),
        { method, known: entry !== undefined, problem: past },
        "agent",
        native,
      )
    }
    const { place, target } = connection.session(source, thread)
    if (!isText(kind)) recordAll(source, target, endLooseText(place))
    if (entry === undefined) return keep(source, target, { method, known: false }, "agent", native)
    if (kind === "user_message_chunk" && repeatsPrompt(place.session, said)) {
      return keep(
        source,
        target,
        { method, known: true, problem: "the prompt, which the agent repeats" },
        "agent",
        native,
      )
    }
    const facts = attempt(() => entry(place, said))
    if ("problem" in facts) {
      return keep(source, target, { method, known: true, problem: facts.problem }, "agent", native)
    }
    if (facts.value.length === 0) return keep(source, target, { method, known: true }, "agent", native)
    return recordAll(source, target, facts.value)
  }

  /** The agent withdrew a request, so it needs no answer any more. */
  const requestCancelled = (source: Source, params: Fields): Fate => {
    const { requestId: id } = params
    const requestId = typeof id === "string" || typeof id === "number" ? JSON.stringify(id) : undefined
    const request = requestId === undefined ? undefined : requests.get(requestId)
    if (requestId === undefined || request === undefined) {
      const problem = "names no open request"
      return keep(source, connection.target, { method: cancelRequestMethod, known: true, problem })
    }
    requests.delete(requestId)
    const resolved = fact("request.resolved", { decision: null }, { ...request.native, requestId })
    return recordAll(source, request.target, [resolved])
  }

  const agentNotification = (source: Source, method: string, params: Fields): Fate => {
    if (method === updateMethod) return update(source, params)
    if (method === cancelRequestMethod) return requestCancelled(source, params)
    return keep(source, connection.target, { method, known: method === "elicitation/complete" })
  }

  const agentRequest = (source: Source, requestId: string, method: string, params: Fields): Fate => {
    const named = attempt(() => mayHaveId(params, "sessionId"))
    const id = "value" in named ? named.value : undefined
    const native = { threadId: id, requestId }
    const known = Object.hasOwn(served, method)
    if ("problem" in named || !isQuestion(method)) {
      const problem = "problem" in named ? { problem: named.problem } : {}
      return keep(source, connection.openTarget(id), { method, known, ...problem }, "agent", native)
    }
    const where =
      id === undefined ? { place: null, target: connection.target } : connection.session(source, connection.thread(id))
    if (where.place !== null) recordAll(source, where.target, endLooseText(where.place))
    const asked = attempt(() => ask(method, where.place, requestId, params))
    if ("problem" in asked || asked.value === undefined) {
      const problem = "problem" in asked ? asked.problem : "names no session"
      return keep(source, where.target, { method, known, problem }, "agent", native)
    }
    requests.set(requestId, { method, target: where.target, ...asked.value.request })
    return recordAll(source, where.target, asked.value.facts)
  }

  const clientAnswer = (source: Source, requestId: string, answer: Answer): Fate => {
    const request = requests.get(requestId)
    if (request === undefined) {
      return keep(source, connection.target, { method: "response", known: true }, "client", { requestId })
    }
    requests.delete(requestId)
    const native = { ...request.native, requestId }
    const made = decided(request, answer)
    noteAnswer(request, made)
    if (recordsClient) {
      connection.record(source, request.target, answered(request, requestId, answer), "client")
      return "mapped"
    }
    if (made.cancelled && request.target.place?.session.running?.cancelled === true) {
      // The protocol demands this answer of a client that cancels, so it is no decision of a user.
      connection.record(source, request.target, fact("request.resolved", { decision: null }, native), "client")
      return "mapped"
    }
    return keep(source, request.target, { method: `response:${request.method}`, known: true }, "client", native)
  }

  const prompt = (source: Source, callId: string, params: Fields, id: string, turnId: string | undefined): Fate => {
    const { place, target } = connection.session(source, connection.thread(id))
    calls.set(callId, { id: callId, method: methods.prompt, params: {}, nativeThreadId: id, target })
    const blocks = hintArray(params, "prompt")
    if (recordsClient) {
      const texts = textsOf(blocks)
      const requested = {
        text: texts.length === 0 ? undefined : texts.join("\n\n"),
        input: texts.length === blocks.length ? undefined : blocks,
        origin: imported ? ("import" as const) : undefined,
        handedOver: true,
      }
      connection.record(source, target, fact("turn.requested", requested, { threadId: id, callId }), "client")
    }
    return recordAll(source, target, promptDelivered(place, { callId, content: blocks, ours: turnId }))
  }

  const clientCall = (source: Source, callId: string, method: string, params: Fields, turnId?: string): Fate => {
    const named = attempt(() => mayHaveId(params, "sessionId"))
    const id = "value" in named ? named.value : undefined
    if (method === methods.prompt && id !== undefined) return prompt(source, callId, params, id, turnId)
    const where = connection.openTarget(id)
    const native = { threadId: id, callId }
    calls.set(callId, { id: callId, method, params, nativeThreadId: id, target: where })
    if (reopens(method) && id !== undefined) connection.thread(id).loading.add(callId)
    if (recordsClient && (method === methods.newSession || (reopens(method) && id !== undefined))) {
      const { sessionId: _, ...data } = params
      connection.record(source, where, fact("session.start-requested", { data }, native), "client")
      return "mapped"
    }
    const problem = "problem" in named ? { problem: named.problem } : {}
    return keep(source, where, { method, known: isKnownCall(method), ...problem }, "client", native)
  }

  const clientNotification = (source: Source, method: string, params: Fields): Fate => {
    const named = attempt(() => mayHaveId(params, "sessionId"))
    const id = "value" in named ? named.value : undefined
    const where = connection.openTarget(id)
    const native = { threadId: id }
    if (method === methods.cancel && where.place !== null) {
      cancelPrompts(where.place)
      const turnId = where.place.session.running?.turnId
      if (recordsClient) {
        const asked = fact("turn.interrupt-requested", {}, { ...native, turnId })
        connection.record(source, where, asked, "client")
        return "mapped"
      }
    }
    return keep(
      source,
      where,
      { method, known: isKnownCall(method) || method === cancelRequestMethod },
      "client",
      native,
    )
  }

  const agentAnswer = (source: Source, callId: string, answer: Answer, data: unknown): Fate => {
    const call = calls.get(callId)
    if (call === undefined) {
      const problem = "answers no call that was seen"
      return keep(source, connection.target, { method: "response", known: true, problem }, "agent", { callId })
    }
    calls.delete(callId)
    const mapped = attempt(() => answerCall(connection, source, call, answer, data))
    if ("value" in mapped && mapped.value) return "mapped"
    const problem = "problem" in mapped ? { problem: mapped.problem } : {}
    const native = { threadId: call.nativeThreadId, callId }
    const where = connection.openTarget(call.nativeThreadId)
    return keep(source, where, { method: `response:${call.method}`, known: true, ...problem }, "agent", native)
  }

  const message = (line: WireLine, read: Message): Fate => {
    const sent = line.dir === "send"
    const source = makeSource(line.at, line.at, line.raw)
    if (!connection.isOpen()) connection.open(source)
    switch (read.kind) {
      case "malformed": {
        const unmapped = { method: read.method, known: false, problem: read.problem }
        return keep(source, connection.target, unmapped, sent ? "client" : "agent")
      }
      case "notification":
        return sent
          ? clientNotification(source, read.method, read.params)
          : agentNotification(source, read.method, read.params)
      case "request":
        return sent
          ? clientCall(source, read.id, read.method, read.params, line.turnId)
          : agentRequest(source, read.id, read.method, read.params)
      case "response":
        return sent
          ? clientAnswer(source, read.id, read.answer)
          : agentAnswer(source, read.id, read.answer, errorData(line.message))
    }
  }

  const forgetProcess = (): void => {
    calls.clear()
    requests.clear()
  }

  const closed = (source: Source, fields: Fields): Fate => {
    const where = connection.openTarget(typeof fields.sessionId === "string" ? fields.sessionId : undefined)
    if (where.place === null) return keep(source, connection.target, { method: `meta:${closeEvent}`, known: true })
    const { thread } = where.place
    thread.closed = true
    return recordAll(source, where, [fact("session.exited", { reason: "detached" }, { threadId: thread.id })])
  }

  return makeTranslator({
    connection,
    message: (line) => message(line, readMessage(line.message)),
    keep: (source, unmapped) => keep(source, connection.target, unmapped),
    processOf: (fields) => readProcess(fields, ["args", "cmd"]),
    forgetProcess,
    notes: new Map([[closeEvent, closed]]),
  })
}
