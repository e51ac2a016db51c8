/** Durable subscriptions: their places in the log, who reads them, and what waits. */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { StorageUnavailable, SubscriptionView } from "@threadfold/contracts"
import type { AckBody, SubscriptionBody } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import {
  Engine,
  type StoredSubscription,
  type SubmitError,
  type SubscriptionFilter,
  SubscriptionReads,
  type SubscriptionStep,
} from "@threadfold/engine"
import { Context, Effect, Layer } from "effect"
import { readEvents } from "../bounds/readEvents.js"
import { requireEventTypes } from "../eventTypes.js"
import { audioType } from "../http/stream/Ring.js"
import { type Held, makeHolds } from "./Holds.js"

/** Places of the log that a page looks at, at most: a filter may take one event of thousands. */
const placesOfPage = 50_000

type Failed = Problem | StorageUnavailable

/** Which events a subscription takes: audio, which comes by the dozen a second, where it is named alone, as everywhere. */
const takenBy = <S extends SubscriptionFilter>(subscription: S): S =>
  subscription.types === null ? { ...subscription, except: [...(subscription.except ?? []), audioType] } : subscription

export interface SubscriptionsService {
  /** Where each is; none where the database cannot be read now, which `readyz` tells. */
  readonly places: Effect.Effect<readonly Pick<SubscriptionView, "name" | "checkpoint">[]>
  readonly list: Effect.Effect<readonly SubscriptionView[], StorageUnavailable>
  /** Fails with `subscription-not-found`. */
  readonly view: (name: string) => Effect.Effect<SubscriptionView, Failed>
  readonly put: (name: string, body: SubscriptionBody) => Effect.Effect<SubscriptionView, Failed | SubmitError>
  /** Removes a subscription; what it was. */
  readonly remove: (name: string) => Effect.Effect<SubscriptionView, Failed | SubmitError>
  readonly acknowledge: (name: string, body: AckBody) => Effect.Effect<SubscriptionView, Failed | SubmitError>
  /** Events from the checkpoint on as JSON, and the sequence that they are true for. */
  readonly page: (
    name: string,
    consumer: string,
    limit: number,
  ) => Effect.Effect<{ readonly json: string; readonly sequence: number }, Failed>
  /** What a stream reads, and what keeps it to its consumer. */
  readonly hold: (
    name: string,
    consumer: string,
  ) => Effect.Effect<{ readonly subscription: StoredSubscription; readonly held: Held }, Failed>
}

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const reads = yield* SubscriptionReads
  const { log } = engine
  const holds = makeHolds()

  const find = (name: string): Effect.Effect<StoredSubscription, Failed> =>
    Effect.flatMap(reads.find(name), (found) =>
      found === null
        ? new Problem({ slug: "subscription-not-found", detail: `No subscription has the name ${name}.` })
        : Effect.succeed(found),
    )

  const viewOf = (subscription: StoredSubscription): Effect.Effect<SubscriptionView, StorageUnavailable> =>
    Effect.gen(function* () {
      const sequence = log.published()
      const { streamId, ...stored } = subscription
      return {
        ...stored,
        threadId: streamId,
        logId: log.logId,
        sequence,
        lag: yield* reads.lag(takenBy(subscription), sequence),
        consumer: yield* holds.holder(subscription.name),
      }
    })

  const view: SubscriptionsService["view"] = (name) => Effect.flatMap(find(name), viewOf)
  const taking = (step: SubscriptionStep) => engine.submit({ drafts: [], subscription: step })

  return Subscriptions.of({
    places: Effect.orElseSucceed(reads.all, () => []),
    list: Effect.flatMap(reads.all, (all) => Effect.forEach(all, viewOf)),
    view,
    put: (name, { after = null, except = null, threadId = null, types = null }) =>
      Effect.gen(function* () {
        yield* requireEventTypes(types ?? [], "types")
        yield* requireEventTypes(except ?? [], "except")
        const before = yield* reads.find(name)
        yield* taking({ kind: "put", name, filter: { streamId: threadId, types, except }, after })
        const now = yield* find(name)
        if (before !== null && before.changedAt !== now.changedAt) yield* holds.end(name)
        return yield* viewOf(now)
      }),
    remove: (name) =>
      Effect.gen(function* () {
        const last = yield* view(name)
        yield* taking({ kind: "delete", name })
        yield* holds.end(name)
        return last
      }),
    acknowledge: (name, { consumer, logId, sequence }) =>
      Effect.gen(function* () {
        if (logId !== undefined && logId !== null && logId !== log.logId) {
          return yield* new Problem({ slug: "invalid-cursor", detail: "The sequence belongs to another log." })
        }
        yield* find(name)
        yield* holds.require(name, consumer)
        yield* taking({ kind: "acknowledge", name, sequence })
        return yield* view(name)
      }),
    page: (name, consumer, limit) =>
      Effect.gen(function* () {
        const subscription = yield* find(name)
        yield* holds.forPage(name, consumer)
        const { checkpoint, except, streamId, types } = takenBy(subscription)
        const head = log.published()
        const looked = Math.min(head, checkpoint + placesOfPage)
        const { cut, events } = yield* readEvents(
          log,
          {
            after: checkpoint,
            until: looked,
            limit,
            ...(streamId === null ? {} : { streamId }),
            ...(types === null ? {} : { types }),
            ...(except === null ? {} : { except }),
          },
          false,
        )
        const last = events.at(-1)
        const isFull = cut || events.length === limit
        const until = last !== undefined && isFull ? last.sequence : Math.max(checkpoint, looked)
        const items = events.map(({ json }) => json).join(",")
        return {
          json: `{"sequence":${head},"checkpoint":${checkpoint},"items":[${items}],"until":${until}}`,
          sequence: head,
        }
      }),
    hold: (name, consumer) =>
      Effect.gen(function* () {
        const subscription = yield* find(name)
        const held = yield* holds.forStream(name, consumer)
        return { subscription, held }
      }),
  })
})

/** Durable subscriptions. */
export class Subscriptions extends Context.Tag("@threadfold/server/Subscriptions")<
  Subscriptions,
  SubscriptionsService
>() {
  static readonly layer: Layer.Layer<Subscriptions, never, Engine | SqlClient> = Layer.effect(Subscriptions, make).pipe(
    Layer.provide(SubscriptionReads.layer),
  )
}
