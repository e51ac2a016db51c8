/** The operations of the port, as calls of Codex. */
import type { ReviewTarget } from "@threadfold/contracts"
import { Effect } from "effect"
import type { ListChanges } from "../../drive/AgentLists.js"
import {
  type AnswerRequest,
  type CallPurpose,
  type ConfigureThread,
  type ConnectionLost,
  type Delivered,
  type Interrupt,
  type ProviderConnection,
  type ProviderFailure,
  Refused,
  type RewindThread,
  type Rewound,
  type SendTurn,
  type StartThread,
  type Steer,
  type StopTask,
  type ThreadOpened,
  TimedOut,
} from "../../ProviderDriver.js"
import type { Answer } from "../../runtime/Message.js"
import { type Fields, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { decide } from "../translate/codexDecisions.js"
import type { Called, CallOptions, Calls } from "./CodexCalls.js"
import { codexThreadSettings, codexUpdate } from "./codexConfiguration.js"
import { codexInput, type ImageFiles, skillPath, textInput } from "./codexInput.js"
import { codexLists } from "./codexLists.js"
import type { Logins } from "./codexLogin.js"
import { routedParams } from "./codexRoute.js"
import { makeCodexVoice } from "./codexVoice.js"
import { keyPlacesOf } from "./codexVoiceCheck.js"
import type { HeldLines } from "./HeldLines.js"
import type { LiveThreads } from "./LiveThreads.js"

const provider = "codex"

export interface OperationParts {
  readonly calls: Calls
  readonly threads: LiveThreads
  readonly held: HeldLines
  readonly changes: ListChanges
  readonly logins: Logins
  /** How long Codex may take to answer a call that we wait for, and how long the pipe may take to accept a call, ms. */
  readonly answerMs: number
  /** Where images are put for it. */
  readonly images: ImageFiles
  /** The environment of its process. */
  readonly environment: Readonly<Record<string, string>>
}

type Operations = Omit<ProviderConnection, "events" | "reference" | "stop">

const threadIn = (result: unknown): string | null =>
  (isFields(result) ? hintText(hintFields(result, "thread") ?? {}, "id") : undefined) ?? null

const openedThread = (answer: Answer): string | null => (answer.ok ? threadIn(answer.result) : null)

/** What a review looks at, in Codex's words. */
const codexTarget = (target: ReviewTarget): Fields => {
  switch (target.type) {
    case "uncommitted":
      return { type: "uncommittedChanges" }
    case "branch":
      return { type: "baseBranch", branch: target.branch }
    case "commit":
      return { type: "commit", sha: target.sha, title: target.title ?? null }
    case "text":
      return { type: "custom", instructions: target.text }
  }
}

/** Whether Codex refused a call because it knows no such call. It says so by its parser, which lists those that it knows. */
const isUnknownMethod = (failure: Refused | ConnectionLost): boolean =>
  failure._tag === "Refused" && /unknown variant `thread\/revert`|method not found/i.test(failure.message)

export const makeOperations = ({
  answerMs,
  calls,
  changes,
  environment,
  held,
  logins,
  images,
  threads,
}: OperationParts): Operations => {
  const inTime =
    (operation: CallPurpose) =>
    <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | TimedOut> =>
      Effect.timeoutFail(effect, {
        duration: answerMs,
        onTimeout: () => new TimedOut({ provider, operation, afterMs: answerMs }),
      })

  const refuse = (operation: CallPurpose, message: string) => new Refused({ provider, operation, message })

  const deliver = (
    operation: CallPurpose,
    method: string,
    params: Fields,
    options?: CallOptions,
  ): Effect.Effect<Delivered, ConnectionLost | TimedOut> =>
    calls.call(operation, method, params, options).pipe(
      inTime(operation),
      Effect.map(({ answer, callId }: Called) => ({ callId, answered: Effect.asVoid(answer) })),
    )

  const settled = (operation: CallPurpose, method: string, params: Fields, options?: CallOptions) =>
    Effect.flatMap(calls.call(operation, method, params, options), ({ answer }) => answer)

  const open = (
    operation: CallPurpose,
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

  /** What goes with a call that opens a thread whose native id only the answer tells. */
  const opening = ({ threadId }: StartThread): CallOptions => ({
    onSend: held.startAsked,
    onAnswer: (answer) => {
      const nativeThreadId = openedThread(answer)
      if (nativeThreadId !== null) threads.opened(nativeThreadId, threadId)
      held.startAnswered(nativeThreadId)
    },
  })

  const threadParams = ({ cwd, model, settings }: StartThread): Fields => ({
    ...codexThreadSettings(settings ?? {}),
    ...(cwd === undefined ? {} : { cwd }),
    ...(model === undefined ? {} : { model }),
  })

  /** The parameters of a thread whose model calls take the route that it was given. */
  const routed = (operation: CallPurpose, thread: StartThread) =>
    routedParams(threadParams(thread), thread.route, (method, params) =>
      inTime(operation)(settled(operation, method, params, { unrecorded: true })),
    )

  /** The path of a skill, by its name. Codex wants both. */
  const skill = (operation: CallPurpose) => (name: string) =>
    inTime(operation)(settled(operation, "skills/list", {}, { unrecorded: true })).pipe(
      Effect.flatMap((answer) => {
        const path = skillPath(answer, name)
        return path === null ? refuse(operation, `Codex has no skill ${name} here.`) : Effect.succeed(path)
      }),
    )

  const inputOf = (
    operation: CallPurpose,
    { parts, text }: Pick<SendTurn, "text" | "parts">,
  ): Effect.Effect<readonly Fields[], ProviderFailure> =>
    parts === undefined
      ? Effect.succeed([textInput(text)])
      : codexInput<ProviderFailure>(parts, { images, skill: skill(operation) })

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
      Effect.flatMap(routed("start-thread", thread), (params) =>
        open("start-thread", "thread/start", params, opening(thread)),
      ),

    resumeThread: (thread) =>
      Effect.flatMap(routed("resume-thread", thread), (params) => {
        const { nativeThreadId, threadId } = thread
        let before: string | null = null
        return open(
          "resume-thread",
          "thread/resume",
          // The log holds the turns so far, so Codex need not send them again.
          { excludeTurns: true, ...params, threadId: nativeThreadId },
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

    fork: (thread) =>
      Effect.flatMap(routed("fork", thread), (params) => {
        const { lastNativeTurnId, nativeThreadId } = thread
        if (lastNativeTurnId === null) return refuse("fork", "Codex has told no id of the turn.")
        const place = { threadId: nativeThreadId, lastTurnId: lastNativeTurnId, excludeTurns: true }
        return open("fork", "thread/fork", { ...params, ...place }, opening(thread))
      }),

    sendTurn: (turn: SendTurn) =>
      Effect.flatMap(inputOf("send-turn", turn), (input) => {
        const { nativeThreadId, settings, turnId } = turn
        const params = { ...settings, threadId: nativeThreadId, clientUserMessageId: turnId, input }
        return deliver("send-turn", "turn/start", params, { turnId })
      }),

    steer: (message: Steer) =>
      Effect.flatMap(inputOf("steer", message), (input) => {
        const { messageId, nativeThreadId, nativeTurnId } = message
        return deliver("steer", "turn/steer", {
          threadId: nativeThreadId,
          expectedTurnId: nativeTurnId,
          ...(messageId === undefined ? {} : { clientUserMessageId: messageId }),
          input,
        })
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

    configure: ({ chosen, nativeThreadId }: ConfigureThread) =>
      settled("configure", "thread/settings/update", { threadId: nativeThreadId, ...codexUpdate(chosen) }).pipe(
        inTime("configure"),
        Effect.asVoid,
      ),
    rewind: ({ files, nativeThreadId, nativeTurnId, turns }: RewindThread) =>
      Effect.suspend((): Effect.Effect<Rewound, ProviderFailure> => {
        if (files) return refuse("rewind", "Codex takes turns back, and does not restore files.")
        if (nativeTurnId === null) return refuse("rewind", "Codex has told no id of the turn.")
        const done: Rewound = { files: null, reopen: false }
        return settled("rewind", "thread/revert", { threadId: nativeThreadId, beforeTurnId: nativeTurnId }).pipe(
          // Versions before 0.169 have the older call alone.
          Effect.catchIf(isUnknownMethod, () =>
            settled("rewind", "thread/rollback", { threadId: nativeThreadId, numTurns: turns }),
          ),
          Effect.as(done),
          inTime("rewind"),
        )
      }),

    compact: ({ nativeThreadId, turnId }) =>
      deliver("compact", "thread/compact/start", { threadId: nativeThreadId }, { turnId }),

    review: ({ nativeThreadId, target, turnId }) =>
      deliver("review", "review/start", { threadId: nativeThreadId, target: codexTarget(target) }, { turnId }),

    stopTask: ({ nativeThreadId, processId }: StopTask) =>
      Effect.suspend((): Effect.Effect<void, ProviderFailure> => {
        if (processId === null) return refuse("stopTask", "Codex has told no process of this task.")
        const params = { threadId: nativeThreadId, processId }
        return settled("stopTask", "thread/backgroundTerminals/terminate", params).pipe(
          inTime("stopTask"),
          Effect.flatMap((result) =>
            isFields(result) && result.terminated === true
              ? Effect.void
              : refuse("stopTask", "Codex has no such process any more."),
          ),
        )
      }),

    lists: codexLists((method, params) => inTime("list")(settled("list", method, params, { unrecorded: true }))),
    listChanges: changes.of,
    login: (way) =>
      logins.start(way, (method, params) => inTime("login")(settled("login", method, params, { unrecorded: true }))),

    voice: makeCodexVoice({
      deliver: (method, params) => deliver("voice", method, params),
      settled: (method, params) => inTime("voice")(settled("voice", method, params)),
      unrecorded: (method, params) => inTime("voice")(settled("voice", method, params, { unrecorded: true })),
      keyPlaces: () => keyPlacesOf(environment),
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
