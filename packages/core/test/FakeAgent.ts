/**
 * A thread with its agent and a minimal orchestrator that carries out the effects. The tests of messages run against this model.
 * Anything may happen between an effect and its call; nothing depends on time.
 */
import type { EffectKind, RequestedEffect } from "@threadfold/contracts"
import { CommandScenario } from "./CommandScenario.js"
import { id, strong } from "./Scenario.js"

/** How a call to the agent ends. */
export type CallOutcome =
  /** It is taken. */
  | "taken"
  /** It is taken, and the answer to it comes later. */
  | "taken-later"
  /** It is refused. */
  | "refused"
  /** It is taken, and that stays unknown. */
  | "taken-unheard"
  /** It is not taken, and that stays unknown. */
  | "lost-unheard"

type Message = "started" | "steered"

export class FakeAgent {
  readonly c = new CommandScenario()
  /** Texts that the agent got, in order. */
  readonly received: { readonly text: string; readonly as: Message }[] = []
  /** Messages of uncertain steers. */
  readonly doubtful = new Set<string>()
  private readonly work: RequestedEffect[] = []
  private readonly control: RequestedEffect[] = []
  /** Answers to steers that are still to come. */
  private readonly answers: { readonly messageId: string; readonly session: string }[] = []
  private sessions = 0
  private turns = 0
  private questions = 0
  private taken = 0

  constructor() {
    this.c.run({ type: "thread.create", agent: "coder", provider: "codex" })
  }

  private get label(): string {
    return `s${this.sessions}`
  }
  /** Whether a process of the agent runs. */
  get lives(): boolean {
    const { session } = this.c.s.state
    return session !== null && session.endedAt === null
  }

  /** Kind of the next effect of the work lane. */
  get next(): EffectKind | undefined {
    return this.work[0]?.kind
  }

  /** Gives a command; its effects wait to be done. */
  give(given: { readonly type: string; readonly [field: string]: unknown }): ReturnType<CommandScenario["run"]> {
    const result = this.c.run(given)
    for (const effect of this.c.effects.slice(this.taken)) {
      const lane = ["session.start", "turn.start", "turn.steer"].includes(effect.kind) ? this.work : this.control
      lane.push(effect)
    }
    this.taken = this.c.effects.length
    return result
  }

  /** Does the next effect of the work lane; false: there is none, or it waits. */
  doWork(luck: CallOutcome): boolean {
    const [effect] = this.work
    if (effect === undefined) return false
    const turn = this.c.s.rows.find("turns", "key", [effect.turnId ?? null])
    if (effect.kind === "turn.start") {
      const waits = turn !== null && turn.status === "requested" && turn.handedOver === 0
      if (waits && this.mustWait(turn.turnId)) return false
      if (waits) this.startTurn(turn.turnId, turn.text ?? "", luck)
    } else if (effect.kind === "turn.steer") {
      const waits = turn?.status === "running" && this.c.s.state.queue.includes(effect.messageId ?? "")
      if (waits) this.steer(effect, luck)
    } else {
      this.ensureSession()
    }
    this.work.shift()
    return true
  }

  /** Does the next effect of the control lane; false: there is none, or it waits. */
  doControl(): boolean {
    const { s } = this.c
    const [effect] = this.control
    if (effect === undefined) return false
    const { session } = s
    const turn = this.c.s.rows.find("turns", "key", [effect.turnId ?? null])
    if (effect.kind === "session.stop") {
      if (this.lives && (effect.sessionId === null || effect.sessionId === session?.sessionId)) this.exit()
      if (effect.sessionId === null) this.work.splice(0, this.work.length, ...this.withoutStarts())
    } else if (effect.kind === "turn.interrupt") {
      if (turn?.status === "running" && turn.nativeTurnId !== null) this.end(turn.nativeTurnId, "interrupted")
      else if (turn?.status === "requested" && turn.uncertain === 0) return false
    } else {
      const request = s.rows.find("requests", "key", [effect.requestId ?? null])
      if (request?.status === "answering" && request.decision !== null) {
        const ids = { requestId: request.requestId }
        s.send("request.answered", { decision: request.decision }, { session: this.label, ids })
      }
    }
    this.control.shift()
    return true
  }

  private withoutStarts(): readonly RequestedEffect[] {
    return this.work.filter(({ kind }) => kind !== "session.start")
  }

  /** One turn at a time, and only after the last one's end is final. */
  private mustWait(turnId: string): boolean {
    const { rows } = this.c.s
    return rows
      .all("turns")
      .some(
        (turn) =>
          turn.turnId !== turnId &&
          (turn.status === "running" ||
            (turn.status === "ended" && turn.settled === 0) ||
            (turn.status === "requested" && turn.handedOver === 1 && turn.uncertain === 0)),
      )
  }

  private ensureSession(): void {
    if (this.lives) return
    this.sessions += 1
    this.c.s.start(this.label)
  }

  private startTurn(turnId: string, text: string, luck: CallOutcome): void {
    this.ensureSession()
    const { s } = this.c
    const native = strong(`native ${++this.turns}`)
    const options = { session: this.label, ids: { turnId }, native: { turnId: native } }
    if (luck.startsWith("taken")) this.received.push({ text, as: "started" })
    if (luck === "taken" || luck === "taken-later") {
      this.c.outcome("effect.delivered", "turn.start", turnId)
      s.send("turn.accepted", {}, options).send("turn.started", {}, { session: this.label, native: { turnId: native } })
    } else if (luck === "refused") {
      s.send("turn.start-failed", { error: { message: "no" } }, { session: this.label, ids: { turnId } })
    } else {
      this.c.outcome("effect.uncertain", "turn.start", turnId)
    }
  }

  private steer(effect: RequestedEffect, luck: CallOutcome): void {
    const messageId = effect.messageId ?? ""
    const text = this.textOf(messageId)
    if (luck.startsWith("taken")) this.received.push({ text, as: "steered" })
    this.c.steers.set(messageId, { status: "delivered", sessionId: id(`session ${this.label}`) })
    if (luck === "taken-later") {
      this.answers.push({ messageId, session: this.label })
    } else if (luck === "taken") {
      this.steered(messageId)
    } else if (luck === "refused") {
      this.c.steers.set(messageId, { status: "failed", sessionId: null })
    } else {
      this.c.steers.set(messageId, { status: "uncertain", sessionId: null })
      this.doubtful.add(messageId)
      this.c.outcome("effect.uncertain", "turn.steer", effect.turnId ?? null)
    }
  }

  private steered(messageId: string): void {
    this.c.append({ type: "message.steered", sessionId: null, native: null, payload: { messageId } })
  }

  /** The agent answers a steer; an answer that went with its session never comes. False: none is to come. */
  answer(): boolean {
    const next = this.answers.shift()
    if (next === undefined) return false
    if (this.lives && next.session === this.label) this.steered(next.messageId)
    else this.doubtful.add(next.messageId)
    return true
  }

  /** Whether the agent may have got a message that is still in the queue. */
  mayHave(messageId: string): boolean {
    return this.doubtful.has(messageId) || this.answers.some((one) => one.messageId === messageId)
  }

  /** The text of a queued message. */
  textOf(messageId: string): string {
    return this.c.s.rows.find("queue", "key", [messageId])?.text ?? ""
  }

  /** The agent ends its turn. */
  end(native: string, outcome: "completed" | "failed" | "interrupted"): void {
    this.c.s.complete(native, outcome, this.label)
  }

  /** What the agent does next: ends its turn, asks, goes idle without an event, dies, or goes on. */
  live(pick: number): void {
    const { s } = this.c
    const native = s.state.active?.nativeTurnId ?? null
    if (!this.lives || native === null) return
    switch (pick % 12) {
      case 0:
      case 1:
      case 2:
        return this.end(native, "completed")
      case 3:
        return this.end(native, "failed")
      case 4:
        return void s.status("ready", this.label)
      case 5:
        return this.exit()
      case 6: {
        const requestId = `${++this.questions}`
        s.send("request.opened", { kind: "other" }, { session: this.label, native: { turnId: native, requestId } })
      }
    }
  }

  private exit(): void {
    this.c.s.send("session.exited", { reason: "exit", signal: "SIGKILL" }, { session: this.label })
  }

  /** What follows from the rows: inferred ends become final, the queue runs on. */
  followUp(): void {
    const open = this.c.s.rows.all("turns").filter((turn) => turn.status === "ended" && turn.settled === 0)
    for (const { turnId } of open) this.give({ type: "turn.settle", turnId })
    if (this.work.length === 0 && this.control.length === 0) this.give({ type: "queue.drain" })
  }

  /** Runs all steps until nothing is left to do; a person resolves every uncertainty and resumes the queue. */
  finish(): void {
    for (let round = 0; round < 500; round++) {
      const before = this.c.s.log.length
      const { state } = this.c.s
      while (this.answer());
      while (this.doControl());
      for (const { requestId } of this.c.s.rows.all("requests").filter(({ status }) => status === "open")) {
        this.give({ type: "request.respond", requestId, decision: "yes" })
      }
      for (const turn of state.requested.filter(({ uncertain }) => uncertain === 1)) {
        this.give({ type: "turn.interrupt", turnId: turn.turnId })
      }
      for (const messageId of state.queue.filter((one) => this.doubtful.has(one))) {
        this.give({ type: "queue.cancel", messageId })
      }
      this.doWork("taken")
      if (this.c.s.state.active?.nativeTurnId != null) this.end(this.c.s.state.active.nativeTurnId, "completed")
      this.give({ type: "queue.resume" })
      this.followUp()
      const idle = this.work.length === 0 && this.control.length === 0 && this.c.s.log.length === before
      if (idle) return
    }
    throw new Error("it never comes to rest")
  }
}
