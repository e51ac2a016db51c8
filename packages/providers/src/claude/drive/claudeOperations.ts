/** The operations of an open thread. Each goes to the SDK, and is delivered when its line was written. */
import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import {
  type AnswerRequest,
  type CallPurpose,
  type CompactThread,
  type ConfigureThread,
  type ConnectionLost,
  type Delivered,
  type Interrupt,
  type Operation,
  type ProviderFailure,
  Refused,
  type RestoredFiles,
  type RewindThread,
  type Rewound,
  type SendTurn,
  type Steer,
  type StopTask,
  TimedOut,
} from "../../ProviderDriver.js"
import { hintArray, hintNumber, hintText, isFields } from "../../runtime/readFields.js"
import { decide } from "../translate/claudeDecisions.js"
import type { Wire } from "./ClaudeWire.js"
import { claudeContent } from "./claudeContent.js"
import type { Prompt } from "./Prompt.js"
import type { Questions } from "./Questions.js"
import type { SdkQuery } from "./Sdk.js"
import { placeBefore } from "./storedPlace.js"
import { refusedSettings, turnSettings } from "./threadOptions.js"

/** A thread whose agent runs. */
export interface OpenThread {
  readonly nativeThreadId: string
  /** The session under which the agent stores it. */
  readonly sessionId: string
  /** The environment of its agent. */
  readonly env: Readonly<Record<string, string>>
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

const refused = (operation: CallPurpose, message: string): Refused => new Refused({ provider, operation, message })

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const userMessage = (uuid: string, { parts, text }: Pick<SendTurn, "text" | "parts">) => ({
  type: "user",
  message: { role: "user", content: claudeContent(text, parts) },
  parent_tool_use_id: null,
  session_id: "",
  uuid,
})

/** A delivered operation for which the protocol has no acknowledgement. */
const deliveredOnly = (callId: string): Delivered => ({ callId, answered: Effect.void })

/** The failure of a refused call: the loss of the connection if that was the cause, else the refusal. */
const whyNot = (wire: Wire, refusal: Refused): Effect.Effect<never, Refused | ConnectionLost> => wire.lost() ?? refusal

/** A call of the SDK that the agent answers. It fails if the connection ends before the answer. */
export const call = (
  { answerMs, wire }: OpenThread,
  operation: CallPurpose,
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

/** Other choices for the thread: the agent takes them in the middle of a turn, too. */
export const configure = (thread: OpenThread, { chosen }: ConfigureThread): Effect.Effect<void, ProviderFailure> =>
  Effect.gen(function* () {
    const { effort, mode, model } = chosen
    const { query } = thread
    const ask = (run: () => Promise<unknown>) => call(thread, "configure", run)
    if (typeof model === "string") yield* ask(() => query.setModel(model))
    if (typeof mode === "string") yield* ask(() => query.setPermissionMode(mode))
    if (typeof effort !== "string") return
    const { applyFlagSettings } = query
    if (applyFlagSettings === undefined) {
      return yield* refused(
        "configure",
        "This version of the Claude Agent SDK cannot change the effort of an open thread.",
      )
    }
    yield* ask(() => applyFlagSettings.call(query, { effortLevel: effort }))
  })

export const sendTurn = (thread: OpenThread, turn: SendTurn): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.gen(function* () {
    yield* applySettings(thread, turn.settings)
    const { prompt, wire } = thread
    // The agent reports the state of a message by this id. We choose it, so it can be our turn id.
    const { callId, delivered } = wire.expectMessage(turn.turnId, turn.turnId)
    prompt.push(userMessage(turn.turnId, turn))
    yield* delivered
    return deliveredOnly(callId)
  })

/** What to say of a turn whose message the agent's stored conversation does not have. */
export const notStored = (turnId: string): string =>
  `The stored conversation has no message ${turnId}: only a turn that began with a message of this server can be taken back.`

/** The agent's answer to a call that restores files. */
const restored = (answer: unknown): RestoredFiles | string => {
  const fields = isFields(answer) ? answer : {}
  if (fields.canRewind !== true)
    return hintText(fields, "error") ?? "The agent does not say why it cannot restore files."
  return {
    paths: hintArray(fields, "filesChanged").filter((path) => typeof path === "string"),
    insertions: hintNumber(fields, "insertions") ?? null,
    deletions: hintNumber(fields, "deletions") ?? null,
    skipped: hintNumber(fields, "skippedLinks") ?? 0,
  }
}

/** Takes turns back: its files now, where they are wanted, and the conversation when it is opened again. */
export const rewind = (thread: OpenThread, { files, turnId }: RewindThread): Effect.Effect<Rewound, ProviderFailure> =>
  Effect.gen(function* () {
    if (thread.runningTurn() !== null) return yield* refused("rewind", "A turn runs.")
    if ((yield* placeBefore(thread.env, thread.sessionId, turnId)) === null) {
      return yield* refused("rewind", notStored(turnId))
    }
    if (!files) return { files: null, reopen: true }
    const { rewindFiles } = thread.query
    if (rewindFiles === undefined) return yield* refused("rewind", "This version of the agent's SDK restores no files.")
    const restore = (dryRun: boolean) =>
      Effect.flatMap(
        call(thread, "rewind", () => rewindFiles.call(thread.query, turnId, { dryRun })),
        (answer) => {
          const read = restored(answer)
          return typeof read === "string" ? refused("rewind", read) : Effect.succeed(read)
        },
      )
    // Only a preview tells which files it is about, and only the restoring itself which of them it left.
    const preview = yield* restore(true)
    const { skipped } = yield* restore(false)
    return { files: { ...preview, skipped }, reopen: true }
  })

/** Compacts the conversation: a command of the agent that a message gives. */
export const compact = (thread: OpenThread, { nativeThreadId, turnId }: CompactThread) =>
  sendTurn(thread, { nativeThreadId, turnId, text: "/compact" })

const turnIsOver = (operation: Operation, nativeTurnId: string) =>
  refused(operation, `The turn ${nativeTurnId} does not run any more.`)

export const steer = (thread: OpenThread, message: Steer): Effect.Effect<Delivered, ProviderFailure> =>
  Effect.suspend((): Effect.Effect<Delivered, ConnectionLost | Refused> => {
    if (thread.runningTurn() !== message.nativeTurnId) return turnIsOver("steer", message.nativeTurnId)
    const uuid = randomUUID()
    const { callId, delivered } = thread.wire.expectMessage(uuid)
    thread.prompt.push(userMessage(uuid, message))
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

/** Ends a background task. The id that we gave a run of it goes beyond the agent's. */
export const stopTask = (thread: OpenThread, { nativeTaskId }: StopTask): Effect.Effect<void, ProviderFailure> =>
  Effect.suspend(() => {
    const { stopTask: stop } = thread.query
    if (stop === undefined) return refused("stopTask", "This version of the Claude Agent SDK ends no background task.")
    if (nativeTaskId === null) return refused("stopTask", "The agent has told no id of this task.")
    const [agentsId = nativeTaskId] = nativeTaskId.split("#")
    return Effect.asVoid(call(thread, "stopTask", () => stop.call(thread.query, agentsId)))
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
