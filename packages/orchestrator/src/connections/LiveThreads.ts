/**
 * What runs in this process: which connection serves which thread, and which sessions are open on it. A fact about
 * processes of ours, never a stored flag: what is not here is not alive.
 */
import type { ProviderConnection } from "@threadfold/providers"
import type { Agent } from "../Agents.js"

/** A connection that is open. */
export interface LiveConnection {
  readonly connectionId: string
  /** The thread that it was opened for; it may serve others, too. */
  readonly openedFor: string
  readonly agent: Agent
  readonly connection: ProviderConnection
}

/** A thread that a connection of ours serves. */
export interface LiveThread {
  readonly threadId: string
  readonly nativeThreadId: string
  readonly on: LiveConnection
}

/** A session that is open on a connection of ours, also one of a thread that the agent opened by itself. */
export interface OpenSession {
  readonly threadId: string
  /** The provider's id of its thread; null: it named none. */
  readonly nativeThreadId: string | null
  readonly connectionId: string
  /** Whether we had asked for it: the agent may open one by itself, as for a sub-agent. */
  readonly isAsked: boolean
}

export class LiveThreads {
  private readonly byThread = new Map<string, LiveThread>()
  private readonly bySession = new Map<string, OpenSession>()
  private readonly starting = new Set<string>()
  private readonly open = new Map<string, LiveConnection>()
  private readonly claims = new Map<string, number>()

  /** Connections that are open. */
  get connections(): readonly LiveConnection[] {
    return [...this.open.values()]
  }

  /** How the thread can be reached, or null. */
  of(threadId: string): LiveThread | null {
    return this.byThread.get(threadId) ?? null
  }

  /**
   * How the session can be reached, or null. A thread that an agent opened by itself is none that a connection serves for us, and
   * yet its agent asks, and waits for the answer.
   */
  ofSession(sessionId: string): LiveThread | null {
    const session = this.bySession.get(sessionId)
    if (session === undefined) return null
    const { connectionId, nativeThreadId, threadId } = session
    const on = this.open.get(connectionId)
    return on === undefined || nativeThreadId === null ? null : { threadId, nativeThreadId, on }
  }

  /** How the thread can be reached, or else the session; null: neither can. */
  reached(threadId: string, sessionId: string | null): LiveThread | null {
    return this.of(threadId) ?? (sessionId === null ? null : this.ofSession(sessionId))
  }

  /** Whether the session is open on a connection of ours. */
  hasSession(sessionId: string): boolean {
    return this.bySession.has(sessionId)
  }

  /** Whether the connection is open, and its end has not begun. */
  isOpen(connectionId: string): boolean {
    return this.open.has(connectionId)
  }

  /** A connection of this agent that can take another thread, or null. */
  shared(agent: Agent): LiveConnection | null {
    if (!agent.driver.capabilities.sharesConnection) return null
    return this.connections.find((one) => one.agent.name === agent.name) ?? null
  }

  connected(live: LiveConnection): void {
    this.open.set(live.connectionId, live)
  }

  /** The connection is over, and with it everything on it; returns the threads that it served. */
  disconnected(connectionId: string): readonly string[] {
    this.open.delete(connectionId)
    for (const [sessionId, session] of this.bySession) {
      if (session.connectionId === connectionId) this.bySession.delete(sessionId)
    }
    const threads = [...this.byThread.values()].filter(({ on }) => on.connectionId === connectionId)
    for (const { threadId } of threads) this.byThread.delete(threadId)
    return threads.map(({ threadId }) => threadId)
  }

  /** False: the connection has ended meanwhile. */
  opened(thread: LiveThread): boolean {
    const isOpen = this.open.has(thread.on.connectionId)
    if (isOpen) this.byThread.set(thread.threadId, thread)
    return isOpen
  }

  /** The thread was let go of; its session's last word is still to come. */
  closed({ on, threadId }: LiveThread): void {
    if (this.byThread.get(threadId)?.on.connectionId === on.connectionId) this.byThread.delete(threadId)
  }

  sessionStarted(sessionId: string, session: OpenSession): void {
    this.bySession.set(sessionId, session)
  }

  /** The thread is about to be opened, until `startOver`. */
  startBegins(threadId: string): void {
    this.starting.add(threadId)
  }

  startOver(threadId: string): void {
    this.starting.delete(threadId)
  }

  /**
   * What an agent has open for a start that was given up: it took its time, and does not know that nobody waits. Null: the agent has
   * nothing of this thread open, or it is in use, or about to be.
   */
  strayOf(threadId: string): LiveThread | null {
    if (this.starting.has(threadId) || this.byThread.has(threadId)) return null
    for (const { connectionId, isAsked, nativeThreadId, threadId: of } of this.bySession.values()) {
      const on = this.open.get(connectionId)
      if (of === threadId && isAsked && nativeThreadId !== null && on !== undefined)
        return { threadId, nativeThreadId, on }
    }
    return null
  }

  /** The session ended; the connection may serve others still. */
  sessionEnded(sessionId: string): void {
    const session = this.bySession.get(sessionId)
    this.bySession.delete(sessionId)
    if (session === undefined) return
    const live = this.byThread.get(session.threadId)
    if (live?.on.connectionId === session.connectionId) this.byThread.delete(session.threadId)
  }

  /** A thread is about to be opened on the connection; taken back with `release`. */
  claim(connectionId: string): void {
    this.claims.set(connectionId, (this.claims.get(connectionId) ?? 0) + 1)
  }

  release(connectionId: string): void {
    const left = (this.claims.get(connectionId) ?? 0) - 1
    if (left > 0) this.claims.set(connectionId, left)
    else this.claims.delete(connectionId)
  }

  /** Whether the connection serves no thread and none is about to be opened on it. */
  isIdle(connectionId: string): boolean {
    const served = [...this.byThread.values()].some(({ on }) => on.connectionId === connectionId)
    return !served && !this.claims.has(connectionId)
  }

  /** The connection is about to end: no thread gets it any more. */
  leave(connectionId: string): void {
    this.open.delete(connectionId)
  }
}
