/** Routes of commands: each makes one command of its path and body, and dispatches it. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { type Command, RequestId, ThreadId, TurnId } from "@threadfold/contracts"
import {
  Api,
  ConfigureBody,
  CreateThreadBody,
  EditMessageBody,
  ForkBody,
  InterruptBody,
  KeepAliveBody,
  PromoteMessageBody,
  ReadBody,
  RenameBody,
  ReorderQueueBody,
  RespondBody,
  ReviewBody,
  RewindBody,
  SendMessageBody,
  StartSessionBody,
  StopSessionBody,
  StopTaskBody,
  UnattendedBody,
} from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import {
  type Ability,
  Agents,
  Configurations,
  Ids,
  Messages,
  Orchestrator,
  requireAbility,
} from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { Clock, Effect } from "effect"
import { Forks } from "../../forks/Forks.js"
import { orProblem } from "../../problems/toProblem.js"
import { type CommandCall, commandDispatcher, messageIdOf, taskIdOf, threadIdOf } from "./dispatchCommand.js"
import { shownEffect } from "./effectRoutes.js"
import { type Body, nothing, optional, required } from "./requestBody.js"
import { requireFolders } from "./requireFolders.js"

interface OnThread extends CommandCall {
  readonly path: { readonly threadId: string }
}

export const commandRoutes = HttpApiBuilder.group(Api, "commands", (handlers) =>
  Effect.gen(function* () {
    const agents = yield* Agents
    const configurations = yield* Configurations
    const forks = yield* Forks
    const ids = yield* Ids
    const messages = yield* Messages
    const orchestrator = yield* Orchestrator
    const projections = yield* Projections
    const dispatch = yield* commandDispatcher
    const withProblems = orProblem(yield* Engine)

    /** Whether a call gets the answer of an earlier one, whatever has happened since. */
    const isRetry = ({ headers }: CommandCall) => {
      const key = headers["idempotency-key"]
      return key === undefined ? Effect.succeed(false) : orchestrator.isRemembered(key)
    }

    /** Fails where the agent of the thread cannot do this; a retry gets its first answer in any case. */
    const requires = (call: CommandCall, threadId: ThreadId, ability: Ability, what: string) =>
      unlessRemembered(
        call,
        requireAbility(threadId, ability, what).pipe(
          Effect.provideService(Agents, agents),
          Effect.provideService(Projections, projections),
          withProblems,
        ),
      )

    /** A check that a retry does not need. */
    const unlessRemembered = (call: CommandCall, look: Effect.Effect<void, Problem>) =>
      Effect.flatMap(isRetry(call), (isRetried) => (isRetried ? Effect.void : look))

    /** The route of a command about the thread that the path names. */
    const onThread =
      <A, I>(body: Body<A, I>, command: (threadId: ThreadId, value: A) => Command) =>
      (call: OnThread) =>
        dispatch(call, body, (value) => Effect.map(threadIdOf(call.path.threadId), (id) => command(id, value)))

    return handlers
      .handleRaw("createThread", (call) =>
        dispatch(call, required(CreateThreadBody), ({ threadId, ...body }) =>
          Effect.gen(function* () {
            const { driver } = yield* agents.get(body.agent)
            yield* unlessRemembered(call, requireFolders(body))
            const id = threadId ?? ThreadId.make(ids.next(yield* Clock.currentTimeMillis))
            return { type: "thread.create" as const, threadId: id, provider: driver.provider, ...body }
          }),
        ),
      )
      .handleRaw(
        "renameThread",
        onThread(required(RenameBody), (threadId, { title }) => ({ type: "thread.rename", threadId, title })),
      )
      .handleRaw(
        "archiveThread",
        onThread(nothing, (threadId) => ({ type: "thread.archive", threadId })),
      )
      .handleRaw(
        "unarchiveThread",
        onThread(nothing, (threadId) => ({ type: "thread.unarchive", threadId })),
      )
      .handleRaw(
        "keepThreadAlive",
        onThread(required(KeepAliveBody), (threadId, { until }) => ({ type: "thread.keep-alive", threadId, until })),
      )
      .handleRaw(
        "setUnattended",
        onThread(required(UnattendedBody), (threadId, { rules }) => ({ type: "thread.unattended", threadId, rules })),
      )
      .handleRaw(
        "readThread",
        onThread(required(ReadBody), (threadId, { version }) => ({ type: "thread.read", threadId, version })),
      )
      .handleRaw(
        "pinThread",
        onThread(nothing, (threadId) => ({ type: "thread.pin", threadId })),
      )
      .handleRaw(
        "unpinThread",
        onThread(nothing, (threadId) => ({ type: "thread.unpin", threadId })),
      )
      .handleRaw(
        "deleteThread",
        onThread(nothing, (threadId) => ({ type: "thread.delete", threadId })),
      )
      .handleRaw(
        "restoreThread",
        onThread(nothing, (threadId) => ({ type: "thread.restore", threadId })),
      )
      .handleRaw("forkThread", (call) =>
        dispatch(call, required(ForkBody), ({ goOn, turnId }) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            yield* unlessRemembered(call, forks.requireRoom)
            if (goOn === true) yield* requires(call, threadId, "fork", "go on in a fork of its conversation")
            const work = goOn === true ? yield* projections.threadWork(threadId) : null
            // A thread without an agent is refused by what the command finds.
            const agent = goOn === true ? (work?.thread.agent ?? "-") : null
            const intoThreadId = ThreadId.make(ids.next(yield* Clock.currentTimeMillis))
            return {
              type: "thread.fork" as const,
              threadId,
              turnId,
              intoThreadId,
              ...(agent === null ? {} : { agent }),
            }
          }),
        ).pipe(Effect.tap(forks.wake)),
      )
      .handleRaw("rewindThread", (call) =>
        dispatch(call, optional(RewindBody), ({ files, turns }) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            yield* requires(call, threadId, "rewind", "take turns back")
            if (files === true) yield* requires(call, threadId, "restoreFiles", "restore files")
            return { type: "thread.rewind" as const, threadId, turns, files }
          }),
        ),
      )
      .handleRaw("compactThread", (call) =>
        dispatch(call, nothing, () =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            yield* requires(call, threadId, "compact", "compact a conversation when it is asked to")
            return { type: "thread.compact" as const, threadId }
          }),
        ),
      )
      .handleRaw("startReview", (call) =>
        dispatch(call, required(ReviewBody), ({ target }) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            yield* requires(call, threadId, "review", "review changes in a turn made for that")
            return { type: "review.start" as const, threadId, target }
          }),
        ),
      )
      .handleRaw("sendMessage", (call) =>
        dispatch(call, required(SendMessageBody), (body) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            const { mode, parts: given, settings, text: words } = body
            const command = { type: "message.send" as const, threadId, mode, settings }
            // A retry gets the first answer, whatever has become of its files since.
            if (yield* isRetry(call)) return { command: { ...command, text: words ?? "" } }
            yield* requireFolders(body)
            const { blobs, parts, text } = yield* messages.prepare({ threadId, text: words, parts: given })
            return { command: { ...command, text, ...(parts === null ? {} : { parts }) }, blobs }
          }),
        ),
      )
      .handleRaw(
        "reorderQueue",
        onThread(required(ReorderQueueBody), (threadId, { messageIds }) => ({
          type: "queue.reorder",
          threadId,
          messageIds,
        })),
      )
      .handleRaw(
        "resumeQueue",
        onThread(nothing, (threadId) => ({ type: "queue.resume", threadId })),
      )
      .handleRaw("editMessage", (call) =>
        dispatch(call, required(EditMessageBody), (body) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            const messageId = yield* messageIdOf(call.path.messageId)
            const command = { type: "message.edit" as const, threadId, messageId }
            if (yield* isRetry(call)) return { command: { ...command, text: body.text ?? "" } }
            const { blobs, parts, text } = yield* messages.prepare({ threadId, ...body })
            return { command: { ...command, text, ...(parts === null ? {} : { parts }) }, blobs }
          }),
        ),
      )
      .handleRaw("promoteMessage", (call) =>
        dispatch(call, optional(PromoteMessageBody), ({ to }) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            const messageId = yield* messageIdOf(call.path.messageId)
            if (to === "turn") yield* requires(call, threadId, "steer", "take a message into its running turn")
            return { type: "message.promote" as const, threadId, messageId, to }
          }),
        ),
      )
      .handleRaw("cancelMessage", (call) =>
        dispatch(call, nothing, () =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            const messageId = yield* messageIdOf(call.path.messageId)
            return { type: "queue.cancel" as const, threadId, messageId }
          }),
        ),
      )
      .handleRaw(
        "interruptThread",
        onThread(optional(InterruptBody), (threadId, { reason }) => ({ type: "turn.interrupt", threadId, reason })),
      )
      .handleRaw("interruptTurn", (call) =>
        dispatch(call, optional(InterruptBody), ({ reason }) =>
          Effect.map(projections.turn(call.path.turnId), ({ value: { threadId, turnId } }) => ({
            type: "turn.interrupt" as const,
            threadId: ThreadId.make(threadId),
            turnId: TurnId.make(turnId),
            reason,
          })),
        ),
      )
      .handleRaw("stopTask", (call) =>
        dispatch(call, optional(StopTaskBody), ({ reason }) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            const taskId = yield* taskIdOf(call.path.taskId)
            yield* requires(call, threadId, "stopTask", "end a background task")
            return { type: "task.stop" as const, threadId, taskId, reason }
          }),
        ),
      )
      .handleRaw("respond", (call) =>
        dispatch(call, required(RespondBody), (body) =>
          Effect.map(projections.request(call.path.requestId), ({ value: { requestId, threadId } }) => ({
            type: "request.respond" as const,
            threadId: ThreadId.make(threadId),
            requestId: RequestId.make(requestId),
            ...body,
          })),
        ),
      )
      .handleRaw(
        "startSession",
        onThread(optional(StartSessionBody), (threadId, { fresh }) => ({ type: "session.start", threadId, fresh })),
      )
      .handleRaw(
        "stopSession",
        onThread(optional(StopSessionBody), (threadId, { reason }) => ({ type: "session.stop", threadId, reason })),
      )
      .handleRaw("configureSession", (call) =>
        dispatch(call, required(ConfigureBody), (chosen) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            // A retry is answered as before, whatever the agent offers now.
            const settings = (yield* isRetry(call)) ? {} : yield* configurations.settingsOf(threadId, chosen)
            return { type: "session.configure" as const, threadId, ...chosen, settings }
          }),
        ),
      )
      .handle("get", ({ path: { commandId } }) =>
        Effect.map(orchestrator.effectsOf(commandId), (effects) => ({
          commandId,
          effects: effects.map(shownEffect),
        })).pipe(withProblems),
      )
  }),
)
