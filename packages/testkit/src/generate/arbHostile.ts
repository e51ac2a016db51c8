/**
 * Hostile sources: changes the events of well-formed sources as networks, crashes, version skew and bugs do. The fold must keep
 * every invariant for all results.
 */
import type { NativeRef } from "@threadfold/contracts"
import fc from "fast-check"
import { type GeneratedEvent, renumber } from "./GeneratedEvent.js"

/** Positions are taken modulo the length of the list they apply to. */
export type Mutation =
  /** The same event again, under the same number: a re-delivery. */
  | { readonly kind: "duplicate"; readonly at: number; readonly to: number }
  /** The same number with other content: a conflict. */
  | { readonly kind: "conflict"; readonly at: number; readonly to: number }
  /** The event comes later (or earlier) than it should. */
  | { readonly kind: "move"; readonly at: number; readonly to: number }
  | { readonly kind: "drop"; readonly at: number }
  /** Nothing after this was ever received. */
  | { readonly kind: "truncate"; readonly at: number }
  /** A copy with an id that no event has named. */
  | { readonly kind: "unknown-id"; readonly at: number; readonly to: number; readonly field: keyof NativeRef }
  /** A copy without its ids: "no id" is never "the current one". */
  | { readonly kind: "untargeted"; readonly at: number; readonly to: number }
  /** A copy of an early event at the end, when its session has been replaced or has ended. */
  | { readonly kind: "stale"; readonly at: number }
  /** The event arrives with a payload that is not what its type says. */
  | { readonly kind: "garbage"; readonly at: number; readonly payload: unknown }
  /** A type that this version does not know. */
  | { readonly kind: "unknown-type"; readonly at: number }
  /** A newer schema version of the type. */
  | { readonly kind: "newer"; readonly at: number }
  /** The source's clock jumps, in ms; order must not care. */
  | { readonly kind: "clock"; readonly at: number; readonly by: number }

export interface HostileOptions {
  /** Mutations at most. Default 12. */
  readonly mutations?: number
  /**
   * `kept`: events keep the numbers their source gave them, so that drops are gaps and copies are duplicates;
   * `renewed`: everything is numbered again, so that every copy counts as an event of its own. Default: either.
   */
  readonly numbering?: "kept" | "renewed"
  /** Which mutations to use. Default: all. */
  readonly kinds?: readonly Mutation["kind"][]
}

// Without bias: small numbers would hit the session's start again and again, and hide everything behind it.
const place = fc.noBias(fc.nat({ max: 5000 }))
const nativeFields: readonly (keyof NativeRef)[] = [
  "turnId",
  "itemId",
  "requestId",
  "callId",
  "inferenceId",
  "handoffId",
  "taskId",
  "threadId",
]

/** Payloads that no source should send: wrong shapes, wrong types, and any JSON. */
const garbage: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, 0, "", [], {}, { outcome: 7 }, { kind: "no-such-kind" }, { stream: "text", delta: 3 }),
  fc.jsonValue({ maxDepth: 2 }),
)

const mutations: { readonly [K in Mutation["kind"]]: fc.Arbitrary<Extract<Mutation, { readonly kind: K }>> } = {
  duplicate: fc.record({ kind: fc.constant("duplicate" as const), at: place, to: place }),
  conflict: fc.record({ kind: fc.constant("conflict" as const), at: place, to: place }),
  move: fc.record({ kind: fc.constant("move" as const), at: place, to: place }),
  drop: fc.record({ kind: fc.constant("drop" as const), at: place }),
  truncate: fc.record({ kind: fc.constant("truncate" as const), at: place }),
  "unknown-id": fc.record({
    kind: fc.constant("unknown-id" as const),
    at: place,
    to: place,
    field: fc.constantFrom(...nativeFields),
  }),
  untargeted: fc.record({ kind: fc.constant("untargeted" as const), at: place, to: place }),
  stale: fc.record({ kind: fc.constant("stale" as const), at: place }),
  garbage: fc.record({ kind: fc.constant("garbage" as const), at: place, payload: garbage }),
  "unknown-type": fc.record({ kind: fc.constant("unknown-type" as const), at: place }),
  newer: fc.record({ kind: fc.constant("newer" as const), at: place }),
  clock: fc.record({
    kind: fc.constant("clock" as const),
    at: place,
    by: fc.integer({ min: -86_400_000, max: 86_400_000 }),
  }),
}

/** All kinds of mutations, for tests that go through them one by one. */
export const mutationKinds = Object.keys(mutations) as readonly Mutation["kind"][]

const withEvent = (one: GeneratedEvent, event: Partial<GeneratedEvent["event"]>): GeneratedEvent => ({
  ...one,
  event: { ...one.event, ...event },
})

const inserted = (events: readonly GeneratedEvent[], at: number, one: GeneratedEvent): readonly GeneratedEvent[] =>
  events.toSpliced(at % (events.length + 1), 0, one)

/** Applies one mutation; an empty list stays empty. */
export const mutate = (events: readonly GeneratedEvent[], mutation: Mutation): readonly GeneratedEvent[] => {
  const index = events.length === 0 ? 0 : mutation.at % events.length
  const one = events[index]
  if (one === undefined) return events
  switch (mutation.kind) {
    case "duplicate":
      return inserted(events, mutation.to, one)
    case "conflict":
      return inserted(events, mutation.to, withEvent(one, { at: one.event.at + 1, payload: { other: true } }))
    case "move":
      return inserted(events.toSpliced(index, 1), mutation.to, one)
    case "drop":
      return events.toSpliced(index, 1)
    case "truncate":
      return events.slice(0, index)
    case "unknown-id":
      return inserted(
        events,
        mutation.to,
        withEvent(one, { native: { ...one.event.native, [mutation.field]: "never-seen" } }),
      )
    case "untargeted": {
      const threadId = one.event.native?.threadId
      return inserted(events, mutation.to, withEvent(one, { native: threadId === undefined ? {} : { threadId } }))
    }
    case "stale":
      return [...events, one]
    case "garbage":
      return events.with(index, withEvent(one, { payload: mutation.payload }))
    case "unknown-type":
      return events.with(index, withEvent(one, { type: `${one.event.type}.of-tomorrow` }))
    case "newer":
      return events.with(index, withEvent(one, { v: 999 }))
    case "clock":
      return events.with(index, withEvent(one, { at: one.event.at + mutation.by }))
  }
}

/** Random sequences of mutations on what `base` makes. */
export const arbHostile = (
  base: fc.Arbitrary<readonly GeneratedEvent[]>,
  options: HostileOptions = {},
): fc.Arbitrary<readonly GeneratedEvent[]> => {
  const kinds = options.kinds ?? mutationKinds
  // Truncation wins over everything after it, so it is kept rare.
  const weighted = kinds.map((kind) => ({
    weight: kind === "truncate" ? 1 : 4,
    arbitrary: mutations[kind],
  }))
  return fc
    .record({
      events: base,
      steps: fc.array(fc.oneof(...weighted), { maxLength: options.mutations ?? 12 }),
      renewed: options.numbering === undefined ? fc.boolean() : fc.constant(options.numbering === "renewed"),
    })
    .map(({ events, steps, renewed }) => {
      const mutated = steps.reduce(mutate, events)
      return renewed ? renumber(mutated) : mutated
    })
}
