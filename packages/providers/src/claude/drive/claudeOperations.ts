/** Orders to a thread that is open: each is put to the SDK, and handed over when its line has gone out. */
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

/** An order whose protocol has no acknowledgement of its own. */
const handedOver = (callId: string): Delivered => ({ callId, answered: Effect.void })

/** A refusal, or the loss of the connection that brought it about. */
const whyNot = (wire: Wire, refusal: Refused): Effect.Effect<never, Refused | ConnectionLost> => wire.lost() ?? refusal

/** A call of the SDK that the agent answers; a connection that goes meanwhile fails it. */
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
    // What the SDK says of a call whose process has gone is no refusal.
    Effect.catchTag("Refused", (refusal) => whyNot(wire, refusal)),
  )

/** Settings of a turn: they change the session before the message goes out, and stay. */
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

export const sendTurn = (thread: OpenThread, order: SendTurn): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.gen(function* () {
    yield* applySettings(thread, order.settings)
    const { prompt, wire } = thread
    // The agent tells by this id what becomes of the message; ours is as good as any.
    const { callId, handed } = wire.expectMessage(order.turnId, order.turnId)
    prompt.push(userMessage(order.turnId, order.text))
    yield* handed
    return handedOver(callId)
  })

const turnIsOver = (operation: Operation, nativeTurnId: string) =>
  refused(operation, `The turn ${nativeTurnId} does not run any more.`)

export const steer = (thread: OpenThread, order: Steer): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.suspend((): Effect.Effect<Delivered, ConnectionLost | Refused> => {
    if (thread.runningTurn() !== order.nativeTurnId) return turnIsOver("steer", order.nativeTurnId)
    const uuid = randomUUID()
    const { callId, handed } = thread.wire.expectMessage(uuid)
    thread.prompt.push(userMessage(uuid, order.text))
    return Effect.as(handed, handedOver(callId))
  })

export const interrupt = (thread: OpenThread, order: Interrupt): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.suspend((): Effect.Effect<Delivered, ConnectionLost | Refused> => {
    if (thread.runningTurn() !== order.nativeTurnId) return turnIsOver("interrupt", order.nativeTurnId)
    const { query, wire } = thread
    const handed = wire.expectInterrupt()
    const answer = query.interrupt().then(
      () => null,
      (error: unknown) => reasonOf(error),
    )
    const answered = Effect.promise(() => answer).pipe(
      Effect.raceFirst(wire.over),
      Effect.flatMap((problem) => (problem === null ? Effect.void : whyNot(wire, refused("interrupt", problem)))),
    )
    return Effect.map(handed, (callId) => ({ callId, answered }))
  })

export const answer = (thread: OpenThread, order: AnswerRequest): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.suspend((): Effect.Effect<Delivered, ConnectionLost | Refused> => {
    const { questions, wire } = thread
    const question = questions.find(order.nativeRequestId)
    if (question === undefined) {
      return refused("answer", "This question is not open: it was answered, or the agent gave it up.")
    }
    const decision = decide(question.asked, order)
    if ("problem" in decision) return refused("answer", decision.problem)
    questions.close(question.id)
    const { callId, handed } = wire.expectAnswer(question.id)
    question.answer(decision.value)
    return Effect.as(handed, handedOver(callId))
  })
