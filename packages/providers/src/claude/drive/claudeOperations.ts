/** The operations of an open thread. Each goes to the SDK, and is delivered when its line was written. */
import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import {
  type AnswerRequest,
  type ConnectionLost,
  type Delivered,
  type Interrupt,
  type Operation,
  type ProviderFailure,
  Refused,
  type SendTurn,
  type Steer,
  TimedOut,
} from "../../ProviderDriver.js"
import { decide } from "../translate/claudeDecisions.js"
import type { Wire } from "./ClaudeWire.js"
import type { Prompt } from "./Prompt.js"
import type { Questions } from "./Questions.js"
import type { SdkQuery } from "./Sdk.js"
import { refusedSettings, turnSettings } from "./threadOptions.js"

/** A thread whose agent runs. */
export interface OpenThread {
  readonly nativeThreadId: string
  readonly wire: Wire
  readonly query: SdkQuery
  readonly prompt: Prompt
  readonly questions: Questions
  /** The native id of the running turn. */
  readonly runningTurn: () => string | null
  /** How long the agent may take to change a setting, ms. */
  readonly answerMs: number
}

const provider = "claude"

const refused = (operation: Operation, message: string): Refused => new Refused({ provider, operation, message })

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const userMessage = (uuid: string, text: string) => ({
  type: "user",
  message: { role: "user", content: [{ type: "text", text }] },
  parent_tool_use_id: null,
  session_id: "",
  uuid,
})

/** A delivered operation for which the protocol has no acknowledgement. */
const deliveredOnly = (callId: string): Delivered => ({ callId, answered: Effect.void })

/** The failure of a refused call: the loss of the connection if that was the cause, else the refusal. */
const whyNot = (wire: Wire, refusal: Refused): Effect.Effect<never, Refused | ConnectionLost> => wire.lost() ?? refusal

/** A call of the SDK that the agent answers. It fails if the connection ends before the answer. */
const call = (
  { answerMs, wire }: OpenThread,
  operation: Operation,
  run: () => Promise<unknown>,
): Effect.Effect<unknown, ProviderFailure> =>
  Effect.tryPromise({ try: run, catch: (error) => refused(operation, reasonOf(error)) }).pipe(
    Effect.timeoutFail({
      duration: answerMs,
      onTimeout: () => new TimedOut({ provider, operation, afterMs: answerMs }),
    }),
    Effect.raceFirst(wire.over),
    // If the process is gone, the error of the SDK is no refusal by the agent.
    Effect.catchTag("Refused", (refusal) => whyNot(wire, refusal)),
  )

/** Applies the settings of a turn before its message is sent. They also apply to the turns after it. */
const applySettings = (thread: OpenThread, settings: SendTurn["settings"] = {}) =>
  Effect.gen(function* () {
    const [other] = refusedSettings(settings, "turn")
    if (other !== undefined) {
      const message = `The setting ${other} cannot be changed for a turn; give it when the thread is opened.`
      return yield* refused("send-turn", message)
    }
    const { model, permissionMode } = turnSettings(settings)
    if (model !== undefined) yield* call(thread, "send-turn", () => thread.query.setModel(model))
    if (permissionMode !== undefined) {
      yield* call(thread, "send-turn", () => thread.query.setPermissionMode(permissionMode))
    }
  })

export const sendTurn = (thread: OpenThread, turn: SendTurn): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.gen(function* () {
    yield* applySettings(thread, turn.settings)
    const { prompt, wire } = thread
    // The agent reports the state of a message by this id. We choose it, so it can be our turn id.
    const { callId, delivered } = wire.expectMessage(turn.turnId, turn.turnId)
    prompt.push(userMessage(turn.turnId, turn.text))
    yield* delivered
    return deliveredOnly(callId)
  })

const turnIsOver = (operation: Operation, nativeTurnId: string) =>
  refused(operation, `The turn ${nativeTurnId} does not run any more.`)

export const steer = (thread: OpenThread, message: Steer): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.suspend((): Effect.Effect<Delivered, ConnectionLost | Refused> => {
    if (thread.runningTurn() !== message.nativeTurnId) return turnIsOver("steer", message.nativeTurnId)
    const uuid = randomUUID()
    const { callId, delivered } = thread.wire.expectMessage(uuid)
    thread.prompt.push(userMessage(uuid, message.text))
    return Effect.as(delivered, deliveredOnly(callId))
  })

export const interrupt = (thread: OpenThread, turn: Interrupt): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.suspend((): Effect.Effect<Delivered, ConnectionLost | Refused> => {
    if (thread.runningTurn() !== turn.nativeTurnId) return turnIsOver("interrupt", turn.nativeTurnId)
    const { query, wire } = thread
    const delivered = wire.expectInterrupt()
    const answer = query.interrupt().then(
      () => null,
      (error: unknown) => reasonOf(error),
    )
    const answered = Effect.promise(() => answer).pipe(
      Effect.raceFirst(wire.over),
      Effect.flatMap((problem) => (problem === null ? Effect.void : whyNot(wire, refused("interrupt", problem)))),
    )
    return Effect.map(delivered, (callId) => ({ callId, answered }))
  })

export const answer = (thread: OpenThread, request: AnswerRequest): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.suspend((): Effect.Effect<Delivered, ConnectionLost | Refused> => {
    const { questions, wire } = thread
    const question = questions.find(request.nativeRequestId)
    if (question === undefined) {
      return refused("answer", "This question is not open: it was answered, or the agent gave it up.")
    }
    const decision = decide(question.asked, request)
    if ("problem" in decision) return refused("answer", decision.problem)
    questions.close(question.id)
    const { callId, delivered } = wire.expectAnswer(question.id)
    question.answer(decision.value)
    return Effect.as(delivered, deliveredOnly(callId))
  })
