/** Commands about sessions: managed ones, and attached ones, which an adapter opens, feeds and ends. */
import {
  type CommandOf,
  type Configuration,
  configurationNames,
  type RequestedEffect,
  type SessionRow,
} from "@threadfold/contracts"
import { hasEnded, livingSession } from "../state/lifecycle.js"
import { accept, acceptWith, type DecidedEvent, type Decision, refuse, type Situation } from "./Decision.js"
import {
  isOurs,
  ofThread,
  onRunThread,
  onThread,
  refuseBusy,
  refuseFork,
  refuseRecording,
  refuseTaken,
} from "./threadGuards.js"

/** The session with this id, of any thread. */
const sessionOf = ({ rows, state }: Situation, sessionId: string): SessionRow | null =>
  state.session?.sessionId === sessionId ? state.session : rows.find("sessions", "key", [sessionId])

/** Whether a repeated registration has the same content as the first one, as far as the session's row shows. */
const isRepeat = (session: SessionRow, command: CommandOf<"session.attach">): boolean =>
  session.threadId === command.threadId &&
  session.mode === "attached" &&
  session.provider === command.provider &&
  session.leaseMs === command.leaseMs

/**
 * `session.attach`. A thread has one living session at most: another one has to end first, at the latest when its lease lapses.
 * With two, it would be unknown which adapter's events are the agent's.
 */
export const attachSession = (situation: Situation, command: CommandOf<"session.attach">): Decision => {
  const { thread } = situation.state
  const { cwd, leaseMs, provider, sessionId, threadId, title } = command
  const known = sessionOf(situation, sessionId)
  if (known !== null) {
    return isRepeat(known, command)
      ? accept()
      : refuse("session-conflict", `Session ${sessionId} was opened with other content.`)
  }
  const refusal =
    refuseTaken(situation.state, threadId) ?? refuseFork(situation.state) ?? refuseBusy(situation.state, threadId)
  if (refusal !== null) return refusal
  const native =
    command.nativeThreadId === undefined || command.nativeThreadId === null
      ? null
      : { threadId: command.nativeThreadId }
  const about = { sessionId, native } as const
  const configured: readonly DecidedEvent[] =
    cwd === undefined || cwd === null ? [] : [{ ...about, type: "session.configured", payload: { cwd } }]
  const named: readonly DecidedEvent[] =
    thread === null || title === undefined || title === null
      ? []
      : [{ ...about, type: "thread.metadata.updated", payload: { title } }]
  const created: readonly DecidedEvent[] =
    thread === null
      ? // The thread is opened before its session, by an event without a session.
        [
          {
            sessionId: null,
            native,
            type: "thread.created",
            payload: { provider, title: title ?? null, cwd: cwd ?? null },
          },
        ]
      : []
  return accept(
    ...created,
    { ...about, type: "session.started", payload: { provider, mode: "attached", leaseMs } },
    ...configured,
    ...named,
  )
}

/** `session.detach`. */
export const detachSession = (situation: Situation, command: CommandOf<"session.detach">): Decision => {
  const { sessionId, threadId } = command
  const session = sessionOf(situation, sessionId)
  if (session === null || session.threadId !== threadId) {
    return refuse("session-not-found", `Thread ${threadId} has no session ${sessionId}.`)
  }
  if (session.mode !== "attached") {
    return refuse(
      "session-conflict",
      `Session ${sessionId} is ${session.mode}; an adapter can end attached sessions only.`,
    )
  }
  if (hasEnded(session)) return accept()
  return accept({ sessionId, native: null, type: "session.exited", payload: { reason: "detached" } })
}

/** `session.start`. */
export const startSession = (situation: Situation, command: CommandOf<"session.start">): Decision =>
  onRunThread(situation, command.threadId, ({ agent }) =>
    livingSession(situation.state) === null
      ? acceptWith({
          events: [{ ...ofThread, type: "session.start-requested", payload: { data: { agent } } }],
          effects: [{ kind: "session.start", payload: { fresh: command.fresh === true } }],
        })
      : accept(),
  )

/**
 * `session.stop`: cancels what has not started, holds the queue, then ends the process. Where no session lives, one may be
 * starting, which the rows do not show: the effect cancels that start.
 */
export const stopSession = (situation: Situation, command: CommandOf<"session.stop">): Decision =>
  onThread(situation, command.threadId, (thread) => {
    const { state } = situation
    const session = livingSession(state)
    if (session?.mode === "imported") return refuseRecording(session)
    const effects: readonly RequestedEffect[] = isOurs(state, thread)
      ? [{ kind: "session.stop", sessionId: session?.sessionId ?? null }]
      : []
    // A turn of which it is not known whether it reached the agent has not started either, and no session has it any more.
    if (session === null && state.requested.length === 0) return acceptWith({ effects })
    return acceptWith({
      events: [{ ...ofThread, type: "session.stop-requested", payload: { reason: command.reason ?? null } }],
      effects,
    })
  })

/** The choices that a command names. */
const chosenIn = (command: CommandOf<"session.configure">): Configuration =>
  Object.fromEntries(
    configurationNames.flatMap((name) => {
      const value = command[name] ?? null
      return value === null ? [] : [[name, value]]
    }),
  )

/**
 * `session.configure`: the thread has the choices at once, so that its next session starts with them. The effect has a session take
 * them that lives, or that a start before it in the lane brings up.
 */
export const configureSession = (situation: Situation, command: CommandOf<"session.configure">): Decision =>
  onRunThread(situation, command.threadId, (thread) => {
    const { settings, threadId } = command
    const { model, settings: before = null } = situation.rows.whole("threads", [threadId]) ?? thread
    const chosen = chosenIn(command)
    if (Object.keys(chosen).length === 0) return refuse("invalid-request", "Nothing is chosen.")
    return acceptWith({
      events: [{ ...ofThread, type: "session.configure-requested", payload: { chosen, settings } }],
      effects: [{ kind: "session.configure", payload: { chosen, settings, before: { model, settings: before } } }],
    })
  })

/** `session.reap`: conditional, so that anything that happened after the reaper's look prevents it. */
export const reapSession = ({ state }: Situation, command: CommandOf<"session.reap">): Decision => {
  const { idleMs, ifSequence, reason, sessionId, threadId } = command
  const session = livingSession(state)
  if (session === null || session.sessionId !== sessionId) return accept()
  if (state.thread?.sequence !== ifSequence) {
    return refuse("precondition-failed", `Thread ${threadId} has moved on since sequence ${ifSequence}.`)
  }
  return acceptWith({
    events: [{ sessionId, native: null, type: "session.reaped", payload: { idleMs, reason } }],
    effects: session.mode === "managed" ? [{ kind: "session.stop", sessionId }] : [],
  })
}

/** `session.reconcile`. */
export const reconcileSession = ({ state }: Situation, command: CommandOf<"session.reconcile">): Decision => {
  const { liveness, reason, sessionId } = command
  return livingSession(state)?.sessionId === sessionId && liveness === "gone"
    ? accept({ sessionId, native: null, type: "session.reconciled", payload: { liveness, reason } })
    : accept()
}
