/** The client for programs without Effect: promises and async iteration. */
import type { Receipt, TurnDetail } from "@threadfold/contracts"
import { Cause, Effect, Exit, Stream } from "effect"
import type { ChangesMessage } from "./Changes.js"
import type { Client } from "./Client.js"
import type { Connection } from "./Connection.js"
import type { EventsOptions, StreamMessage } from "./Events.js"
import type { Failure, RetryOptions } from "./Failure.js"
import type { FollowedThread } from "./followThread.js"
import type { SubscriptionOptions } from "./subscription.js"
import { makeThreadfold, type Threadfold, type WaitOptions } from "./Threadfold.js"

/** The commands of {@link Threadfold}. */
type CommandName = {
  readonly [K in keyof Threadfold]: Threadfold[K] extends (...args: infer _) => Effect.Effect<Receipt, Failure>
    ? K
    : never
}[keyof Threadfold]

type Promised<F> = F extends (...args: infer Args) => Effect.Effect<infer A, infer _E>
  ? (...args: Args) => Promise<A>
  : never

/** A server in promises. They reject with the server's `Problem`, or with `Unavailable` where trying again was in vain. */
export interface PromiseClient extends Readonly<{ [K in CommandName]: Promised<Threadfold[K]> }> {
  /** Runs one call, once: `run((api) => api.threads.list({ urlParams: {} }))`. */
  readonly run: <A, E>(call: (api: Client) => Effect.Effect<A, E>) => Promise<A>
  /** The turn when its end is final; `signal` ends the waiting. */
  readonly waitForTurn: (
    turnId: string,
    options?: WaitOptions & { readonly signal?: AbortSignal },
  ) => Promise<TurnDetail>
  /** The events as they come. Leave the loop to end the subscription. */
  readonly events: (options?: EventsOptions) => AsyncIterable<StreamMessage>
  /** The rows that change, as they change. Leave the loop to end the subscription. */
  readonly changes: (options?: SubscriptionOptions) => AsyncIterable<ChangesMessage>
  /** A thread as it is and as it becomes. Leave the loop to end the subscription. */
  readonly followThread: (threadId: string, options?: { readonly limit?: number }) => AsyncIterable<FollowedThread>
}

/** Rejects with the failure itself, not with a report about it. */
const promise = async <A>(effect: Effect.Effect<A, Failure>, signal?: AbortSignal): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect, signal === undefined ? {} : { signal })
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/** A client of promises. */
export const connect = (connection: Connection, retry: RetryOptions = {}): PromiseClient => {
  const server = Effect.runSync(makeThreadfold(connection, retry))
  return {
    run: (call) => promise(server.call(call)),
    createThread: (...args) => promise(server.createThread(...args)),
    renameThread: (...args) => promise(server.renameThread(...args)),
    archiveThread: (...args) => promise(server.archiveThread(...args)),
    unarchiveThread: (...args) => promise(server.unarchiveThread(...args)),
    keepThreadAlive: (...args) => promise(server.keepThreadAlive(...args)),
    deleteThread: (...args) => promise(server.deleteThread(...args)),
    restoreThread: (...args) => promise(server.restoreThread(...args)),
    forkThread: (...args) => promise(server.forkThread(...args)),
    sendMessage: (...args) => promise(server.sendMessage(...args)),
    reorderQueue: (...args) => promise(server.reorderQueue(...args)),
    resumeQueue: (...args) => promise(server.resumeQueue(...args)),
    cancelMessage: (...args) => promise(server.cancelMessage(...args)),
    interruptThread: (...args) => promise(server.interruptThread(...args)),
    interruptTurn: (...args) => promise(server.interruptTurn(...args)),
    respond: (...args) => promise(server.respond(...args)),
    startSession: (...args) => promise(server.startSession(...args)),
    stopSession: (...args) => promise(server.stopSession(...args)),
    waitForTurn: (turnId, { signal, ...options } = {}) => promise(server.waitForTurn(turnId, options), signal),
    events: (options) => Stream.toAsyncIterable(server.events(options)),
    changes: (options) => Stream.toAsyncIterable(server.changes(options)),
    followThread: (threadId, options) => Stream.toAsyncIterable(server.followThread(threadId, options)),
  }
}
