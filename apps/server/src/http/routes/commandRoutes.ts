/** Routes of commands: each makes one command of its path and body, and dispatches it. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { type Command, type EffectRow, MessageId, RequestId, ThreadId, TurnId } from "@threadfold/contracts"
import {
  Api,
  CreateThreadBody,
  type EffectView,
  ForkBody,
  InterruptBody,
  KeepAliveBody,
  RenameBody,
  ReorderQueueBody,
  RespondBody,
  SendMessageBody,
  StartSessionBody,
  StopSessionBody,
} from "@threadfold/contracts/api"
import { Problem, type ProblemSlug } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { Agents, Ids, Orchestrator } from "@threadfold/orchestrator"
import { Projections } from "@threadfold/projections"
import { Clock, Effect, Option, Schema } from "effect"
import { Forks } from "../../forks/Forks.js"
import { orProblem } from "../../problems/toProblem.js"
import { type CommandCall, commandDispatcher } from "./dispatchCommand.js"
import { type Body, nothing, optional, required } from "./requestBody.js"
import { requireFolders } from "./requireFolders.js"

/** An id out of a path. One of the wrong form names nothing that exists. */
const idOf =
  <A>(schema: Schema.Schema<A, string>, slug: ProblemSlug, what: string) =>
  (text: string): Effect.Effect<A, Problem> =>
    Option.match(Schema.decodeOption(schema)(text), {
      onNone: () => new Problem({ slug, detail: `No ${what} has the id ${text}.` }),
      onSome: Effect.succeed,
    })

const threadIdOf = idOf(ThreadId, "thread-not-found", "thread")
const messageIdOf = idOf(MessageId, "resource-not-found", "message")

/** An effect as its callers see it: neither its lease nor the text it carries. */
const effectView = ({ payload: _, token: _token, commandId: _command, ...effect }: EffectRow): EffectView => effect

interface OnThread extends CommandCall {
  readonly path: { readonly threadId: string }
}

export const commandRoutes = HttpApiBuilder.group(Api, "commands", (handlers) =>
  Effect.gen(function* () {
    const agents = yield* Agents
    const forks = yield* Forks
    const ids = yield* Ids
    const orchestrator = yield* Orchestrator
    const projections = yield* Projections
    const dispatch = yield* commandDispatcher
    const withProblems = orProblem(yield* Engine)

    /** A check that a retry does not need: it gets the first answer, whatever has happened since. */
    const unlessRemembered = ({ headers }: CommandCall, look: Effect.Effect<void, Problem>) => {
      const key = headers["idempotency-key"]
      const remembered = key === undefined ? Effect.succeed(false) : orchestrator.isRemembered(key)
      return Effect.flatMap(remembered, (isRetry) => (isRetry ? Effect.void : look))
    }

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
        "deleteThread",
        onThread(nothing, (threadId) => ({ type: "thread.delete", threadId })),
      )
      .handleRaw(
        "restoreThread",
        onThread(nothing, (threadId) => ({ type: "thread.restore", threadId })),
      )
      .handleRaw("forkThread", (call) =>
        dispatch(call, required(ForkBody), ({ turnId }) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            yield* unlessRemembered(call, forks.requireRoom)
            const intoThreadId = ThreadId.make(ids.next(yield* Clock.currentTimeMillis))
            return { type: "thread.fork" as const, threadId, turnId, intoThreadId }
          }),
        ).pipe(Effect.tap(forks.wake)),
      )
      .handleRaw("sendMessage", (call) =>
        dispatch(call, required(SendMessageBody), (body) =>
          Effect.gen(function* () {
            const threadId = yield* threadIdOf(call.path.threadId)
            yield* unlessRemembered(call, requireFolders(body))
            return { type: "message.send" as const, threadId, ...body }
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
      .handle("get", ({ path: { commandId } }) =>
        Effect.map(orchestrator.effectsOf(commandId), (effects) => ({
          commandId,
          effects: effects.map(effectView),
        })).pipe(withProblems),
      )
  }),
)
