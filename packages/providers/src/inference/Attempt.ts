/**
 * One attempt to stream a model's answer: what was seen of its call becomes its events. Pure: no I/O, no clock. There is one path to
 * its end, whatever ends it, and the attempt is over when its terminal is recorded, not when it was decided. Until then the same
 * terminal is offered again.
 */
import { maxNativeIdLength, type PayloadOf, type TokenCounts } from "@threadfold/contracts"
import { omitUndefined } from "../runtime/Fact.js"
import { maxItemBytes, type OutputItem, type ProtocolReader, type Signal } from "./Signal.js"

/** What happened to the call of an attempt. */
export type AttemptInput =
  /** The call begins. `model`: what it asks for. */
  | { readonly type: "started"; readonly model: string | null; readonly provider: string }
  /** The first byte of the answer. */
  | { readonly type: "answered"; readonly afterMs: number; readonly upstreamRequestId: string | null }
  | { readonly type: "signals"; readonly signals: readonly Signal[] }
  /** The answer has no more bytes. */
  | { readonly type: "ended" }
  /** The call failed: no answer, an answer that is an error, a connection that broke. */
  | { readonly type: "broken"; readonly error: string }
  /** The consumer left. */
  | { readonly type: "gone"; readonly reason: string }
  /** Its answer cannot be read, for example because its compression is not known. */
  | { readonly type: "unreadable" }

type TerminalType = "inference.completed" | "inference.failed" | "inference.cancelled"

interface Of<T extends "inference.started" | "inference.item" | TerminalType> {
  readonly type: T
  readonly payload: PayloadOf<T>
  /** Clock of its source, ms since the epoch. */
  readonly at: number
}
type TerminalEvent = Of<TerminalType>
type ItemPayload = PayloadOf<"inference.item">

/** An event of the attempt, without its ids and its number. */
export type AttemptEvent = Of<"inference.started"> | Of<"inference.item"> | TerminalEvent

/** Output items of one attempt whose keys are compared. The fold compares those of a longer one. */
const mostKeys = 10_000

export class Attempt {
  private started: Of<"inference.started"> | null = null
  private terminal: TerminalEvent | null = null
  private isRecorded = false
  private terminalIsLost = false
  private isUntraced = false
  private isUnreadable = false
  /** Items that could not be recorded when they came. The terminal brings them. */
  private lost: ItemPayload[] = []
  private lostLength = 0
  private startIsLost = false
  private readonly keys = new Map<string, number>()
  private responseId: string | undefined
  private upstreamRequestId: string | undefined
  private usage: TokenCounts | undefined
  private firstByteMs: number | undefined

  constructor(private readonly reader: ProtocolReader) {}

  /** Whether its terminal is recorded. Nothing changes it after that. */
  get isOver(): boolean {
    return this.isRecorded
  }

  /** Whether how it ends is decided. */
  get isEnding(): boolean {
    return this.terminal !== null
  }

  /** Whether a part of it could not be recorded. */
  get untraced(): boolean {
    return this.isUntraced
  }

  /**
   * The events that follow from what happened, in order. What is recorded together is settled together, by {@link settle}; until then
   * an end that is on its way is not offered again.
   */
  take(input: AttemptInput, at: number): readonly AttemptEvent[] {
    if (this.isRecorded) return []
    // It ended already. What is offered again is the end that was seen, not the later one.
    if (this.terminal !== null) return this.terminalIsLost ? [...this.startAgain(), this.terminal] : []
    switch (input.type) {
      case "started": {
        const { model, provider } = input
        this.started = { type: "inference.started", payload: { model, provider }, at }
        return [this.started]
      }
      case "answered":
        this.firstByteMs ??= Math.max(0, Math.round(input.afterMs))
        this.upstreamRequestId ??= input.upstreamRequestId ?? undefined
        return []
      case "unreadable":
        this.isUntraced = true
        this.isUnreadable = true
        return []
      case "signals":
        return this.heard(input.signals, at)
      case "ended": {
        // Of an answer that nothing can be read of it is known that it came whole.
        if (this.isUnreadable) return this.end("inference.completed", null, at)
        const told = this.heard(this.reader.end(), at)
        return this.isEnding
          ? told
          : [...told, ...this.end("inference.failed", "The stream ended before its terminal event.", at)]
      }
      case "broken":
        return this.end("inference.failed", input.error, at)
      case "gone":
        return this.end("inference.cancelled", input.reason, at)
    }
  }

  /** The outcome of the events that were given last: recorded, or lost. */
  settle(events: readonly AttemptEvent[], recorded: boolean): void {
    for (const event of events) {
      switch (event.type) {
        case "inference.started":
          this.startIsLost = !recorded
          break
        case "inference.item":
          if (!recorded) this.keepLost(event.payload)
          break
        default:
          this.isRecorded = recorded
          this.terminalIsLost = !recorded
      }
    }
    if (recorded || events.length === 0) return
    this.isUntraced = true
    if (this.terminal !== null) this.terminal = this.withEvidence(this.terminal)
  }

  private startAgain(): readonly AttemptEvent[] {
    return this.startIsLost && this.started !== null ? [this.started] : []
  }

  private keepLost(item: ItemPayload): void {
    const length = JSON.stringify(item).length
    if (this.lostLength + length > maxItemBytes) return
    this.lostLength += length
    this.lost.push(item)
  }

  private heard(signals: readonly Signal[], at: number): readonly AttemptEvent[] {
    const events: AttemptEvent[] = []
    for (const signal of signals) {
      if (this.isEnding) break
      switch (signal.type) {
        case "evidence":
          this.responseId ??= signal.responseId
          this.usage = signal.usage ?? this.usage
          break
        case "item": {
          const payload = this.itemPayload(signal.item)
          if (payload !== null) events.push({ type: "inference.item", payload, at })
          break
        }
        case "terminal":
          events.push(
            ...this.end(
              signal.outcome === "completed" ? "inference.completed" : "inference.failed",
              signal.error ?? null,
              at,
            ),
          )
      }
    }
    return events
  }

  /** Null: it came before. */
  private itemPayload({ id, index, item, truncated }: OutputItem): ItemPayload | null {
    const key = this.keyOf(id, index)
    return key === null ? null : { key, item, ...(truncated === undefined ? {} : { truncated }) }
  }

  private keyOf(id: string | undefined, index: number): string | null {
    const place = `#${index}`
    const named = id !== undefined && id.length <= maxNativeIdLength ? id : place
    const key = this.keys.has(named) && this.keys.get(named) !== index ? place : named
    if (this.keys.has(key)) return null
    if (this.keys.size < mostKeys) this.keys.set(key, index)
    return key
  }

  /** The one path to the end of an attempt. */
  private end(type: TerminalType, why: string | null, at: number): readonly AttemptEvent[] {
    const payload = why === null ? {} : type === "inference.cancelled" ? { reason: why } : { error: why }
    this.terminal = this.withEvidence({ type, payload, at })
    return [...this.startAgain(), this.terminal]
  }

  private withEvidence(terminal: TerminalEvent): TerminalEvent {
    const { firstByteMs, isUntraced, lost, responseId, upstreamRequestId, usage } = this
    const evidence = omitUndefined({
      responseId,
      upstreamRequestId,
      usage: usage === undefined ? undefined : omitUndefined(usage),
      firstByteMs,
      untraced: isUntraced ? true : undefined,
      items: lost.length === 0 ? undefined : [...lost],
    })
    return { ...terminal, payload: { ...terminal.payload, ...evidence } }
  }
}
