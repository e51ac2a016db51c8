/**
 * A thread that takes commands as in the engine: they are decided against its state, the events of an accepted command are
 * appended with the engine's ids, and its effects are noted. Every command also checks that our own events leave no anomaly.
 */
import {
  Command,
  type EffectKind,
  type EffectRow,
  type EventEnvelope,
  type RequestedEffect,
} from "@threadfold/contracts"
import { Schema } from "effect"
import type { Accepted, DecidedEvent, Decision, Situation } from "../src/decide/Decision.js"
import { decideIf, type RefusalReason } from "../src/index.js"
import { id, Scenario } from "./Scenario.js"

const decode = Schema.decodeUnknownSync(Command)

/** A command without its thread, which is the scenario's unless it names another. */
export interface GivenCommand {
  readonly type: string
  readonly [field: string]: unknown
}

/** The outcome of a command. */
export interface CommandResult {
  /** Why it was refused; null: it was accepted. */
  readonly refused: RefusalReason | null
  /** Types of its events, in order. */
  readonly events: readonly string[]
  /** Kinds of its effects, in order. */
  readonly effects: readonly EffectKind[]
  readonly turnId: string | null
  readonly messageId: string | null
}

export class CommandScenario {
  /** Effects of all accepted commands, in order. */
  readonly effects: RequestedEffect[] = []
  /** Turns of which a call is under way, as in the engine's working tables. */
  readonly attempting = new Set<string>()
  /** Steers of messages, as in the engine's working tables. */
  readonly steers = new Map<string, Pick<EffectRow, "status" | "sessionId">>()
  /** A call of the thread that is open, as in the engine's working tables. */
  openEffect: Pick<EffectRow, "effectId" | "kind" | "status"> | null = null
  /** Tasks that the agent is being asked to end, as in the engine's working tables. */
  readonly stoppingTasks = new Set<string>()
  /** The fork that the thread is still being copied into, as in the engine's working tables. */
  pendingFork: string | null = null
  /** Hashes of blobs that are stored. */
  readonly blobs = new Set<string>()
  private commands = 0

  constructor(readonly s: Scenario = new Scenario()) {}

  /** The situation of the next command. */
  situation(): Situation {
    const command = this.commands + 1
    return {
      state: this.s.state,
      rows: this.s.rows.source,
      attempting: (turnId) => this.attempting.has(turnId),
      steer: (messageId) => this.steers.get(messageId) ?? null,
      openEffect: () => this.openEffect,
      stoppingTask: (taskId) => this.stoppingTasks.has(taskId),
      pendingFork: () => this.pendingFork,
      hasBlob: (hash) => this.blobs.has(hash),
      mint: (purpose) => id(`${purpose} of command ${command}`),
    }
  }

  /** Decides a command without appending anything. */
  decide(given: GivenCommand, ifSequence: number | null = null): Decision {
    return decideIf(this.situation(), decode({ threadId: this.s.threadId, ...given }), ifSequence)
  }

  /** The sentence with which a command is refused, after its reason; null: it is accepted. */
  refusalOf(given: GivenCommand, ifSequence: number | null = null): string | null {
    const decision = this.decide(given, ifSequence)
    return "refused" in decision ? `${decision.refused.reason}: ${decision.refused.detail}` : null
  }

  /** The whole events and effects of a command that is accepted, of which nothing is appended. */
  wholeOf(given: GivenCommand): Pick<Accepted, "events" | "effects"> {
    const decision = this.decide(given)
    if ("refused" in decision) throw new Error(decision.refused.detail)
    return { events: decision.accepted.events, effects: decision.accepted.effects }
  }

  /** Decides a command and appends what follows. */
  run(given: GivenCommand, ifSequence: number | null = null): CommandResult {
    const decision = this.decide(given, ifSequence)
    this.commands += 1
    if ("refused" in decision) {
      return { refused: decision.refused.reason, events: [], effects: [], turnId: null, messageId: null }
    }
    const { effects, events, messageId, turnId } = decision.accepted
    for (const event of events) this.append(event)
    this.effects.push(...effects)
    return {
      refused: null,
      events: events.map(({ type }) => type),
      effects: effects.map(({ kind }) => kind),
      turnId,
      messageId,
    }
  }

  /** The events that a command leads to, else the problem that refuses it: what most tests look at. */
  answerTo(given: GivenCommand, ifSequence: number | null = null): readonly string[] | RefusalReason {
    const { events, refused } = this.run(given, ifSequence)
    return refused ?? events
  }

  /** Appends an event as the engine appends that of a command: without a number of a source. */
  append({ ids, native, payload, sessionId, type }: DecidedEvent): void {
    const { s } = this
    const sequence = s.log.length + 1
    const event: EventEnvelope = {
      sequence,
      streamId: s.threadId,
      streamVersion: sequence,
      eventId: id(`event ${sequence}`),
      type,
      v: 1,
      sessionId,
      channel: null,
      seq: null,
      at: 1_795_150_511_000 + sequence,
      recordedAt: 1_795_150_512_000 + sequence,
      actor: "client",
      commandId: id(`command ${this.commands}`),
      causationId: null,
      correlationId: null,
      turnId: ids?.turnId ?? null,
      itemId: ids?.itemId ?? null,
      requestId: ids?.requestId ?? null,
      inferenceId: ids?.inferenceId ?? null,
      realtimeId: ids?.realtimeId ?? null,
      delegationId: ids?.delegationId ?? null,
      taskId: ids?.taskId ?? null,
      native,
      payload,
    }
    s.append(event)
    const [odd] = s.rows.all("anomalies").filter((row) => row.lastSequence === sequence)
    if (odd !== undefined) throw new Error(`our own ${type} left the anomaly ${odd.reason}: ${odd.detail}`)
  }

  /** Appends an event of ours about a turn, as the orchestrator does when it has made a call. */
  outcome(
    type: "effect.delivered" | "effect.failed" | "effect.uncertain",
    effect: EffectKind,
    turnId: string | null,
    sessionId: string | null = null,
  ): this {
    this.append({ type, sessionId, native: null, ids: turnId === null ? {} : { turnId }, payload: { effect } })
    return this
  }
}

/** A thread that the agent `coder` works in. */
export const created = (): CommandScenario => {
  const c = new CommandScenario()
  c.run({ type: "thread.create", agent: "coder", provider: "codex" })
  return c
}

/** The same with a session that lives. */
export const live = (): CommandScenario => {
  const c = created()
  c.s.start()
  return c
}
