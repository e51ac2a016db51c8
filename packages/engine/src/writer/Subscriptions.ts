/** The writer's part in subscriptions: what a step may do, and what it leaves. */
import { subscriptionLimit } from "@threadfold/contracts"
import { SubscriptionRefused } from "../Errors.js"
import type { Refusal } from "../Submission.js"
import type { StoredSubscription, SubscriptionFilter, SubscriptionStep, SubscriptionStore } from "../work/index.js"

const refuse = (reason: SubscriptionRefused["reason"], message: string): Refusal => ({
  ok: false,
  error: new SubscriptionRefused({ reason, message }),
})

const beyond = (sequence: number, head: number): Refusal =>
  refuse("beyond-end", `Sequence ${sequence} is beyond the end of the log, which is at ${head}.`)

const isSame = (a: SubscriptionFilter, b: SubscriptionFilter): boolean =>
  JSON.stringify([a.streamId, a.types, a.except]) === JSON.stringify([b.streamId, b.types, b.except])

/** Why a step, where there is one, is refused at this end of the log; null: it is not. */
export const refusalOfStep = (
  store: SubscriptionStore,
  step: SubscriptionStep | undefined,
  head: number,
): Refusal | null => {
  if (step === undefined) return null
  if (step.kind === "put") {
    if (step.after !== null && step.after > head) return beyond(step.after, head)
    if (store.find(step.name) !== null || store.count() < subscriptionLimit) return null
    return refuse("full", `There are ${subscriptionLimit} subscriptions.`)
  }
  if (store.find(step.name) === null) return refuse("not-found", `No subscription has the name ${step.name}.`)
  return step.kind === "acknowledge" && step.sequence > head ? beyond(step.sequence, head) : null
}

/**
 * Takes a step, where there is one, that is not refused. `now`: ms since the epoch. What changes nothing writes nothing; a checkpoint never moves back.
 */
export const takeStep = (
  store: SubscriptionStore,
  step: SubscriptionStep | undefined,
  head: number,
  now: number,
): void => {
  if (step === undefined) return
  const before = store.find(step.name)
  if (step.kind === "delete") return store.remove(step.name)
  if (step.kind === "acknowledge") {
    if (before !== null && step.sequence > before.checkpoint) {
      store.put({ ...before, checkpoint: step.sequence, changedAt: now })
    }
    return
  }
  if (before !== null && isSame(before, step.filter)) return
  const { checkpoint, createdAt }: Pick<StoredSubscription, "checkpoint" | "createdAt"> = before ?? {
    checkpoint: step.after ?? head,
    createdAt: now,
  }
  const { except, streamId, types } = step.filter
  store.put({ name: step.name, streamId, types, except, checkpoint, createdAt, changedAt: now })
}
