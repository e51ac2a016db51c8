/** What the writer stores of commands beside their events: receipts and effects. */
import type { EffectRow, Receipt } from "@threadfold/contracts"
import {
  type Accepted,
  type Refusal as DecidedRefusal,
  type FoldState,
  isAsExpected,
  isMessageQueued,
  remembersRefusal,
} from "@threadfold/core"
import { CommandConflict, CommandRefused, EffectConflict } from "../Errors.js"
import type { CommandSubmission, EffectStep, EventDraft, Outcome, Refusal } from "../Submission.js"
import type { WorkStore } from "../work/index.js"

/** An accepted command, before it is appended. */
export interface Decided {
  readonly accepted: Accepted
  /** Its events. */
  readonly drafts: readonly EventDraft[]
  /** The stream that it went to. */
  readonly streamId: string
  /** Ids that follow from the command. */
  readonly mint: (purpose: string) => string
}

/** The answer to what the domain refuses. */
export const refusalFor = ({ detail, reason }: DecidedRefusal): Refusal => ({
  ok: false,
  error: new CommandRefused({ reason, message: detail }),
})

const effectConflict = (message: string): Refusal => ({ ok: false, error: new EffectConflict({ message }) })

export class Commands {
  constructor(private readonly work: WorkStore) {}

  /** The answer that this command was given before; null: it is new. */
  remembered({ receipt }: CommandSubmission, head: number): Outcome | null {
    const before = receipt === undefined ? null : this.work.receipt(receipt.key)
    if (receipt === undefined || before === null) return null
    if (before.content !== receipt.content) {
      return { ok: false, error: new CommandConflict({ key: receipt.key }) }
    }
    const { answer } = before
    return "refused" in answer
      ? refusalFor(answer.refused)
      : { ok: true, head, results: [], receipt: answer.accepted, effects: [] }
  }

  /** Remembers a refusal of the domain, and returns it. */
  refuse(
    { commandId, receipt }: CommandSubmission,
    refused: DecidedRefusal,
    { at, streamId }: { readonly at: number; readonly streamId: string },
  ): Refusal {
    if (receipt !== undefined && remembersRefusal(refused, { commandId, key: receipt.key })) {
      this.work.putReceipt({ ...receipt, answer: { refused }, at }, streamId)
    }
    return refusalFor(refused)
  }

  /** Stores the effects of an accepted command, and its receipt. */
  accept(
    { commandId, receipt }: CommandSubmission,
    { accepted, mint, streamId }: Decided,
    sequence: number,
    at: number,
  ): { readonly receipt: Receipt; readonly effects: readonly EffectRow[] } {
    const effects = accepted.effects.map(
      (effect, index): EffectRow => ({
        effectId: mint(`effect|${index}`),
        threadId: streamId,
        kind: effect.kind,
        status: "pending",
        commandId: accepted.carriesOn ?? commandId,
        sessionId: effect.sessionId ?? null,
        turnId: effect.turnId ?? null,
        requestId: effect.requestId ?? null,
        messageId: effect.messageId ?? null,
        payload: effect.payload ?? null,
        token: null,
        attempts: 0,
        message: null,
        createdAt: at,
        endedAt: null,
      }),
    )
    for (const effect of effects) this.work.insertEffect(effect)
    const { messageId, threadId, turnId } = accepted
    const answer: Receipt = { commandId, threadId: threadId ?? streamId, turnId, messageId, sequence }
    if (receipt !== undefined) this.work.putReceipt({ ...receipt, answer: { accepted: answer }, at }, streamId)
    return { receipt: answer, effects }
  }

  /**
   * The refusal of steps whose effect is not in the expected state, or that start the delivery of a message which has left the
   * queue.
   */
  unexpected(steps: readonly EffectStep[], stateOf: (threadId: string) => FoldState): Refusal | null {
    for (const step of steps) {
      const { effectId, from, patch } = step
      const effect = this.work.effect(effectId)
      if (effect === null || !isAsExpected(effect, step)) {
        const found = effect === null ? "not there" : effect.status
        return effectConflict(`Effect ${effectId} is ${found}, not ${from}.`)
      }
      const { messageId, threadId } = effect
      if (patch.status === "attempting" && messageId !== null && !isMessageQueued(stateOf(threadId), messageId)) {
        return effectConflict(`Message ${messageId} of thread ${threadId} is no longer in the queue.`)
      }
    }
    return null
  }

  /** Takes steps of effects. */
  step(steps: readonly EffectStep[]): void {
    for (const { effectId, patch } of steps) this.work.patchEffect(effectId, patch)
  }
}
