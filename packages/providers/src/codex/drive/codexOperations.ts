/** The operations of the port, as calls of Codex. */
import { Effect } from "effect"
import {
  type AnswerRequest,
  type ConnectionLost,
  type Delivered,
  type Interrupt,
  type Operation,
  type ProviderConnection,
  type ProviderFailure,
  Refused,
  type SendTurn,
  type StartThread,
  type Steer,
  type ThreadOpened,
  TimedOut,
} from "../../ProviderDriver.js"
import type { Answer } from "../../runtime/Message.js"
import { type Fields, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { decide } from "../translate/codexDecisions.js"
import type { Called, CallOptions, Calls } from "./CodexCalls.js"
import type { HeldLines } from "./HeldLines.js"
import type { LiveThreads } from "./LiveThreads.js"

const provider = "codex"

export interface OperationParts {
  readonly calls: Calls
  readonly threads: LiveThreads
  readonly held: HeldLines
  /** How long Codex may take to answer a call that we wait for, and how long the pipe may take to accept a call, ms. */
  readonly answerMs: number
}

type Operations = Omit<ProviderConnection, "events" | "reference" | "stop">

const textInput = (text: string): readonly Fields[] => [{ type: "text", text, text_elements: [] }]

const threadIn = (result: unknown): string | null =>
  (isFields(result) ? hintText(hintFields(result, "thread") ?? {}, "id") : undefined) ?? null

const openedThread = (answer: Answer): string | null => (answer.ok ? threadIn(answer.result) : null)

export const makeOperations = ({ answerMs, calls, held, threads }: OperationParts): Operations => {
  const inTime =
    (operation: Operation) =>
    <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | TimedOut> =>
      Effect.timeoutFail(effect, {
        duration: answerMs,
        onTimeout: () => new TimedOut({ provider, operation, afterMs: answerMs }),
      })

  const refuse = (operation: Operation, message: string) => new Refused({ provider, operation, message })

  const deliver = (
    operation: Operation,
    method: string,
    params: Fields,
    options?: CallOptions,
  ): Effect.Effect<Delivered, ConnectionLost | TimedOut> =>
    calls.call(operation, method, params, options).pipe(
      inTime(operation),
      Effect.map(({ answer, callId }: Called) => ({ callId, answered: Effect.asVoid(answer) })),
    )

  const settled = (operation: Operation, method: string, params: Fields, options?: CallOptions) =>
    Effect.flatMap(calls.call(operation, method, params, options), ({ answer }) => answer)

  const open = (
    operation: Operation,
    method: string,
    params: Fields,
    options: CallOptions,
  ): Effect.Effect<ThreadOpened, ProviderFailure> =>
    settled(operation, method, params, options).pipe(
      Effect.flatMap((result) => {
        const nativeThreadId = threadIn(result)
        return nativeThreadId === null
          ? refuse(operation, "Codex answered without naming the thread. Its version may be one that is not supported.")
          : Effect.succeed({ nativeThreadId })
      }),
      inTime(operation),
    )

  const threadParams = ({ cwd, model, settings }: StartThread): Fields => ({
    ...settings,
    ...(cwd === undefined ? {} : { cwd }),
    ...(model === undefined ? {} : { model }),
  })

  /** Stops the running turn of a thread, and the commands that outlive turns. */
  const quiet = (threadId: string): Effect.Effect<void, ConnectionLost> =>
    Effect.gen(function* () {
      const turnId = threads.runningTurn(threadId)
      if (turnId !== null) {
        // Codex refuses this where the turn has just ended. Then the goal is reached.
        yield* Effect.catchTag(settled("stop", "turn/interrupt", { threadId, turnId }), "Refused", () => Effect.void)
        yield* threads.idle(threadId)
      }
      yield* Effect.catchTag(
        settled("stop", "thread/backgroundTerminals/clean", { threadId }),
        "Refused",
        () => Effect.void,
      )
    })

  return {
    startThread: (thread) =>
      open("start-thread", "thread/start", threadParams(thread), {
        onSend: held.startAsked,
        onAnswer: (answer) => {
          const nativeThreadId = openedThread(answer)
          if (nativeThreadId !== null) threads.opened(nativeThreadId, thread.threadId)
          held.startAnswered(nativeThreadId)
        },
      }),

    resumeThread: (thread) =>
      Effect.suspend(() => {
        const { nativeThreadId, threadId } = thread
        let before: string | null = null
        return open(
          "resume-thread",
          "thread/resume",
          // The log holds the turns so far, so Codex need not send them again.
          { excludeTurns: true, ...threadParams(thread), threadId: nativeThreadId },
          {
            onSend: () => {
              before = threads.reference(nativeThreadId)
              threads.expect(nativeThreadId, threadId)
              held.know(nativeThreadId)
            },
            onAnswer: (answer) => {
              if (answer.ok) threads.opened(nativeThreadId, threadId)
              else threads.expect(nativeThreadId, before)
            },
          },
        )
      }),

    sendTurn: ({ nativeThreadId, settings, text, turnId }: SendTurn) =>
      deliver(
        "send-turn",
        "turn/start",
        { ...settings, threadId: nativeThreadId, clientUserMessageId: turnId, input: textInput(text) },
        { turnId },
      ),

    steer: ({ messageId, nativeThreadId, nativeTurnId, text }: Steer) =>
      deliver("steer", "turn/steer", {
        threadId: nativeThreadId,
        expectedTurnId: nativeTurnId,
        ...(messageId === undefined ? {} : { clientUserMessageId: messageId }),
        input: textInput(text),
      }),

    interrupt: ({ nativeThreadId, nativeTurnId }: Interrupt) =>
      Effect.map(
        deliver("interrupt", "turn/interrupt", { threadId: nativeThreadId, turnId: nativeTurnId }),
        ({ answered, callId }) => ({
          callId,
          // Codex refuses an interrupt that names a turn which does not run. If another turn has taken its place without a
          // reported end, that turn is meant.
          answered: Effect.catchTag(answered, "Refused", (refused) => {
            const turnId = threads.inPlaceOf(nativeThreadId, nativeTurnId)
            return turnId === null
              ? refused
              : Effect.asVoid(settled("interrupt", "turn/interrupt", { threadId: nativeThreadId, turnId }))
          }),
        }),
      ),

    answer: ({ data, decision, nativeRequestId }: AnswerRequest) =>
      Effect.suspend((): Effect.Effect<Delivered, ProviderFailure> => {
        const lost = calls.lost()
        if (lost !== null) return lost
        const question = threads.question(nativeRequestId)
        if (question === undefined) {
          return refuse("answer", "This question is not open: it was answered, or its turn ended.")
        }
        const decided = decide(question, decision, data)
        if ("refused" in decided) return refuse("answer", decided.refused)
        threads.takeQuestion(nativeRequestId)
        const id: unknown = JSON.parse(nativeRequestId)
        return calls.send({ id, ...decided }).pipe(
          inTime("answer"),
          // Codex reports that a question is resolved, but does not acknowledge the answer.
          Effect.as({ callId: nativeRequestId, answered: Effect.void }),
        )
      }),

    closeThread: (nativeThreadId) =>
      Effect.suspend(() =>
        threads.isOpen(nativeThreadId)
          ? quiet(nativeThreadId).pipe(
              Effect.zipRight(
                settled(
                  "stop",
                  "thread/unsubscribe",
                  { threadId: nativeThreadId },
                  {
                    onAnswer: (answer) => {
                      if (answer.ok) threads.closed(nativeThreadId)
                    },
                  },
                ),
              ),
              inTime("stop"),
              Effect.asVoid,
            )
          : Effect.void,
      ),
  }
}
