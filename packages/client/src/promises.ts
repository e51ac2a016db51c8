/** The client for programs without Effect: promises and async iteration. */
import type { Cut, EventEnvelope, Receipt, TurnDetail } from "@threadfold/contracts"
import { Effect, Stream } from "effect"
import type { ChangesMessage } from "./Changes.js"
import type { Client } from "./Client.js"
import type { Connection } from "./Connection.js"
import type { EventsOptions, StreamMessage } from "./Events.js"
import { type Failure, promise, type RetryOptions } from "./Failure.js"
import type { FollowedThread } from "./followThread.js"
import type { InboxMessage } from "./inboxStream.js"
import type { Lists } from "./Questions.js"
import type { ConsumerOptions, SubscriptionCalls } from "./SubscriptionCalls.js"
import type { SubscriptionOptions } from "./subscription.js"
import { makeThreadfold, type Threadfold, type WaitOptions } from "./Threadfold.js"
import type { VoiceCalls } from "./VoiceCalls.js"

/** The commands of {@link Threadfold}. */
type CommandName = {
  readonly [K in keyof Threadfold]: Threadfold[K] extends (...args: infer _) => Effect.Effect<Receipt, Failure>
    ? K
    : never
}[keyof Threadfold]

type Promised<F> = F extends (...args: infer Args) => Effect.Effect<infer A, infer _E>
  ? (...args: Args) => Promise<A>
  : never

type Iterated<F> = F extends (...args: infer Args) => Stream.Stream<infer A, infer _E>
  ? (...args: Args) => AsyncIterable<A>
  : never

/** {@link SubscriptionCalls} in promises. */
export interface PromisedSubscriptions
  extends Readonly<{
    [K in "put" | "get" | "list" | "delete" | "acknowledge"]: Promised<SubscriptionCalls[K]>
  }> {
  /** The events after the checkpoint, and those to come. Leave the loop to end it. */
  readonly events: Iterated<SubscriptionCalls["events"]>
  /**
   * Has each event acted on, one after the other, and acknowledges each when its promise is fulfilled. Rejects with what `act` rejects
   * with, with the server's `Problem`, or when `signal` ends it.
   */
  readonly consume: (
    name: string,
    act: (event: EventEnvelope) => Promise<unknown>,
    options?: ConsumerOptions & { readonly signal?: AbortSignal },
  ) => Promise<never>
}

/** {@link VoiceCalls} in promises. */
export interface PromisedVoice
  extends Readonly<{ [K in Exclude<keyof VoiceCalls, "audio">]: Promised<VoiceCalls[K]> }> {
  /** What the voice says, as audio, from now on. Leave the loop to end it. */
  readonly audio: Iterated<VoiceCalls["audio"]>
}

/** A server in promises. They reject with the server's `Problem`, or with `Unavailable` where trying again was in vain. */
export interface PromiseClient extends Readonly<{ [K in CommandName]: Promised<Threadfold[K]> }> {
  /** Runs one call, once: `run((api) => api.threads.list({ urlParams: {} }))`. */
  readonly run: <A, E>(call: (api: Client) => Effect.Effect<A, E>) => Promise<A>
  /** Removes the content of a thread for good. */
  readonly purgeThread: Promised<Threadfold["purgeThread"]>
  /** How far the purge of a thread is, or what a purge would remove. */
  readonly purgeOf: Promised<Threadfold["purgeOf"]>
  /** Stores an image or a file for a message. */
  readonly storeBlob: Promised<Threadfold["storeBlob"]>
  /** The folder of a thread, and what git has checked out there. */
  readonly folderOf: Promised<Threadfold["folderOf"]>
  /** The bytes of a blob. */
  readonly readBlob: Promised<Threadfold["readBlob"]>
  /** A part of a text that is too long to ride along. */
  readonly readTextPart: Promised<Threadfold["readTextPart"]>
  /** The whole of such a text, part by part. */
  readonly readText: (cut: Pick<Cut, "href">) => AsyncIterable<string>
  /** An event of a stream with its whole payload. */
  readonly wholeEvent: Promised<Threadfold["wholeEvent"]>
  /** The turn when its end is final; `signal` ends the waiting. */
  readonly waitForTurn: (
    turnId: string,
    options?: WaitOptions & { readonly signal?: AbortSignal },
  ) => Promise<TurnDetail>
  /** The events as they come. Leave the loop to end the subscription. */
  readonly events: (options?: EventsOptions) => AsyncIterable<StreamMessage>
  /** The rows that change, as they change. Leave the loop to end the subscription. */
  readonly changes: (options?: SubscriptionOptions) => AsyncIterable<ChangesMessage>
  /** What needs a person, of all threads, whenever it is another. Leave the loop to end the subscription. */
  readonly inbox: (options?: Omit<SubscriptionOptions, "threadId">) => AsyncIterable<InboxMessage>
  /** One page of what was said and done, found by words. */
  readonly search: Promised<Threadfold["search"]>
  /** Tokens of all threads, added up. */
  readonly usage: Promised<Threadfold["usage"]>
  /** Rows that one statement reads from the views. */
  readonly sql: Promised<Threadfold["sql"]>
  /** What needs a person, of all threads, as it is now. */
  readonly readInbox: Promised<Threadfold["readInbox"]>
  /** Lists of all threads, to their end: `for await (const turn of client.each.turns({ outcome: "failed" }))`. */
  readonly each: { readonly [K in keyof Lists]: Iterated<Lists[K]> }
  /** Durable subscriptions. */
  readonly subscriptions: PromisedSubscriptions
  /** Voice conversations of threads. */
  readonly voice: PromisedVoice
  /** A thread as it is and as it becomes. Leave the loop to end the subscription. */
  readonly followThread: (threadId: string, options?: { readonly limit?: number }) => AsyncIterable<FollowedThread>
}

/** A client of promises. */
export const connect = (connection: Connection, retry: RetryOptions = {}): PromiseClient => {
  const server = Effect.runSync(makeThreadfold(connection, retry))
  const { subscriptions, voice } = server
  return {
    run: (call) => promise(server.call(call)),
    createThread: (...args) => promise(server.createThread(...args)),
    renameThread: (...args) => promise(server.renameThread(...args)),
    archiveThread: (...args) => promise(server.archiveThread(...args)),
    unarchiveThread: (...args) => promise(server.unarchiveThread(...args)),
    setUnattended: (...args) => promise(server.setUnattended(...args)),
    keepThreadAlive: (...args) => promise(server.keepThreadAlive(...args)),
    readThread: (...args) => promise(server.readThread(...args)),
    pinThread: (...args) => promise(server.pinThread(...args)),
    unpinThread: (...args) => promise(server.unpinThread(...args)),
    deleteThread: (...args) => promise(server.deleteThread(...args)),
    restoreThread: (...args) => promise(server.restoreThread(...args)),
    forkThread: (...args) => promise(server.forkThread(...args)),
    folderOf: (...args) => promise(server.folderOf(...args)),
    compactThread: (...args) => promise(server.compactThread(...args)),
    startReview: (...args) => promise(server.startReview(...args)),
    rewindThread: (...args) => promise(server.rewindThread(...args)),
    purgeThread: (...args) => promise(server.purgeThread(...args)),
    purgeOf: (...args) => promise(server.purgeOf(...args)),
    storeBlob: (...args) => promise(server.storeBlob(...args)),
    readBlob: (...args) => promise(server.readBlob(...args)),
    readTextPart: (...args) => promise(server.readTextPart(...args)),
    wholeEvent: (...args) => promise(server.wholeEvent(...args)),
    readText: (cut) => Stream.toAsyncIterable(server.readText(cut)),
    sendMessage: (...args) => promise(server.sendMessage(...args)),
    reorderQueue: (...args) => promise(server.reorderQueue(...args)),
    resumeQueue: (...args) => promise(server.resumeQueue(...args)),
    editMessage: (...args) => promise(server.editMessage(...args)),
    promoteMessage: (...args) => promise(server.promoteMessage(...args)),
    cancelMessage: (...args) => promise(server.cancelMessage(...args)),
    interruptThread: (...args) => promise(server.interruptThread(...args)),
    interruptTurn: (...args) => promise(server.interruptTurn(...args)),
    stopTask: (...args) => promise(server.stopTask(...args)),
    respond: (...args) => promise(server.respond(...args)),
    startSession: (...args) => promise(server.startSession(...args)),
    configureSession: (...args) => promise(server.configureSession(...args)),
    stopSession: (...args) => promise(server.stopSession(...args)),
    waitForTurn: (turnId, { signal, ...options } = {}) => promise(server.waitForTurn(turnId, options), signal),
    search: (query) => promise(server.search(query)),
    usage: (query) => promise(server.usage(query)),
    sql: (body) => promise(server.sql(body)),
    readInbox: (query) => promise(server.readInbox(query)),
    each: {
      threads: (query) => Stream.toAsyncIterable(server.each.threads(query)),
      turns: (query) => Stream.toAsyncIterable(server.each.turns(query)),
      items: (query) => Stream.toAsyncIterable(server.each.items(query)),
      requests: (query) => Stream.toAsyncIterable(server.each.requests(query)),
      inferences: (query) => Stream.toAsyncIterable(server.each.inferences(query)),
      found: (query) => Stream.toAsyncIterable(server.each.found(query)),
    },
    subscriptions: {
      put: (...args) => promise(subscriptions.put(...args)),
      get: (name) => promise(subscriptions.get(name)),
      list: (...args) => promise(subscriptions.list(...args)),
      delete: (name) => promise(subscriptions.delete(name)),
      acknowledge: (...args) => promise(subscriptions.acknowledge(...args)),
      events: (...args) => Stream.toAsyncIterable(subscriptions.events(...args)),
      consume: (name, act, { signal, ...options } = {}) =>
        promise(
          subscriptions.consume(
            name,
            (event) => Effect.tryPromise({ try: () => act(event), catch: (error) => error }),
            options,
          ),
          signal,
        ),
    },
    voice: {
      start: (...args) => promise(voice.start(...args)),
      appendText: (...args) => promise(voice.appendText(...args)),
      appendAudio: (...args) => promise(voice.appendAudio(...args)),
      speak: (...args) => promise(voice.speak(...args)),
      stop: (...args) => promise(voice.stop(...args)),
      voices: (...args) => promise(voice.voices(...args)),
      audio: (threadId) => Stream.toAsyncIterable(voice.audio(threadId)),
    },
    events: (options) => Stream.toAsyncIterable(server.events(options)),
    changes: (options) => Stream.toAsyncIterable(server.changes(options)),
    inbox: (options) => Stream.toAsyncIterable(server.inbox(options)),
    followThread: (threadId, options) => Stream.toAsyncIterable(server.followThread(threadId, options)),
  }
}
