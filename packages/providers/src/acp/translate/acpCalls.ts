/** The calls of the client, and the facts of their answers: for calls that open, configure, close or prompt a session. */

import type { Source } from "../../runtime/Draft.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { Answer } from "../../runtime/Message.js"
import { type Fields, hintFields, hintText, isFields, needText, WrongShape } from "../../runtime/readFields.js"
import type { Connection } from "./AcpConnection.js"
import type { Target } from "./AcpSession.js"
import { type AgentMethod, methods, setModelMethod } from "./acpProtocol.js"
import { promptAnswered } from "./prompts.js"
import { configured, readConfiguration } from "./sessionConfiguration.js"

/** A call of the client that waits for its answer. */
export interface Call {
  /** JSON text of its id. */
  readonly id: string
  readonly method: string
  readonly params: Fields
  /** The session that it names, open or not. */
  readonly nativeThreadId: string | undefined
  /** Where it was recorded. */
  readonly target: Target
}

/** The methods that this version knows. Those without a mapping are kept verbatim. */
const known: { readonly [M in AgentMethod]: true } = {
  initialize: true,
  authenticate: true,
  logout: true,
  "session/new": true,
  "session/load": true,
  "session/resume": true,
  "session/close": true,
  "session/prompt": true,
  "session/cancel": true,
  "session/set_mode": true,
  "session/set_config_option": true,
  "session/list": true,
  "session/delete": true,
}

/** Whether this version knows a method of the agent. */
export const isKnownCall = (method: string): boolean => Object.hasOwn(known, method) || method === setModelMethod

/** Methods that open a session which exists already. */
export const reopens = (method: string): boolean => method === methods.loadSession || method === methods.resumeSession

/** `error`: the `data` of a refusal. */
type Answering = (connection: Connection, source: Source, call: Call, answer: Answer, error: unknown) => boolean

const resultOf = (answer: Extract<Answer, { ok: true }>): Fields => {
  if (isFields(answer.result)) return answer.result
  // Methods without a result answer null.
  if (answer.result === null || answer.result === undefined) return {}
  throw new WrongShape("result: expected an object")
}

const initialized: Answering = (connection, _, __, answer) => {
  const agent = answer.ok && isFields(answer.result) ? hintFields(answer.result, "agentInfo") : undefined
  const version = agent === undefined ? undefined : hintText(agent, "version")
  if (version !== undefined) connection.setVersion(version)
  return false
}

const sessionOpened =
  (resumed: boolean): Answering =>
  (connection, source, call, answer) => {
    if (call.nativeThreadId !== undefined) connection.thread(call.nativeThreadId).loading.delete(call.id)
    if (!answer.ok) return false
    const result = resultOf(answer)
    const id = resumed && call.nativeThreadId !== undefined ? call.nativeThreadId : needText(result, "sessionId")
    const described = { ...readConfiguration(result), cwd: hintText(call.params, "cwd"), resumed }
    connection.session(source, connection.thread(id), described)
    return true
  }

const isOpenStill = ({ place }: Target): boolean => place !== null && place.thread.session === place.session

const recordAll = (connection: Connection, source: Source, call: Call, facts: readonly Fact[]): boolean => {
  if (!isOpenStill(call.target)) return false
  for (const next of facts) {
    connection.record(source, call.target, next, next.type === "turn.start-failed" ? "client" : "agent")
  }
  return facts.length > 0
}

const configurationSet =
  (read: (call: Call, result: Fields) => Parameters<typeof configured>[1]): Answering =>
  (connection, source, call, answer) => {
    if (!answer.ok || call.nativeThreadId === undefined) return false
    return recordAll(connection, source, call, configured(call.nativeThreadId, read(call, resultOf(answer))))
  }

const prompted: Answering = (connection, source, call, answer, error) => {
  const { place } = call.target
  if (place === null || !isOpenStill(call.target)) return false
  return recordAll(connection, source, call, promptAnswered(place, call.id, answer, error) ?? [])
}

const closed: Answering = (connection, source, call, answer) => {
  const { place } = call.target
  if (!answer.ok || place === null) return false
  place.thread.closed = true
  return recordAll(connection, source, call, [
    fact("session.exited", { reason: "unloaded" }, { threadId: place.thread.id }),
  ])
}

const answerings: ReadonlyMap<string, Answering> = new Map<string, Answering>([
  [methods.initialize, initialized],
  [methods.newSession, sessionOpened(false)],
  [methods.loadSession, sessionOpened(true)],
  [methods.resumeSession, sessionOpened(true)],
  [methods.prompt, prompted],
  [methods.closeSession, closed],
  [methods.setMode, configurationSet((call) => ({ mode: hintText(call.params, "modeId") }))],
  [methods.setOption, configurationSet((_, result) => readConfiguration(result))],
  [setModelMethod, configurationSet((call) => ({ model: hintText(call.params, "modelId") }))],
])

/** Records the facts of an answer. False: it has none. */
export const answerCall: Answering = (connection, source, call, answer, error) =>
  answerings.get(call.method)?.(connection, source, call, answer, error) ?? false
