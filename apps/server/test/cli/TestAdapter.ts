/** A small adapter that pushes a conversation, and the same adapter with one flaw. */
import { AttachedSession } from "@threadfold/contracts/api"
import { Schema } from "effect"
import { v7 as uuid } from "uuid"

/** The check that an adapter with a flaw is to fail. */
export type Flaw =
  | "session-open"
  | "lease-renewed"
  | "turn-ends"
  | "items-closed"
  | "session-ended"
  | "media-type"
  | "line-valid"
  | "seq-gapless"
  | "seq-content"
  | "lost-answer"
  | "too-many-requests"
  | "unavailable"
  | "lease-lapse"

export interface AdapterOptions {
  readonly url: string
  readonly token: string
  /** The agent's name of the conversation. */
  readonly nativeThreadId: string
  readonly leaseMs: number
  readonly flaw: Flaw | null
}

interface Line {
  readonly type: string
  readonly native: object
  readonly payload?: object
}

/** The session of the adapter has ended. */
class SessionLost extends Error {}

const decodeSession = Schema.decodeUnknownSync(Schema.parseJson(AttachedSession))
const wait = (ms: number) =>
  new Promise<void>((done) => {
    setTimeout(done, ms)
  })

export class TestAdapter {
  private sessionId = ""
  private seq = 0
  private hasSkipped = false
  private readonly heartbeats: NodeJS.Timeout

  constructor(private readonly options: AdapterOptions) {
    const renew = () => {
      if (this.sessionId !== "" && options.flaw !== "lease-renewed") this.heartbeat().catch(() => undefined)
    }
    this.heartbeats = setInterval(renew, options.leaseMs / 4)
  }

  private has(flaw: Flaw): boolean {
    return this.options.flaw === flaw
  }

  private call(path: string, init: RequestInit): Promise<Response> {
    const { token, url } = this.options
    const headers = { authorization: `Bearer ${token}`, ...Object.fromEntries(new Headers(init.headers)) }
    return fetch(`${url}/v1/sessions/${this.sessionId}${path}`, { ...init, headers })
  }

  private async heartbeat(): Promise<AttachedSession> {
    return decodeSession(await (await this.call("/heartbeat", { method: "POST" })).text())
  }

  /** Opens a session of the thread; tries again until it is open. */
  private async open(): Promise<void> {
    const { leaseMs, nativeThreadId } = this.options
    this.sessionId = uuid()
    this.seq = this.has("seq-gapless") ? 1 : 0
    const body = JSON.stringify({ provider: "test", nativeThreadId, leaseMs })
    for (;;) {
      const headers = { "content-type": "application/json" }
      const answer = await this.call("", { method: "PUT", headers, body }).catch(() => null)
      if (answer?.ok) return
      await wait(50)
    }
  }

  /** Whether the session still lives: asks until there is an answer. */
  private async isAlive(): Promise<boolean> {
    for (;;) {
      const session = await this.heartbeat().catch(() => null)
      if (session !== null) return session.leaseExpiresAt !== null
      await wait(50)
    }
  }

  private send(lines: readonly object[], mediaType = "application/x-ndjson"): Promise<Response> {
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("")
    return this.call("/events", { method: "POST", headers: { "content-type": mediaType }, body })
  }

  /** Pushes lines until they are acknowledged. Rejects with {@link SessionLost} where the session has ended. */
  private async push(lines: readonly Line[]): Promise<void> {
    let numbered: readonly object[] = lines.map((line) => {
      this.seq += 1
      return { channel: "adapter:test", seq: this.seq, at: 1_000 + this.seq, ...line }
    })
    if (this.has("media-type")) await this.send(numbered, "text/plain")
    for (;;) {
      const answer = await this.send(numbered).catch(() => null)
      if (answer === null) {
        if (this.has("lost-answer") && !this.hasSkipped) {
          this.hasSkipped = true
          return
        }
        if (this.has("lease-lapse")) await wait(50)
        else if (!(await this.isAlive())) throw new SessionLost()
        if (this.has("seq-content")) numbered = numbered.map((line) => ({ ...line, at: 5_000 }))
      } else if (answer.status === 429) {
        if (this.has("too-many-requests")) await wait(10)
        else await wait(1_000 * Number(answer.headers.get("retry-after")))
      } else if (answer.status === 503) {
        if (this.has("unavailable")) return
        await wait(50)
      } else {
        return
      }
    }
  }

  /** A turn in two pushes. */
  private async turn(turnId: string): Promise<void> {
    const item = { turnId, itemId: `${turnId} message` }
    const text = this.has("line-valid") ? 5 : "Hello"
    await this.push([
      { type: "turn.started", native: { turnId }, payload: {} },
      { type: "item.started", native: item, payload: { kind: "agent_message" } },
      { type: "content.delta", native: item, payload: { stream: "text", delta: text } },
    ])
    const completed = { kind: "agent_message", status: "completed", text: "Hello" }
    await this.push([
      ...(this.has("items-closed") ? [] : [{ type: "item.completed", native: item, payload: completed }]),
      ...(this.has("turn-ends")
        ? []
        : [{ type: "turn.completed", native: { turnId }, payload: { outcome: "completed" } }]),
    ])
  }

  /** The same where the session is lost meanwhile: the next one tells it again. */
  private async wholeTurn(turnId: string): Promise<void> {
    try {
      await this.turn(turnId)
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error
      await this.open()
      await this.turn(turnId)
    }
  }

  /** A conversation of so many turns. @param idleMs pause after the first one, ms */
  async converse(turns: number, idleMs = 0): Promise<void> {
    await this.open()
    for (let turn = 1; turn <= turns; turn++) {
      await this.wholeTurn(`t${turn}`)
      if (turn === 1) await wait(idleMs)
    }
    if (!this.has("session-ended")) await this.call("", { method: "DELETE" })
    if (this.has("session-open")) await this.turn("late")
    this.stop()
  }

  stop(): void {
    clearInterval(this.heartbeats)
  }
}
