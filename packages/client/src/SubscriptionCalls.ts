/** Durable subscriptions: the server keeps the place of a program that acts on events. */
import type { EventEnvelope, SubscriptionView } from "@threadfold/contracts"
import type { AckBody, SubscriptionBody, SubscriptionList } from "@threadfold/contracts/api"
import { Effect, Stream } from "effect"
import type { Client } from "./Client.js"
import type { Connection } from "./Connection.js"
import { readEvents, type StreamMessage } from "./Events.js"
import { type Failure, failureOf, type RetryOptions, repeating } from "./Failure.js"
import { placeOf, type SubscriptionOptions } from "./subscription.js"

/** Who reads a subscription, and how its stream is tried again. */
export interface ConsumerOptions extends Omit<SubscriptionOptions, "after" | "threadId"> {
  /** Name of the consumer, 1 to 200 printable characters without spaces; a new one by default. */
  readonly consumer?: string
}

export interface SubscriptionCalls {
  /** Makes a subscription; one that there is gets this filter, and keeps its checkpoint. */
  readonly put: (name: string, body?: SubscriptionBody) => Effect.Effect<SubscriptionView, Failure>
  readonly get: (name: string) => Effect.Effect<SubscriptionView, Failure>
  /** @param page `after`: `next` of an earlier page */
  readonly list: (page?: { readonly after?: string }) => Effect.Effect<SubscriptionList, Failure>
  readonly delete: (name: string) => Effect.Effect<SubscriptionView, Failure>
  /** Moves the checkpoint; never back. */
  readonly acknowledge: (name: string, body: AckBody) => Effect.Effect<SubscriptionView, Failure>
  /**
   * The events after the checkpoint, and those to come. After a lost connection what is not acknowledged comes again. While
   * another consumer reads (`subscription-taken`) it waits and tries again, at most `maxFailures` times in a row.
   */
  readonly events: (
    name: string,
    options: ConsumerOptions & { readonly consumer: string },
  ) => Stream.Stream<StreamMessage, Failure>
  /**
   * Has each event acted on, one after the other, and acknowledges each when it is done. What was begun and not done when the program
   * ended comes again: take `eventId` for the key of what is done. Ends by a failure only.
   */
  readonly consume: <E>(
    name: string,
    act: (event: EventEnvelope) => Effect.Effect<unknown, E>,
    options?: ConsumerOptions,
  ) => Effect.Effect<never, Failure | E>
}

/** The calls of a server. Each may be sent again without harm, but for `delete`: it would not find what it has deleted. */
export const subscriptionCalls = (api: Client, connection: Connection, retry: RetryOptions): SubscriptionCalls => {
  const { subscriptions } = api
  const ask = repeating(retry)

  const acknowledge: SubscriptionCalls["acknowledge"] = (name, payload) =>
    ask(subscriptions.ack({ path: { name }, payload }))
  const events: SubscriptionCalls["events"] = (name, { consumer, ...options }) =>
    readEvents(
      connection,
      `/v1/subscriptions/${encodeURIComponent(name)}/events?consumer=${encodeURIComponent(consumer)}`,
      options,
    )

  return {
    put: (name, payload = {}) => ask(subscriptions.put({ path: { name }, payload })),
    get: (name) => ask(subscriptions.get({ path: { name }, urlParams: {} })),
    list: ({ after } = {}) => ask(subscriptions.list({ urlParams: { after } })),
    delete: (name) => Effect.mapError(subscriptions.delete({ path: { name } }), failureOf),
    acknowledge,
    events,
    consume: (name, act, { consumer = crypto.randomUUID(), ...options } = {}) =>
      events(name, { ...options, consumer }).pipe(
        Stream.runForEach((message) =>
          Effect.gen(function* () {
            if (message.kind === "reset") return
            if (message.kind === "event") yield* act(message.event)
            // `synced` too: places whose events the filter leaves out are behind it.
            yield* acknowledge(name, { consumer, ...placeOf(message.cursor) })
          }),
        ),
        Effect.zipRight(Effect.never),
      ),
  }
}
