/** The operations of a connection, as calls of the protocol. */
import { Effect } from "effect"
import type { AgentLimits } from "../../drive/AgentConfig.js"
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
import type { AcpConfig } from "./AcpConfig.js"
import type { OpenThread, Threads } from "./AcpThreads.js"
import { decide, giveUp, refusal, stopsTurn } from "./acpDecisions.js"
import { acpPrompt } from "./acpPrompt.js"
import type { Handshake } from "./handshake.js"
import type { Answered, CallOptions, Peer } from "./Peer.js"
import { type Offer, readOffer, readSettings, type Settings, setCalls } from "./sessionSettings.js"

export interface AcpConnectionParts {
  readonly config: AcpConfig
  /** Working directory of the process, for threads that name none. */
  readonly cwd: string | undefined
  readonly handshake: Handshake
  readonly limits: Required<AgentLimits>
  readonly peer: Peer
  readonly stop: Effect.Effect<void>
  readonly threads: Threads
  /** Called with what a session offers. */
  readonly learn: (offer: Offer) => void
}

/** The call id of a notification, which has no id. */
const noCall = "null"

const fieldsOf = ({ answer }: Answered): Fields => (answer.ok && isFields(answer.result) ? answer.result : {})

/** The id of the session that an answer has opened. */
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

  /** Sends a call and waits for its answer, within the limit. */
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
      for (const { method, params } of calls) {
        const answer = yield* ask(operation, method, params)
        threads.offered(thread.id, answer)
      }
    })

  /** Applies the settings to an opened session. If that fails, the session is closed again. */
  const opened = (operation: Operation, input: StartThread, thread: OpenThread) =>
    Effect.gen(function* () {
      const settings = settingsOf(input)
      yield* Effect.tapError(configure(operation, thread, settings), () => Effect.ignore(closeThread(thread.id)))
      const result: ThreadOpened = { nativeThreadId: thread.id }
      return result
    })

  const settingsOf = (input: StartThread): Settings => {
    const settings = readSettings(input.settings)
    const model = input.model ?? settings.model ?? config.model
    return { ...settings, model, mode: settings.mode ?? config.mode }
  }

  const openParams = (input: StartThread): Fields => ({
    mcpServers: [],
    ...settingsOf(input).rest,
    cwd: input.cwd ?? parts.cwd ?? process.cwd(),
  })

  const register = (id: string, threadId: string, answered: Answered): OpenThread => {
    const thread: OpenThread = { id, offer: readOffer(fieldsOf(answered)), prompts: 0, running: null }
    threads.references.set(id, threadId)
    threads.open.set(id, thread)
    parts.learn(thread.offer)
    threads.news.opened(fieldsOf(answered))
    return thread
  }

  const startThread = (input: StartThread): Effect.Effect<ThreadOpened, ProviderFailure> =>
    Effect.gen(function* () {
      let thread: OpenThread | undefined
      threads.start(input.threadId)
      const onAnswer = (answered: Answered): void => {
        const id = sessionIdOf(answered)
        if (id !== undefined) thread = register(id, input.threadId, answered)
      }
      yield* ask("start-thread", methods.newSession, openParams(input), { onAnswer })
      if (thread === undefined) return yield* refuse("start-thread", "The agent opened a session without an id.")
      return yield* opened("start-thread", input, thread)
    }).pipe(Effect.ensuring(Effect.sync(() => threads.start(null))), oneAtATime.withPermits(1))

  const resumeThread = (input: ResumeThread): Effect.Effect<ThreadOpened, ProviderFailure> =>
    Effect.gen(function* () {
      yield* peer.alive
      const { canLoad, canResume } = handshake
      const byResume = canResume && (config.reopenBy !== "load" || !canLoad)
      if (!byResume && !canLoad) return yield* new Unsupported({ provider, operation: "resume-thread" })
      const id = input.nativeThreadId
      if (threads.open.has(id)) {
        return yield* refuse("resume-thread", `The session ${id} is open on this connection already.`)
      }
      threads.references.set(id, input.threadId)
      let thread: OpenThread | undefined
      const onAnswer = (answered: Answered): void => {
        if (answered.answer.ok) thread = register(id, input.threadId, answered)
      }
      const method = byResume ? methods.resumeSession : methods.loadSession
      yield* ask("resume-thread", method, { ...openParams(input), sessionId: id }, { onAnswer })
      if (thread === undefined) return yield* refuse("resume-thread", "The agent did not open the session.")
      return yield* opened("resume-thread", input, thread)
    })

  const sendTurn: ProviderConnection["sendTurn"] = (turn) =>
    Effect.gen(function* () {
      const operation = "send-turn"
      const thread = yield* openThread(operation, turn.nativeThreadId)
      if (thread.running !== null) {
        return yield* refuse(operation, "A turn is running in this session. Wait for its end, or interrupt it.")
      }
      const prompt = acpPrompt(turn.text, turn.parts, handshake.prompt)
      if (typeof prompt === "string") return yield* refuse(operation, prompt)
      const running = { nativeTurnId: `turn-${thread.prompts + 1}`, cancelled: false }
      thread.running = running
      const over = () => {
        if (thread.running === running) thread.running = null
      }
      let isSent = false
      const onSend = () => {
        isSent = true
        thread.prompts += 1
      }
      const settings = readSettings(turn.settings)
      const params = { prompt, ...settings.rest, sessionId: thread.id }
      const now = { ...thread, offer: { ...thread.offer, model: undefined, mode: undefined } }
      const { callId } = yield* configure(operation, now, settings).pipe(
        Effect.zipRight(peer.call(methods.prompt, params, { turnId: turn.turnId, onSend, onAnswer: over })),
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
      // The protocol demands an answer to every open question of a cancelled turn.
      return Effect.zipRight(peer.notify(methods.cancel, { sessionId: thread.id }), giveUpQuestions(thread.id))
    })

  const interrupt: ProviderConnection["interrupt"] = (turn) =>
    Effect.gen(function* () {
      const thread = yield* openThread("interrupt", turn.nativeThreadId)
      if (thread.running?.nativeTurnId !== turn.nativeTurnId) {
        return yield* refuse("interrupt", `The turn ${turn.nativeTurnId} is not running any more.`)
      }
      yield* cancel(thread)
      return acknowledged(noCall)
    })

  const answer: ProviderConnection["answer"] = (request) =>
    Effect.gen(function* () {
      yield* peer.alive
      const question = threads.questions.get(request.nativeRequestId)
      if (question === undefined || (question.nativeThreadId ?? request.nativeThreadId) !== request.nativeThreadId) {
        return yield* refuse("answer", "The agent does not wait for this answer any more.")
      }
      const thread = threads.open.get(request.nativeThreadId)
      if (stopsTurn(question, request.decision) && thread !== undefined && thread.running !== null) {
        yield* cancel(thread)
        return acknowledged(request.nativeRequestId)
      }
      const decided = decide(question, request.decision, request.data)
      if ("problem" in decided) return yield* refuse("answer", decided.problem)
      threads.questions.delete(request.nativeRequestId)
      yield* peer.respond(request.nativeRequestId, decided)
      return acknowledged(request.nativeRequestId)
    })

  const reconfigure: ProviderConnection["configure"] = ({ chosen, nativeThreadId }) =>
    Effect.gen(function* () {
      const thread = yield* openThread("configure", nativeThreadId)
      const { effort, mode, model } = chosen
      const offer = { ...thread.offer, model: undefined, mode: undefined }
      yield* configure("configure", { ...thread, offer }, readSettings({ effort, mode, model }))
    })

  /** Closes a session. An agent that cannot close it keeps it loaded; then only our log shows that it is closed. */
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
    configure: reconfigure,
    login: (way) =>
      Effect.succeed({
        url: null,
        code: null,
        // The agent answers when the person has signed in.
        done: peer.call(methods.authenticate, { methodId: way }).pipe(
          Effect.flatMap((sent) => sent.answer),
          Effect.flatMap((answered) =>
            answered.answer.ok
              ? Effect.void
              : Effect.fail(new Refused({ provider, operation: "login", message: refusal(answered, handshake.login) })),
          ),
        ),
        cancel: Effect.void,
      }),
    lists: threads.news.lists(handshake.authMethods),
    listChanges: threads.news.changes.of,
    choices: (nativeThreadId) => threads.open.get(nativeThreadId)?.offer.choices ?? null,
    closeThread,
    stop: parts.stop,
  }
}
