/**
 * Turns. The protocol has no turns, so they are counted here. A turn begins with a message of the user and ends with the
 * agent's `result`. A message that is sent during a turn goes into that turn at its next call of the model. If there is none
 * any more, the message begins the next turn. The agent reports which when it takes the message. Agents also begin turns by
 * themselves, when work in the background has ended.
 */
import type { PayloadOf, ProviderError } from "@threadfold/contracts"
import { type Fact, fact, omitUndefined } from "../../runtime/Fact.js"
import { type Fields, hintNumber, hintText, hintTexts, needText } from "../../runtime/readFields.js"
import { nativeOf, type SentMessage, type Session, type Turn } from "./ClaudeSession.js"
import { forgetEnded } from "./claudeTools.js"
import { contextWindowOf, usageOf } from "./claudeUsage.js"
import { dropBlocks } from "./contentBlocks.js"

/** The call id of a message in events, as JSON text. */
export const callIdOf = (message: SentMessage): string => JSON.stringify(message.key)

/** How the client's messages are recorded. Only for recordings they become requested turns. */
export interface ClientMode {
  readonly recordsClient: boolean
  readonly imported: boolean
}

/** `turn.requested`, once for a message of a recording. */
export const requested = (session: Session, message: SentMessage, mode: ClientMode): readonly Fact[] => {
  if (!mode.recordsClient || message.isRecorded) return []
  message.isRecorded = true
  return [
    fact(
      "turn.requested",
      {
        text: message.text,
        input: message.others.length === 0 ? undefined : message.others,
        origin: mode.imported ? "import" : undefined,
        handedOver: true,
      },
      nativeOf(session, undefined, { callId: callIdOf(message) }),
    ),
  ]
}

/** Whether the message has a requested turn, which an answer must bind. */
const isAwaited = (message: SentMessage): boolean => message.ours !== undefined || message.isRecorded

/** Binds the requested turn to the native turn. If that runs already, the message has steered it. */
const accepted = (session: Session, message: SentMessage, turn: Turn): readonly Fact[] =>
  isAwaited(message)
    ? [fact("turn.accepted", {}, nativeOf(session, turn.id, { callId: callIdOf(message) }), message.ours)]
    : []

/** The facts of a message that the agent has taken: it is an item of the turn. */
const said = (session: Session, message: SentMessage, turn: Turn): readonly Fact[] => {
  const native = nativeOf(session, turn.id, { itemId: message.key })
  const data = message.others.length === 0 ? undefined : { content: message.others }
  const item = { kind: "user_message", nativeKind: "user", data } as const
  return [
    fact("item.started", item, native),
    fact("item.completed", { ...item, status: "completed", text: message.text }, native),
  ]
}

/** Begins a turn, with a message or, without one, by the agent itself. */
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

/** A message of the user was delivered. */
export const messageSent = (session: Session, message: SentMessage, mode: ClientMode): readonly Fact[] => {
  const reported = requested(session, message, mode)
  if (session.running === null && session.waiting.length === 0) return [...reported, ...begin(session, message)]
  session.waiting.push(message)
  return reported
}

const take = (session: Session, key: string): SentMessage | undefined => {
  const index = session.waiting.findIndex((message) => message.key === key)
  return index === -1 ? undefined : session.waiting.splice(index, 1)[0]
}

const taken = (session: Session, message: SentMessage, mode: ClientMode): readonly Fact[] => {
  const reported = requested(session, message, mode)
  const { running } = session
  if (running === null) {
    const facts = [...reported, ...begin(session, message)]
    if (session.running !== null) session.running.isTaken = true
    return facts
  }
  return [...reported, ...accepted(session, message, running), ...said(session, message, running)]
}

/** `command_lifecycle`: the agent reports the state of a message. */
export const messageLifecycle = (session: Session, said: Fields, mode: ClientMode): readonly Fact[] => {
  session.reportsLifecycle = true
  const key = needText(said, "command_uuid")
  switch (needText(said, "state")) {
    case "started": {
      if (session.running?.message === key) session.running.isTaken = true
      const message = take(session, key)
      return message === undefined ? [] : taken(session, message, mode)
    }
    case "cancelled": {
      const { running } = session
      if (running !== null && running.message === key && !running.isTaken) {
        session.running = null
        return [fact("turn.aborted", { reason: "dropped before it began" }, nativeOf(session, running.id))]
      }
      const message = take(session, key)
      if (message === undefined) return []
      const reported = requested(session, message, mode)
      const error = { message: "The agent dropped the message before it began with it. Send it again." }
      const native = nativeOf(session, undefined, { callId: callIdOf(message) })
      return isAwaited(message) ? [...reported, fact("turn.start-failed", { error }, native, message.ours)] : reported
    }
    default:
      return []
  }
}

/**
 * The agent works on its main thread, so a turn runs. If none is known, the turn belongs to the oldest waiting message where
 * the agent does not report which it takes; else the agent has begun it by itself.
 */
export const working = (session: Session, mode: ClientMode): readonly Fact[] => {
  if (session.running !== null) return []
  const message = session.reportsLifecycle ? undefined : session.waiting.shift()
  return message === undefined ? begin(session, undefined) : taken(session, message, mode)
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
  // Agents that give no reason show an interrupt by a note to their model.
  if (failed && reason === undefined && session.isInterrupted) return "interrupted"
  return failed ? "failed" : "completed"
}

/** The messages that the turn of a result has consumed. */
const consumed = (result: Fields): readonly string[] => {
  const all = hintTexts(result, "user_message_uuids")
  const only = hintText(result, "user_message_uuid")
  return all.length > 0 || only === undefined ? all : [only]
}

/**
 * Whether the result belongs to the running turn. A turn that began at the same moment as a turn of the agent itself waits for
 * that turn, so the first result is not its own.
 */
const isOfRunning = (session: Session, turn: Turn, result: Fields): boolean =>
  turn.message === undefined || turn.isTaken || !session.reportsLifecycle || consumed(result).includes(turn.message)

/** The agent's `result`: the end of the turn. */
export const turnEnded = (session: Session, result: Fields, mode: ClientMode): readonly Fact[] => {
  const turn = session.running
  if (turn === null || !isOfRunning(session, turn, result)) return []
  const folded = consumed(result).flatMap((key) => {
    const message = take(session, key)
    return message === undefined ? [] : taken(session, message, mode)
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
