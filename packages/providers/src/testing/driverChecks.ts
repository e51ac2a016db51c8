/** What the driver contract reads from the events of a connection, and what must hold of every stream of them. */
import type { Emitted } from "@threadfold/contracts"
import { expect } from "vitest"
import { contentFaults, numberingFaults, scopeName } from "./TranslatorContract.js"
import { ofType } from "./Watched.js"

export const isEnd = (nativeThreadId: string) => (one: Emitted) =>
  ofType("turn.completed", nativeThreadId)(one) || ofType("turn.aborted", nativeThreadId)(one)

export const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

/** The outcome of a turn. An abort without a reason counts as an interruption. */
export const outcomeOf = ({ event }: Emitted): unknown =>
  event.type === "turn.aborted" ? "interrupted" : member(event.payload, "outcome")

/** The final texts of the agent's messages in a thread. */
export const saidIn = (events: readonly Emitted[], nativeThreadId: string): readonly unknown[] =>
  events
    .filter(ofType("item.completed", nativeThreadId))
    .filter(({ event }) => member(event.payload, "kind") === "agent_message")
    .map(({ event }) => member(event.payload, "text"))

export const turnIdOf = (one: Emitted): string => {
  const turnId = one.event.native?.turnId
  if (turnId === undefined) throw new Error(`${one.event.type} names no turn`)
  return turnId
}

export const requestIdOf = (one: Emitted): string => {
  const requestId = one.event.native?.requestId
  if (requestId === undefined) throw new Error(`${one.event.type} names no request`)
  return requestId
}

/** Checks what holds for every stream, at any time. */
export const isSound = (events: readonly Emitted[]): void => {
  expect(numberingFaults(events)).toEqual([])
  expect(contentFaults(events)).toEqual([])
  expect(events[0]?.event.type).toBe("connection.opened")
  const scopes = new Map<string, Emitted[]>()
  for (const one of events) scopes.set(scopeName(one), [...(scopes.get(scopeName(one)) ?? []), one])
  for (const [scope, of] of scopes) {
    if (scope !== "connection") expect(of[0]?.event.type, scope).toBe("session.started")
  }
}

/** Checks what holds for an ended stream: each session ended once, before the connection, and no event follows. */
export const isClosed = (events: readonly Emitted[]): void => {
  isSound(events)
  const sessions = new Set(events.map(scopeName))
  sessions.delete("connection")
  for (const session of sessions) {
    const of = events.filter((one) => scopeName(one) === session)
    expect(of.filter(ofType("session.exited")), session).toHaveLength(1)
    expect(of.at(-1)?.event.type, session).toBe("session.exited")
  }
  expect(events.filter(ofType("connection.closed"))).toHaveLength(1)
  expect(events.at(-1)?.event.type).toBe("connection.closed")
}
