/**
 * A server as a desktop app or a script uses it: commands that are given once however often they are sent, turns that are
 * waited for, events that continue across lost connections.
 */
import type { Receipt, TurnDetail } from "@threadfold/contracts"
import {
  CreateThreadBody,
  ForkBody,
  type InterruptBody,
  type KeepAliveBody,
  type RenameBody,
  ReorderQueueBody,
  type RespondBody,
  type SendMessageBody,
  type StartSessionBody,
  type StopSessionBody,
  unknownIn,
} from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Clock, Effect, Schema, type Stream } from "effect"
import { type ChangesMessage, changes } from "./Changes.js"
import { type Client, makeClient } from "./Client.js"
import type { Connection } from "./Connection.js"
import { type EventsOptions, events, type StreamMessage } from "./Events.js"
import { type Failure, failureOf, type RetryOptions, retrying } from "./Failure.js"
import { type FollowedThread, followThread } from "./followThread.js"
import type { SubscriptionOptions } from "./subscription.js"

/** Options of every command. */
export interface CommandOptions {
  /** Key of the command, 1 to 200 printable characters; a new one by default. All tries of the command carry it. */
  readonly idempotencyKey?: string
  /** `ETag` of what the caller has read: another version refuses the command with `precondition-failed`. */
  readonly ifMatch?: string
}

/** How to wait for a turn. */
export interface WaitOptions {
  /** How long to wait at most, ms; then the turn is returned as it is. Without limit by default. */
  readonly timeoutMs?: number
}

type Given = Effect.Effect<Receipt, Failure>

/** A server. Each command is a new one every time its effect is run. */
export interface Threadfold {
  /** Every call of the API by its name, as it is: without retries. */
  readonly api: Client
  /** The server's answer to a call of {@link api}, with typed failures and without retries. */
  readonly call: <A, E>(call: (api: Client) => Effect.Effect<A, E>) => Effect.Effect<A, Failure>
  readonly createThread: (body: typeof CreateThreadBody.Encoded, options?: CommandOptions) => Given
  readonly renameThread: (threadId: string, body: RenameBody, options?: CommandOptions) => Given
  readonly archiveThread: (threadId: string, options?: CommandOptions) => Given
  readonly unarchiveThread: (threadId: string, options?: CommandOptions) => Given
  readonly keepThreadAlive: (threadId: string, body: KeepAliveBody, options?: CommandOptions) => Given
  readonly deleteThread: (threadId: string, options?: CommandOptions) => Given
  readonly restoreThread: (threadId: string, options?: CommandOptions) => Given
  /** A new thread with what this one was when a turn had ended; its id is that of the receipt. */
  readonly forkThread: (threadId: string, body: typeof ForkBody.Encoded, options?: CommandOptions) => Given
  readonly sendMessage: (threadId: string, body: SendMessageBody, options?: CommandOptions) => Given
  readonly reorderQueue: (threadId: string, body: typeof ReorderQueueBody.Encoded, options?: CommandOptions) => Given
  readonly resumeQueue: (threadId: string, options?: CommandOptions) => Given
  readonly cancelMessage: (threadId: string, messageId: string, options?: CommandOptions) => Given
  readonly interruptThread: (threadId: string, body?: InterruptBody, options?: CommandOptions) => Given
  readonly interruptTurn: (turnId: string, body?: InterruptBody, options?: CommandOptions) => Given
  readonly respond: (requestId: string, body: RespondBody, options?: CommandOptions) => Given
  readonly startSession: (threadId: string, body?: StartSessionBody, options?: CommandOptions) => Given
  readonly stopSession: (threadId: string, body?: StopSessionBody, options?: CommandOptions) => Given
  /**
   * The turn when its end is final, across lost connections. One whose message went into another turn is that other one.
   */
  readonly waitForTurn: (turnId: string, options?: WaitOptions) => Effect.Effect<TurnDetail, Failure>
  /** The events as they come. */
  readonly events: (options?: EventsOptions) => Stream.Stream<StreamMessage, Failure>
  /** The rows that change, as they change. */
  readonly changes: (options?: SubscriptionOptions) => Stream.Stream<ChangesMessage, Failure>
  /** A thread as it is and as it becomes, by the reducer; `limit`: how many of the newest rows of each list it begins with. */
  readonly followThread: (
    threadId: string,
    options?: { readonly limit?: number },
  ) => Stream.Stream<FollowedThread, Failure>
}

/** Seconds that one call waits for a turn: below what proxies and clients allow a silent answer. */
const waitSeconds = 50

/** A body as its schema has it. Fails with `invalid-request` before anything is sent. */
const decoded = <A, I>(schema: Schema.Schema<A, I>, body: I): Effect.Effect<A, Problem> => {
  const unknown = unknownIn(schema, body, "field")
  if (unknown !== null) return Effect.fail(new Problem({ slug: "invalid-request", detail: `payload: ${unknown}.` }))
  return Effect.mapError(
    Schema.decode(schema)(body),
    ({ message }) => new Problem({ slug: "invalid-request", detail: message }),
  )
}

/** Makes a server's face. Nothing is called yet. */
export const makeThreadfold = (connection: Connection, retry: RetryOptions = {}): Effect.Effect<Threadfold> =>
  Effect.map(makeClient(connection), (api): Threadfold => {
    const { commands, turns } = api

    const call: Threadfold["call"] = (make) => Effect.mapError(make(api), failureOf)

    /** Sends a command until there is an answer, every time under the same key. */
    const give = <E>(
      options: CommandOptions | undefined,
      send: (headers: {
        readonly "idempotency-key": string
        readonly "if-match"?: string
      }) => Effect.Effect<Receipt, E>,
    ): Given =>
      Effect.suspend(() => {
        const ifMatch = options?.ifMatch
        const headers = {
          "idempotency-key": options?.idempotencyKey ?? crypto.randomUUID(),
          ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
        }
        return Effect.retry(Effect.mapError(send(headers), failureOf), retrying(retry))
      })

    /** A look at a turn that lasts until its end or until `deadline` (ms since the epoch). */
    const look = (turnId: string, deadline: number): Effect.Effect<TurnDetail, Failure> =>
      Effect.gen(function* () {
        const left = (deadline - (yield* Clock.currentTimeMillis)) / 1_000
        const wait = Math.max(0, Math.min(waitSeconds, left))
        const turn = yield* call(() => turns.get({ path: { turnId }, urlParams: { wait } })).pipe(
          Effect.retry(retrying(retry)),
        )
        const isFinal = turn.status === "ended" && turn.settled
        if (isFinal && turn.steeredInto !== null) return yield* look(turn.steeredInto, deadline)
        return isFinal || wait >= left ? turn : yield* look(turnId, deadline)
      })

    return {
      api,
      call,
      createThread: (body, options) =>
        Effect.flatMap(decoded(CreateThreadBody, body), (payload) =>
          give(options, (headers) => commands.createThread({ payload, headers })),
        ),
      renameThread: (threadId, payload, options) =>
        give(options, (headers) => commands.renameThread({ path: { threadId }, payload, headers })),
      archiveThread: (threadId, options) =>
        give(options, (headers) => commands.archiveThread({ path: { threadId }, headers })),
      unarchiveThread: (threadId, options) =>
        give(options, (headers) => commands.unarchiveThread({ path: { threadId }, headers })),
      keepThreadAlive: (threadId, payload, options) =>
        give(options, (headers) => commands.keepThreadAlive({ path: { threadId }, payload, headers })),
      deleteThread: (threadId, options) =>
        give(options, (headers) => commands.deleteThread({ path: { threadId }, headers })),
      restoreThread: (threadId, options) =>
        give(options, (headers) => commands.restoreThread({ path: { threadId }, headers })),
      forkThread: (threadId, body, options) =>
        Effect.flatMap(decoded(ForkBody, body), (payload) =>
          give(options, (headers) => commands.forkThread({ path: { threadId }, payload, headers })),
        ),
      sendMessage: (threadId, payload, options) =>
        give(options, (headers) => commands.sendMessage({ path: { threadId }, payload, headers })),
      reorderQueue: (threadId, body, options) =>
        Effect.flatMap(decoded(ReorderQueueBody, body), (payload) =>
          give(options, (headers) => commands.reorderQueue({ path: { threadId }, payload, headers })),
        ),
      resumeQueue: (threadId, options) =>
        give(options, (headers) => commands.resumeQueue({ path: { threadId }, headers })),
      cancelMessage: (threadId, messageId, options) =>
        give(options, (headers) => commands.cancelMessage({ path: { threadId, messageId }, headers })),
      interruptThread: (threadId, payload = {}, options) =>
        give(options, (headers) => commands.interruptThread({ path: { threadId }, payload, headers })),
      interruptTurn: (turnId, payload = {}, options) =>
        give(options, (headers) => commands.interruptTurn({ path: { turnId }, payload, headers })),
      respond: (requestId, payload, options) =>
        give(options, (headers) => commands.respond({ path: { requestId }, payload, headers })),
      startSession: (threadId, payload = {}, options) =>
        give(options, (headers) => commands.startSession({ path: { threadId }, payload, headers })),
      stopSession: (threadId, payload = {}, options) =>
        give(options, (headers) => commands.stopSession({ path: { threadId }, payload, headers })),
      waitForTurn: (turnId, { timeoutMs } = {}) =>
        timeoutMs === undefined
          ? look(turnId, Number.POSITIVE_INFINITY)
          : Effect.flatMap(Clock.currentTimeMillis, (now) => look(turnId, now + timeoutMs)),
      events: (options) => events(connection, options),
      changes: (options) => changes(connection, options),
      followThread: (threadId, { limit } = {}) =>
        followThread(connection, threadId, (minSequence) =>
          call(() =>
            api.model.snapshot({ path: { threadId }, urlParams: { limit, "min-sequence": minSequence } }),
          ).pipe(Effect.retry(retrying(retry))),
        ),
    }
  })
