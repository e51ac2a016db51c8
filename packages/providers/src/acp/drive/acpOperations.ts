/** The orders that a connection takes, as calls of the protocol. */
import { Effect } from "effect"
import {
  type ConnectionLost,
  type Delivered,
  type Operation,
  type ProviderConnection,
  type ProviderFailure,
  Refused,
  type ResumeThread,
  type StartThread,
  type ThreadOpened,
  TimedOut,
  Unsupported,
} from "../../ProviderDriver.js"
import { type Fields, isFields } from "../../runtime/readFields.js"
import { closeEvent } from "../translate/AcpTranslator.js"
import { methods } from "../translate/acpProtocol.js"
import type { AcpConfig, AcpLimits } from "./AcpConfig.js"
import type { OpenThread, Threads } from "./AcpThreads.js"
import { decide, giveUp, refusal, stopsTurn } from "./acpDecisions.js"
import type { Handshake } from "./handshake.js"
import type { Answered, CallOptions, Peer } from "./Peer.js"
import { readOffer, readSettings, type Settings, setCalls } from "./sessionSettings.js"

export interface AcpConnectionParts {
  readonly config: AcpConfig
  /** Working directory of the process, for threads that name none. */
  readonly cwd: string | undefined
  readonly handshake: Handshake
  readonly limits: Required<AcpLimits>
  readonly peer: Peer
  readonly stop: Effect.Effect<void>
  readonly threads: Threads
}

/** A notification has no id that an answer could name. */
const noCall = "null"

const fieldsOf = ({ answer }: Answered): Fields => (answer.ok && isFields(answer.result) ? answer.result : {})

/** The id of the session that an answer opens. */
const sessionIdOf = (answered: Answered): string | undefined => {
  const { sessionId } = fieldsOf(answered)
  return typeof sessionId === "string" && sessionId !== "" ? sessionId : undefined
}

const acknowledged = (callId: string): Delivered => ({ callId, answered: Effect.void })

export const makeAcpConnection = (parts: AcpConnectionParts): ProviderConnection => {
  const { config, handshake, limits, peer, threads } = parts
  const provider = config.name
  const oneAtATime = Effect.unsafeMakeSemaphore(1)

  const refuse = (operation: Operation, message: string) => new Refused({ provider, operation, message })

  /** A call whose answer is awaited, within the limit. */
  const ask = (
    operation: Operation,
    method: string,
    params: Fields,
    options?: CallOptions,
  ): Effect.Effect<Fields, Refused | TimedOut | ConnectionLost> =>
    peer.call(method, params, options).pipe(
      Effect.flatMap((sent) => sent.answer),
      Effect.timeoutFail({
        duration: limits.answerMs,
        onTimeout: () => new TimedOut({ provider, operation, afterMs: limits.answerMs }),
      }),
      Effect.flatMap((answered) =>
        answered.answer.ok
          ? Effect.succeed(fieldsOf(answered))
          : Effect.fail(refuse(operation, refusal(answered, handshake.login))),
      ),
    )

  const openThread = (operation: Operation, id: string): Effect.Effect<OpenThread, Refused | ConnectionLost> =>
    Effect.flatMap(peer.alive, () => {
      const thread = threads.open.get(id)
      if (thread !== undefined) return Effect.succeed(thread)
      return refuse(operation, `The session ${id} is not open on this connection. Start or resume it first.`)
    })

  const configure = (operation: Operation, thread: OpenThread, settings: Settings) =>
    Effect.gen(function* () {
      const calls = setCalls(thread.id, thread.offer, settings)
      if (typeof calls === "string") return yield* refuse(operation, calls)
      for (const { method, params } of calls) yield* ask(operation, method, params)
    })

  /** Brings a session to its settings; one that cannot have them is closed again. */
  const opened = (operation: Operation, order: StartThread, thread: OpenThread) =>
    Effect.gen(function* () {
      const settings = settingsOf(order)
      yield* Effect.tapError(configure(operation, thread, settings), () => Effect.ignore(closeThread(thread.id)))
      const result: ThreadOpened = { nativeThreadId: thread.id }
      return result
    })

  const settingsOf = (order: StartThread): Settings => {
    const settings = readSettings(order.settings)
    const model = order.model ?? settings.model ?? config.model
    return { ...settings, model, mode: settings.mode ?? config.mode }
  }

  const openParams = (order: StartThread): Fields => ({
    mcpServers: [],
    ...settingsOf(order).rest,
    cwd: order.cwd ?? parts.cwd ?? process.cwd(),
  })

  const register = (id: string, threadId: string, answered: Answered): OpenThread => {
    const thread: OpenThread = { id, offer: readOffer(fieldsOf(answered)), prompts: 0, running: null }
    threads.references.set(id, threadId)
    threads.open.set(id, thread)
    return thread
  }

  const startThread = (order: StartThread): Effect.Effect<ThreadOpened, ProviderFailure> =>
    Effect.gen(function* () {
      let thread: OpenThread | undefined
      threads.start(order.threadId)
      const heard = (answered: Answered): void => {
        const id = sessionIdOf(answered)
        if (id !== undefined) thread = register(id, order.threadId, answered)
      }
      yield* ask("start-thread", methods.newSession, openParams(order), { heard })
      if (thread === undefined) return yield* refuse("start-thread", "The agent opened a session without an id.")
      return yield* opened("start-thread", order, thread)
    }).pipe(Effect.ensuring(Effect.sync(() => threads.start(null))), oneAtATime.withPermits(1))

  const resumeThread = (order: ResumeThread): Effect.Effect<ThreadOpened, ProviderFailure> =>
    Effect.gen(function* () {
      yield* peer.alive
      const { canLoad, canResume } = handshake
      const byResume = canResume && (config.reopenBy !== "load" || !canLoad)
      if (!byResume && !canLoad) return yield* new Unsupported({ provider, operation: "resume-thread" })
      const id = order.nativeThreadId
      if (threads.open.has(id)) {
        return yield* refuse("resume-thread", `The session ${id} is open on this connection already.`)
      }
      threads.references.set(id, order.threadId)
      let thread: OpenThread | undefined
      const heard = (answered: Answered): void => {
        if (answered.answer.ok) thread = register(id, order.threadId, answered)
      }
      const method = byResume ? methods.resumeSession : methods.loadSession
      yield* ask("resume-thread", method, { ...openParams(order), sessionId: id }, { heard })
      if (thread === undefined) return yield* refuse("resume-thread", "The agent did not open the session.")
      return yield* opened("resume-thread", order, thread)
    })

  const sendTurn: ProviderConnection["sendTurn"] = (order) =>
    Effect.gen(function* () {
      const operation = "send-turn"
      const thread = yield* openThread(operation, order.nativeThreadId)
      if (thread.running !== null) {
        return yield* refuse(operation, "A turn is running in this session. Wait for its end, or interrupt it.")
      }
      const running = { nativeTurnId: `turn-${thread.prompts + 1}`, cancelled: false }
      thread.running = running
      const over = () => {
        if (thread.running === running) thread.running = null
      }
      let isSent = false
      const sent = () => {
        isSent = true
        thread.prompts += 1
      }
      const settings = readSettings(order.settings)
      const params = { prompt: [{ type: "text", text: order.text }], ...settings.rest, sessionId: thread.id }
      const now = { ...thread, offer: { ...thread.offer, model: undefined, mode: undefined } }
      const { callId } = yield* configure(operation, now, settings).pipe(
        Effect.zipRight(peer.call(methods.prompt, params, { turnId: order.turnId, sent, heard: over })),
        Effect.onExit(() => Effect.sync(() => (isSent ? undefined : over()))),
      )
      return acknowledged(callId)
    })

  const giveUpQuestions = (nativeThreadId: string): Effect.Effect<void, ConnectionLost> =>
    Effect.forEach(
      threads.questionsOf(nativeThreadId),
      ([id, question]) => {
        threads.questions.delete(id)
        return peer.respond(id, { result: giveUp(question) })
      },
      { discard: true },
    )

  const cancel = (thread: OpenThread): Effect.Effect<void, ConnectionLost> =>
    Effect.suspend(() => {
      if (thread.running !== null) thread.running.cancelled = true
      // The protocol demands an answer to every question of a turn that is stopped.
      return Effect.zipRight(peer.notify(methods.cancel, { sessionId: thread.id }), giveUpQuestions(thread.id))
    })

  const interrupt: ProviderConnection["interrupt"] = (order) =>
    Effect.gen(function* () {
      const thread = yield* openThread("interrupt", order.nativeThreadId)
      if (thread.running?.nativeTurnId !== order.nativeTurnId) {
        return yield* refuse("interrupt", `The turn ${order.nativeTurnId} is not running any more.`)
      }
      yield* cancel(thread)
      return acknowledged(noCall)
    })

  const answer: ProviderConnection["answer"] = (order) =>
    Effect.gen(function* () {
      yield* peer.alive
      const question = threads.questions.get(order.nativeRequestId)
      if (question === undefined || (question.nativeThreadId ?? order.nativeThreadId) !== order.nativeThreadId) {
        return yield* refuse("answer", "The agent does not wait for this answer any more.")
      }
      const thread = threads.open.get(order.nativeThreadId)
      if (stopsTurn(question, order.decision) && thread !== undefined && thread.running !== null) {
        yield* cancel(thread)
        return acknowledged(order.nativeRequestId)
      }
      const decided = decide(question, order.decision, order.data)
      if ("problem" in decided) return yield* refuse("answer", decided.problem)
      threads.questions.delete(order.nativeRequestId)
      yield* peer.respond(order.nativeRequestId, decided)
      return acknowledged(order.nativeRequestId)
    })

  /** The agent frees the session if it can; else it stays loaded there, and we hear of it no more. */
  const closeThread: ProviderConnection["closeThread"] = (nativeThreadId) =>
    Effect.gen(function* () {
      const thread = threads.open.get(nativeThreadId)
      if (thread === undefined) return
      yield* peer.alive
      if (thread.running !== null) yield* cancel(thread)
      else yield* giveUpQuestions(nativeThreadId)
      threads.close(nativeThreadId)
      const isClosed = handshake.canClose
        ? yield* ask("stop", methods.closeSession, { sessionId: nativeThreadId }).pipe(
            Effect.as(true),
            Effect.catchTag("Refused", () => Effect.succeed(false)),
          )
        : false
      if (!isClosed) yield* peer.note(closeEvent, { sessionId: nativeThreadId })
    })

  return {
    events: peer.events,
    reference: (nativeThreadId) => threads.references.get(nativeThreadId) ?? null,
    startThread,
    resumeThread,
    sendTurn,
    steer: () => new Unsupported({ provider, operation: "steer" }),
    interrupt,
    answer,
    closeThread,
    stop: parts.stop,
  }
}
