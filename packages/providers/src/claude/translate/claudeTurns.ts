/**
 * Turns. The protocol has no word for them: one begins with a message of the user and ends with the agent's `result`. A
 * message that is sent while a turn runs goes into that turn at its next call of the model, or, where there is none any
 * more, begins a turn of its own; the agent says which, as it takes the message. And agents begin turns by themselves, when
 * work in the background has ended.
 */
import type { PayloadOf, ProviderError } from "@threadfold/contracts"
import { type Fact, fact, omitUndefined } from "../../runtime/Fact.js"
import { type Fields, hintNumber, hintText, hintTexts, needText } from "../../runtime/readFields.js"
import { nativeOf, type SentMessage, type Session, type Turn } from "./ClaudeSession.js"
import { forgetEnded } from "./claudeTools.js"
import { contextWindowOf, usageOf } from "./claudeUsage.js"
import { dropBlocks } from "./contentBlocks.js"

/** JSON text of a call's id, as events name it. */
export const callIdOf = (message: SentMessage): string => JSON.stringify(message.key)

/** Whether messages of the client are told as requested turns: in recordings alone. */
export interface Telling {
  readonly recordsClient: boolean
  readonly imported: boolean
}

/** `turn.requested`, where a recording holds the request; told once. */
export const requested = (session: Session, message: SentMessage, telling: Telling): readonly Fact[] => {
  if (!telling.recordsClient || message.isTold) return []
  message.isTold = true
  return [
    fact(
      "turn.requested",
      {
        text: message.text,
        input: message.others.length === 0 ? undefined : message.others,
        origin: telling.imported ? "import" : undefined,
        handedOver: true,
      },
      nativeOf(session, undefined, { callId: callIdOf(message) }),
    ),
  ]
}

/** The message asks for a turn that somebody waits for. */
const isAwaited = (message: SentMessage): boolean => message.ours !== undefined || message.isTold

/** Binds the requested turn to the native one. Where that one runs already, the message has steered it. */
const accepted = (session: Session, message: SentMessage, turn: Turn): readonly Fact[] =>
  isAwaited(message)
    ? [fact("turn.accepted", {}, nativeOf(session, turn.id, { callId: callIdOf(message) }), message.ours)]
    : []

/** The agent has taken what the user said: from here on it is part of the turn. */
const said = (session: Session, message: SentMessage, turn: Turn): readonly Fact[] => {
  const native = nativeOf(session, turn.id, { itemId: message.key })
  const data = message.others.length === 0 ? undefined : { content: message.others }
  const item = { kind: "user_message", nativeKind: "user", data } as const
  return [
    fact("item.started", item, native),
    fact("item.completed", { ...item, status: "completed", text: message.text }, native),
  ]
}

/** Begins a turn, with a message or by the agent's own will. */
const begin = (session: Session, message: SentMessage | undefined): readonly Fact[] => {
  forgetEnded(session)
  session.turns += 1
  session.isInterrupted = false
  const turn: Turn = { id: `turn-${session.turns}`, message: message?.key, isTaken: false }
  session.running = turn
  const started = fact("turn.started", {}, nativeOf(session, turn.id))
  return message === undefined
    ? [started]
    : [...accepted(session, message, turn), started, ...said(session, message, turn)]
}

/** A message of the user was handed over. */
export const messageSent = (session: Session, message: SentMessage, telling: Telling): readonly Fact[] => {
  const told = requested(session, message, telling)
  if (session.running === null && session.waiting.length === 0) return [...told, ...begin(session, message)]
  session.waiting.push(message)
  return told
}

const take = (session: Session, key: string): SentMessage | undefined => {
  const index = session.waiting.findIndex((message) => message.key === key)
  return index === -1 ? undefined : session.waiting.splice(index, 1)[0]
}

const taken = (session: Session, message: SentMessage, telling: Telling): readonly Fact[] => {
  const told = requested(session, message, telling)
  const { running } = session
  if (running === null) {
    const facts = [...told, ...begin(session, message)]
    if (session.running !== null) session.running.isTaken = true
    return facts
  }
  return [...told, ...accepted(session, message, running), ...said(session, message, running)]
}

/** The agent says what became of a message. */
export const messageLifecycle = (session: Session, said: Fields, telling: Telling): readonly Fact[] => {
  session.tellsLifecycle = true
  const key = needText(said, "command_uuid")
  switch (needText(said, "state")) {
    case "started": {
      if (session.running?.message === key) session.running.isTaken = true
      const message = take(session, key)
      return message === undefined ? [] : taken(session, message, telling)
    }
    case "cancelled": {
      const { running } = session
      if (running !== null && running.message === key && !running.isTaken) {
        session.running = null
        return [fact("turn.aborted", { reason: "dropped before it began" }, nativeOf(session, running.id))]
      }
      const message = take(session, key)
      if (message === undefined) return []
      const told = requested(session, message, telling)
      const error = { message: "The agent dropped the message before it began with it. Send it again." }
      const native = nativeOf(session, undefined, { callId: callIdOf(message) })
      return isAwaited(message) ? [...told, fact("turn.start-failed", { error }, native, message.ours)] : told
    }
    default:
      return []
  }
}

/**
 * The agent works on its main thread: then a turn runs. It is that of the oldest message where the agent does not tell which
 * it takes, else one of its own.
 */
export const working = (session: Session, telling: Telling): readonly Fact[] => {
  if (session.running !== null) return []
  const message = session.tellsLifecycle ? undefined : session.waiting.shift()
  return message === undefined ? begin(session, undefined) : taken(session, message, telling)
}

type End = PayloadOf<"turn.completed">

const errorOf = (result: Fields): ProviderError => {
  const errors = hintTexts(result, "errors")
  const text = hintText(result, "result") ?? (errors.length === 0 ? undefined : errors.join("\n"))
  const subtype = hintText(result, "subtype")
  const reason = hintText(result, "terminal_reason")
  return omitUndefined({
    message: text ?? `The agent gave up (${reason ?? subtype ?? "it does not say why"}).`,
    code: hintText(result, "api_error_type") ?? (subtype === "success" ? reason : subtype),
    httpStatus: hintNumber(result, "api_error_status"),
  })
}

const outcomeOf = (session: Session, result: Fields): End["outcome"] => {
  const reason = hintText(result, "terminal_reason")
  if (reason?.startsWith("aborted") === true) return "interrupted"
  const failed = result.is_error === true || (hintText(result, "subtype") ?? "success") !== "success"
  // Agents that give no reason tell an interrupt by a note to their model.
  if (failed && reason === undefined && session.isInterrupted) return "interrupted"
  return failed ? "failed" : "completed"
}

/** The messages that the turn of a result has used up. */
const consumed = (result: Fields): readonly string[] => {
  const all = hintTexts(result, "user_message_uuids")
  const only = hintText(result, "user_message_uuid")
  return all.length > 0 || only === undefined ? all : [only]
}

/**
 * Whether the result is of the running turn. One that began in the moment in which the agent began a turn of its own has
 * to wait for that one's end, and goes on after its result.
 */
const isOfRunning = (session: Session, turn: Turn, result: Fields): boolean =>
  turn.message === undefined || turn.isTaken || !session.tellsLifecycle || consumed(result).includes(turn.message)

/** The agent's `result`: the end of the turn. */
export const turnEnded = (session: Session, result: Fields, telling: Telling): readonly Fact[] => {
  const turn = session.running
  if (turn === null || !isOfRunning(session, turn, result)) return []
  const folded = consumed(result).flatMap((key) => {
    const message = take(session, key)
    return message === undefined ? [] : taken(session, message, telling)
  })
  const outcome = outcomeOf(session, result)
  const usage = usageOf(result, session.totals)
  const contextWindow = contextWindowOf(result, session.configuration.model)
  const native = nativeOf(session, turn.id)
  const window =
    usage === undefined || contextWindow === undefined
      ? []
      : [fact("thread.token-usage.updated", { mode: "per-turn", total: usage, contextWindow }, native)]
  const dropped = dropBlocks(session)
  session.running = null
  session.isInterrupted = false
  return [
    ...folded,
    ...dropped,
    ...window,
    fact(
      "turn.completed",
      {
        outcome,
        error: outcome === "failed" ? errorOf(result) : undefined,
        usage,
        durationMs: hintNumber(result, "duration_ms"),
      },
      native,
    ),
  ]
}
