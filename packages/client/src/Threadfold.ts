/**
 * A server as a desktop app or a script uses it: commands that are given once however often they are sent, turns that are
 * waited for, events that continue across lost connections.
 */
import type { Cut, FolderView, Receipt, TextRange, TurnDetail } from "@threadfold/contracts"
import {
  type BlobView,
  type ConfigureBody,
  CreateThreadBody,
  type EditMessageBody,
  ForkBody,
  type InterruptBody,
  type KeepAliveBody,
  type PromoteMessageBody,
  type PurgeView,
  type ReadBody,
  type RenameBody,
  ReorderQueueBody,
  type RespondBody,
  type ReviewBody,
  type RewindBody,
  type RowsSnapshot,
  type SendMessageBody,
  type StartSessionBody,
  type StopSessionBody,
  type StopTaskBody,
  type UnattendedBody,
  unknownIn,
  type WhatIfAnswer,
  type WhatIfBody,
} from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Clock, Effect, Schema, type Stream } from "effect"
import { type ChangesMessage, changes } from "./Changes.js"
import { type Client, makeClient } from "./Client.js"
import type { Connection } from "./Connection.js"
import { type EventsOptions, events, type StreamedEvent, type StreamMessage } from "./Events.js"
import { type Failure, failureOf, type RetryOptions, repeating } from "./Failure.js"
import { type FollowedThread, followThread } from "./followThread.js"
import { type InboxMessage, inbox } from "./inboxStream.js"
import { type Questions, questions } from "./Questions.js"
import { readText, readTextPart, type TextPart, wholeEvent } from "./readTexts.js"
import { type SubscriptionCalls, subscriptionCalls } from "./SubscriptionCalls.js"
import type { SubscriptionOptions } from "./subscription.js"
import { type VoiceCalls, voiceCalls } from "./VoiceCalls.js"

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
export interface Threadfold extends Questions {
  /** Every call of the API by its name, as it is: no failure is tried again, but for a read whose connection was lost. */
  readonly api: Client
  /** The server's answer to a call of {@link api}, with typed failures and without retries. */
  readonly call: <A, E>(call: (api: Client) => Effect.Effect<A, E>) => Effect.Effect<A, Failure>
  readonly createThread: (body: typeof CreateThreadBody.Encoded, options?: CommandOptions) => Given
  readonly renameThread: (threadId: string, body: RenameBody, options?: CommandOptions) => Given
  readonly archiveThread: (threadId: string, options?: CommandOptions) => Given
  readonly unarchiveThread: (threadId: string, options?: CommandOptions) => Given
  readonly keepThreadAlive: (threadId: string, body: KeepAliveBody, options?: CommandOptions) => Given
  /** What follows when no person answers a question of the thread's agent. */
  readonly setUnattended: (threadId: string, body: UnattendedBody, options?: CommandOptions) => Given
  /** Marks the thread as read up to a `streamVersion` of it. */
  readonly readThread: (threadId: string, body: ReadBody, options?: CommandOptions) => Given
  readonly pinThread: (threadId: string, options?: CommandOptions) => Given
  readonly unpinThread: (threadId: string, options?: CommandOptions) => Given
  readonly deleteThread: (threadId: string, options?: CommandOptions) => Given
  readonly restoreThread: (threadId: string, options?: CommandOptions) => Given
  /** A new thread with what this one was when a turn had ended; its id is that of the receipt. */
  readonly forkThread: (threadId: string, body: typeof ForkBody.Encoded, options?: CommandOptions) => Given
  /** The folder of the thread as it is now: whether it is there, and what git has checked out. */
  readonly folderOf: (threadId: string) => Effect.Effect<FolderView, Failure>
  /** Has the agent replace the head of the conversation by a summary, in a turn. */
  readonly compactThread: (threadId: string, options?: CommandOptions) => Given
  /** Has the agent review changes, in a turn. */
  readonly startReview: (threadId: string, body: ReviewBody, options?: CommandOptions) => Given
  /** Takes back the newest turns of the conversation; `commandId` of the receipt leads to what became of it. */
  readonly rewindThread: (threadId: string, body?: RewindBody, options?: CommandOptions) => Given
  /**
   * Removes the content of a thread for good, and returns once its tombstone is durable. One that was purged before: no change, and the
   * same answer. With `ifVersion` only while its `streamVersion` is this, else `precondition-failed`. `purgeOf` tells how far it is.
   */
  readonly purgeThread: (
    threadId: string,
    options?: { readonly ifVersion?: number },
  ) => Effect.Effect<PurgeView, Failure>
  /** How far the purge of a thread is; of one that was not purged, what a purge would remove. */
  readonly purgeOf: (threadId: string) => Effect.Effect<PurgeView, Failure>
  /**
   * Stores an image or a file, which a message then refers to by its hash. The same bytes again: no change, the same answer. One that no
   * message refers to is removed after a day.
   */
  readonly storeBlob: (bytes: Uint8Array) => Effect.Effect<BlobView, Failure>
  /** The bytes of a blob. */
  readonly readBlob: (hash: string) => Effect.Effect<Uint8Array, Failure>
  /** A part of a text that is too long to ride along: `href` is that of `truncated`. */
  readonly readTextPart: (cut: Pick<Cut, "href">, part?: TextPart) => Effect.Effect<TextRange, Failure>
  /** The whole of such a text, as its parts: a program holds as much of it as it keeps. */
  readonly readText: (cut: Pick<Cut, "href">) => Stream.Stream<string, Failure>
  /** An event of a stream with its whole payload; one that is not cut is as it was, without a call. */
  readonly wholeEvent: (event: StreamedEvent) => Effect.Effect<StreamedEvent, Failure>
  readonly sendMessage: (threadId: string, body: SendMessageBody, options?: CommandOptions) => Given
  readonly reorderQueue: (threadId: string, body: typeof ReorderQueueBody.Encoded, options?: CommandOptions) => Given
  readonly resumeQueue: (threadId: string, options?: CommandOptions) => Given
  /** Writes a message of the queue again. */
  readonly editMessage: (threadId: string, messageId: string, body: EditMessageBody, options?: CommandOptions) => Given
  /** Has a message of the queue go first or, with `to: "turn"`, into the running turn. */
  readonly promoteMessage: (
    threadId: string,
    messageId: string,
    body?: PromoteMessageBody,
    options?: CommandOptions,
  ) => Given
  readonly cancelMessage: (threadId: string, messageId: string, options?: CommandOptions) => Given
  readonly interruptThread: (threadId: string, body?: InterruptBody, options?: CommandOptions) => Given
  readonly interruptTurn: (turnId: string, body?: InterruptBody, options?: CommandOptions) => Given
  /** Has the agent end a background task; `commandId` of the receipt leads to what became of it. */
  readonly stopTask: (threadId: string, taskId: string, body?: StopTaskBody, options?: CommandOptions) => Given
  readonly respond: (requestId: string, body: RespondBody, options?: CommandOptions) => Given
  readonly startSession: (threadId: string, body?: StartSessionBody, options?: CommandOptions) => Given
  readonly stopSession: (threadId: string, body?: StopSessionBody, options?: CommandOptions) => Given
  /** Another model, effort, approval mode or sandbox, in the agent's words, from the next turn on or at once. */
  readonly configureSession: (threadId: string, body: ConfigureBody, options?: CommandOptions) => Given
  /** Durable subscriptions: the server keeps the place of a program that acts on events. */
  readonly subscriptions: SubscriptionCalls
  /** Voice conversations. None of these calls is repeated by itself. */
  readonly voice: VoiceCalls
  /**
   * The turn when its end is final, across lost connections. One whose message went into another turn is that other one.
   */
  readonly waitForTurn: (turnId: string, options?: WaitOptions) => Effect.Effect<TurnDetail, Failure>
  /** The events as they come. */
  readonly events: (options?: EventsOptions) => Stream.Stream<StreamMessage, Failure>
  /** What needs a person, of all threads: as it is, and whenever it is another. */
  readonly inbox: (options?: Omit<SubscriptionOptions, "threadId">) => Stream.Stream<InboxMessage, Failure>
  /** The rows that change, as they change. */
  readonly changes: (options?: SubscriptionOptions) => Stream.Stream<ChangesMessage, Failure>
  /** The rows and the open state of a thread after a sequence of the log: a reducer goes on from them with the events after it. */
  readonly rowsAt: (
    threadId: string,
    at: number,
    options?: { readonly limit?: number },
  ) => Effect.Effect<typeof RowsSnapshot.Type, Failure>
  /** How a thread would be with an edited log. Nothing is stored. */
  readonly whatIf: (threadId: string, body: WhatIfBody) => Effect.Effect<typeof WhatIfAnswer.Type, Failure>
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
    const { blobs, commands, purges, turns } = api

    const call: Threadfold["call"] = (make) => Effect.mapError(make(api), failureOf)
    const ask = repeating(retry)

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
        return ask(send(headers))
      })

    /** A look at a turn that lasts until its end or until `deadline` (ms since the epoch). */
    const look = (turnId: string, deadline: number): Effect.Effect<TurnDetail, Failure> =>
      Effect.gen(function* () {
        const left = (deadline - (yield* Clock.currentTimeMillis)) / 1_000
        const wait = Math.max(0, Math.min(waitSeconds, left))
        const turn = yield* ask(turns.get({ path: { turnId }, urlParams: { wait } }))
        const isFinal = turn.status === "ended" && turn.settled
        if (isFinal && turn.steeredInto !== null) return yield* look(turn.steeredInto, deadline)
        return isFinal || wait >= left ? turn : yield* look(turnId, deadline)
      })

    return {
      api,
      call,
      ...questions(api, retry),
      subscriptions: subscriptionCalls(api, connection, retry),
      voice: voiceCalls(api, connection),
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
      setUnattended: (threadId, payload, options) =>
        give(options, (headers) => commands.setUnattended({ path: { threadId }, payload, headers })),
      keepThreadAlive: (threadId, payload, options) =>
        give(options, (headers) => commands.keepThreadAlive({ path: { threadId }, payload, headers })),
      readThread: (threadId, payload, options) =>
        give(options, (headers) => commands.readThread({ path: { threadId }, payload, headers })),
      pinThread: (threadId, options) => give(options, (headers) => commands.pinThread({ path: { threadId }, headers })),
      unpinThread: (threadId, options) =>
        give(options, (headers) => commands.unpinThread({ path: { threadId }, headers })),
      deleteThread: (threadId, options) =>
        give(options, (headers) => commands.deleteThread({ path: { threadId }, headers })),
      restoreThread: (threadId, options) =>
        give(options, (headers) => commands.restoreThread({ path: { threadId }, headers })),
      forkThread: (threadId, body, options) =>
        Effect.flatMap(decoded(ForkBody, body), (payload) =>
          give(options, (headers) => commands.forkThread({ path: { threadId }, payload, headers })),
        ),
      folderOf: (threadId) => ask(api.threads.folder({ path: { threadId }, urlParams: {} })),
      compactThread: (threadId, options) =>
        give(options, (headers) => commands.compactThread({ path: { threadId }, headers })),
      startReview: (threadId, payload, options) =>
        give(options, (headers) => commands.startReview({ path: { threadId }, payload, headers })),
      rewindThread: (threadId, payload = {}, options) =>
        give(options, (headers) => commands.rewindThread({ path: { threadId }, payload, headers })),
      purgeThread: (threadId, urlParams = {}) => ask(purges.purge({ path: { threadId }, urlParams })),
      purgeOf: (threadId) => ask(purges.get({ path: { threadId } })),
      storeBlob: (payload) => ask(blobs.store({ payload, urlParams: {} })),
      readBlob: (hash) => ask(blobs.get({ path: { hash } })),
      readTextPart: (cut, part) => ask(readTextPart(connection, cut, part)),
      readText: (cut) => readText(connection, cut),
      wholeEvent: (event) => ask(wholeEvent(connection, event)),
      sendMessage: (threadId, payload, options) =>
        payload.text === undefined && payload.parts === undefined
          ? Effect.fail(new Problem({ slug: "invalid-request", detail: "payload: a message has a text or parts." }))
          : give(options, (headers) => commands.sendMessage({ path: { threadId }, payload, headers })),
      reorderQueue: (threadId, body, options) =>
        Effect.flatMap(decoded(ReorderQueueBody, body), (payload) =>
          give(options, (headers) => commands.reorderQueue({ path: { threadId }, payload, headers })),
        ),
      resumeQueue: (threadId, options) =>
        give(options, (headers) => commands.resumeQueue({ path: { threadId }, headers })),
      editMessage: (threadId, messageId, payload, options) =>
        give(options, (headers) => commands.editMessage({ path: { threadId, messageId }, payload, headers })),
      promoteMessage: (threadId, messageId, payload = {}, options) =>
        give(options, (headers) => commands.promoteMessage({ path: { threadId, messageId }, payload, headers })),
      cancelMessage: (threadId, messageId, options) =>
        give(options, (headers) => commands.cancelMessage({ path: { threadId, messageId }, headers })),
      interruptThread: (threadId, payload = {}, options) =>
        give(options, (headers) => commands.interruptThread({ path: { threadId }, payload, headers })),
      interruptTurn: (turnId, payload = {}, options) =>
        give(options, (headers) => commands.interruptTurn({ path: { turnId }, payload, headers })),
      stopTask: (threadId, taskId, payload = {}, options) =>
        give(options, (headers) => commands.stopTask({ path: { threadId, taskId }, payload, headers })),
      respond: (requestId, payload, options) =>
        give(options, (headers) => commands.respond({ path: { requestId }, payload, headers })),
      startSession: (threadId, payload = {}, options) =>
        give(options, (headers) => commands.startSession({ path: { threadId }, payload, headers })),
      stopSession: (threadId, payload = {}, options) =>
        give(options, (headers) => commands.stopSession({ path: { threadId }, payload, headers })),
      configureSession: (threadId, payload, options) =>
        give(options, (headers) => commands.configureSession({ path: { threadId }, payload, headers })),
      waitForTurn: (turnId, { timeoutMs } = {}) =>
        timeoutMs === undefined
          ? look(turnId, Number.POSITIVE_INFINITY)
          : Effect.flatMap(Clock.currentTimeMillis, (now) => look(turnId, now + timeoutMs)),
      events: (options) => events(connection, options),
      changes: (options) => changes(connection, options),
      inbox: (options) => inbox(connection, options),
      rowsAt: (threadId, at, { limit } = {}) =>
        ask(api.model.snapshot({ path: { threadId }, urlParams: { at, limit } })),
      whatIf: (threadId, payload) => ask(api.moments.whatIf({ path: { threadId }, urlParams: {}, payload })),
      followThread: (threadId, { limit } = {}) =>
        followThread(connection, threadId, (minSequence) =>
          ask(api.model.snapshot({ path: { threadId }, urlParams: { limit, "min-sequence": minSequence } })),
        ),
    }
  })
