/**
 * Many streams under test: generated events go through numbering, `resolve` and `fold` as in the engine, on the plain Maps of
 * `Scenario.ts`.
 */
import { blankEnvelope, type EventEnvelope } from "@threadfold/contracts"
import type { GeneratedEvent } from "@threadfold/testkit"
import {
  type Change,
  decodeState,
  encodeState,
  type Fold,
  type FoldState,
  fold,
  initialState,
  resolve,
} from "../src/index.js"
import { digest, id, MemoryRows } from "./Scenario.js"

/** An answer follows from a command, by which a failure of its delivery names it. */
const commandOf = ({ payload, type }: GeneratedEvent["event"]): string | null =>
  type === "request.answering" ? id(`command of ${Reflect.get(Object(payload), "decision")}`) : null

/** A step of the fold as it was taken. */
export interface Taken {
  readonly event: EventEnvelope
  readonly before: FoldState
  readonly after: FoldState
  readonly changes: readonly Change[]
}

export class ManyStreams {
  readonly rows = new MemoryRows()
  readonly states = new Map<string, FoldState>()
  readonly logs = new Map<string, EventEnvelope[]>()
  /** Called with every step before its rows are written. */
  onStep: (taken: Taken) => void = () => undefined
  private sequence = 0
  private readonly numbers = new Set<string>()
  constructor(private readonly foldWith: Fold = fold) {}

  /** Takes an event of a source; a number that was used before is refused, as in the log. */
  take(one: GeneratedEvent): this {
    const streamId = id(one.stream)
    const { channel, seq } = one.event
    // What Threadfold itself appends has no number of a source.
    const numbered = one.actor !== "orchestrator" && one.actor !== "reaper"
    const key = `${one.session ?? one.connection}|${channel}|${seq}`
    if (numbered && this.numbers.has(key)) return this
    if (numbered) this.numbers.add(key)
    const sequence = this.sequence + 1
    return this.append({
      ...blankEnvelope,
      sequence,
      streamId,
      streamVersion: (this.states.get(streamId)?.streamVersion ?? 0) + 1,
      eventId: id(`event ${sequence}`),
      type: one.event.type,
      v: one.event.v ?? 1,
      sessionId: one.session === null ? null : id(`session ${one.session}`),
      channel: numbered ? channel : null,
      seq: numbered ? seq : null,
      at: one.event.at,
      recordedAt: 1_800_000_000_000 + sequence,
      actor: one.actor,
      commandId: one.commandId ?? commandOf(one.event),
      turnId: one.event.turnId ?? null,
      native: one.event.native ?? null,
      payload: one.event.payload ?? {},
    })
  }

  takeAll(events: readonly GeneratedEvent[]): this {
    for (const one of events) this.take(one)
    return this
  }

  append(given: EventEnvelope): this {
    const before = this.states.get(given.streamId) ?? initialState(given.streamId)
    const event = { ...given, ...resolve(before, given, this.rows.source, digest) }
    this.sequence = event.sequence
    const log = this.logs.get(event.streamId) ?? []
    log.push(event)
    this.logs.set(event.streamId, log)
    const { state, changes } = this.foldWith(before, event, this.rows.source)
    this.onStep({ event, before, after: state, changes })
    this.rows.apply(changes)
    this.states.set(event.streamId, state)
    return this
  }

  /** Stops and starts: the open state goes through its stored form. */
  restart(): this {
    for (const [streamId, state] of this.states) this.states.set(streamId, decodeState(encodeState(state)))
    return this
  }

  /** Everything that is stored, in a form that compares. */
  dump(): unknown {
    return [...this.rows.rows]
      .filter(([, rows]) => rows.size > 0)
      .map(([table, rows]) => [table, [...rows].sort(([a], [b]) => (a < b ? -1 : 1))])
      .sort()
  }
}
