/**
 * What every driver must do with its agent, as a suite. The agent may be a real one with a mock model behind it, or a fake
 * one; the suite says what the model does in each turn and looks at nothing but the port.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Exit, Option, Scope } from "effect"
import type {
  AnswerRequest,
  Operation,
  ProviderConnection,
  ProviderDriver,
  ProviderFailure,
} from "../ProviderDriver.js"
import { markedProcesses, markPrefix } from "../process/marks.js"
import type { Emitted } from "../Translator.js"
import { contentFaults, numberingFaults, scopeName } from "./TranslatorContract.js"
import { ofType, type Watched, watch } from "./Watched.js"

/** What the model does in one turn. */
export type ModelTurn =
  /** It says this, and the turn is over. */
  | { readonly does: "say"; readonly text: string }
  /** It begins to say this and never ends. */
  | { readonly does: "hang"; readonly text: string }
  /** It wants to do something that needs permission, and whatever comes of it says this. */
  | { readonly does: "ask"; readonly text: string }

export interface DriverSubject {
  /** A driver whose model does this in the turns to come. Drivers of one subject share what the agent stores. */
  readonly driver: (turns: readonly ModelTurn[]) => Effect.Effect<ProviderDriver>
  /** Folder that the agent works in. */
  readonly cwd?: string
  /** Settings with which a thread asks for permission. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Whether what the last `ask` wanted was done; absent where nothing can be seen of it. */
  readonly performed?: Effect.Effect<boolean>
}

export interface DriverContract {
  /** Which driver with which agent. */
  readonly name: string
  /** Makes a fresh subject for a test. */
  readonly make: Effect.Effect<DriverSubject, never, Scope.Scope>
  /** Why the suite cannot run here: the agent is not installed. */
  readonly skip?: string | undefined
}

const ourThread = "0199aaaa-0000-7000-8000-000000000001"
const otherThread = "0199aaaa-0000-7000-8000-000000000002"
const ourTurn = "0199bbbb-0000-7000-8000-000000000001"
const otherTurn = "0199bbbb-0000-7000-8000-000000000002"
const mark = `${markPrefix}CONTRACT`

let connections = 0

/** A connection and all that a test asks of it. */
const open = (driver: ProviderDriver, { cwd }: DriverSubject) =>
  Effect.gen(function* () {
    connections += 1
    const value = `${process.pid}-${connections}`
    const where = cwd === undefined ? {} : { cwd }
    const connection = yield* driver.connect({
      connectionId: `connection-${value}`,
      marks: { [mark]: value },
      ...where,
    })
    const watched = yield* watch(connection)
    return { connection, watched, running: markedProcesses(mark, value) }
  })

const startOn = (connection: ProviderConnection, { cwd, settings }: DriverSubject, threadId = ourThread) =>
  Effect.map(
    connection.startThread({
      threadId,
      ...(cwd === undefined ? {} : { cwd }),
      ...(settings === undefined ? {} : { settings }),
    }),
    ({ nativeThreadId }) => nativeThreadId,
  )

const isEnd = (nativeThreadId: string) => (one: Emitted) =>
  ofType("turn.completed", nativeThreadId)(one) || ofType("turn.aborted", nativeThreadId)(one)

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

/** How a turn ended; an abort without a reason of its own is an interruption. */
const outcomeOf = ({ event }: Emitted): unknown =>
  event.type === "turn.aborted" ? "interrupted" : member(event.payload, "outcome")

/** What the agent said in a thread: the final texts of its messages. */
const saidIn = (events: readonly Emitted[], nativeThreadId: string): readonly unknown[] =>
  events
    .filter(ofType("item.completed", nativeThreadId))
    .filter(({ event }) => member(event.payload, "kind") === "agent_message")
    .map(({ event }) => member(event.payload, "text"))

const turnIdOf = (one: Emitted): string => {
  const turnId = one.event.native?.turnId
  if (turnId === undefined) throw new Error(`${one.event.type} names no turn`)
  return turnId
}

const requestIdOf = (one: Emitted): string => {
  const requestId = one.event.native?.requestId
  if (requestId === undefined) throw new Error(`${one.event.type} names no request`)
  return requestId
}

/** What holds of every stream, whatever happened. */
const isSound = (events: readonly Emitted[]): void => {
  expect(numberingFaults(events)).toEqual([])
  expect(contentFaults(events)).toEqual([])
  expect(events[0]?.event.type).toBe("connection.opened")
  const scopes = new Map<string, Emitted[]>()
  for (const one of events) scopes.set(scopeName(one), [...(scopes.get(scopeName(one)) ?? []), one])
  for (const [scope, of] of scopes) {
    if (scope !== "connection") expect(of[0]?.event.type, scope).toBe("session.started")
  }
}

/** And of every stream that has ended: each session once, each before the connection, nothing after it. */
const isClosed = (events: readonly Emitted[]): void => {
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

const processOf = (watched: Watched, running: readonly { readonly pid: number }[]): readonly number[] => {
  const opened = watched.all().find(ofType("connection.opened"))
  const pid = member(opened?.event.payload, "pid")
  return typeof pid === "number" ? [pid] : running.map((one) => one.pid)
}

/** Every operation of the port, with orders that mean nothing. */
const ordersOf = (
  connection: ProviderConnection,
  nativeThreadId: string,
): readonly (readonly [Operation, Effect.Effect<unknown, ProviderFailure>])[] => {
  const answer: AnswerRequest = { nativeThreadId, nativeRequestId: "0", decision: "accept" }
  return [
    ["start-thread", connection.startThread({ threadId: otherThread })],
    ["resume-thread", connection.resumeThread({ threadId: otherThread, nativeThreadId })],
    ["send-turn", connection.sendTurn({ nativeThreadId, turnId: otherTurn, text: "x" })],
    ["steer", connection.steer({ nativeThreadId, nativeTurnId: "x", text: "x" })],
    ["interrupt", connection.interrupt({ nativeThreadId, nativeTurnId: "x" })],
    ["answer", connection.answer(answer)],
  ]
}

/** Registers the suite. */
export const driverContract = ({ make, name, skip }: DriverContract): void => {
  const title = `ProviderDriver contract: ${name}`
  if (skip !== undefined) {
    describe(title, () => {
      it.skip(`is skipped: ${skip}`, () => {})
    })
    return
  }

  /** A test with a subject, a driver for these turns, and a connection. */
  const test = (
    what: string,
    turns: readonly ModelTurn[],
    body: (
      opened: Effect.Effect.Success<ReturnType<typeof open>> & {
        readonly driver: ProviderDriver
        readonly subject: DriverSubject
      },
    ) => Effect.Effect<void, unknown, Scope.Scope>,
  ): void => {
    it.scopedLive(what, () =>
      Effect.gen(function* () {
        const subject = yield* make
        const driver = yield* subject.driver(turns)
        const opened = yield* open(driver, subject)
        yield* body({ ...opened, driver, subject })
      }),
    )
  }

  describe(title, () => {
    test(
      "runs a turn and tells it in order",
      [{ does: "say", text: "Hello there." }],
      ({ connection, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          const handed = yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "hi" })
          yield* handed.answered
          yield* handed.answered
          const end = yield* watched.until(isEnd(thread))
          expect(outcomeOf(end)).toBe("completed")
          const all = watched.all()
          expect(saidIn(all, thread)).toEqual(["Hello there."])
          expect(watched.references.get(thread)).toBe(ourThread)
          const accepted = all.find(ofType("turn.accepted", thread))
          const started = all.find(ofType("turn.started", thread))
          expect(accepted?.event.turnId).toBe(ourTurn)
          expect(accepted?.event.native?.callId).toBe(handed.callId)
          const order = [accepted, started, all.find(ofType("item.completed", thread)), end].map((one) =>
            one === undefined ? -1 : all.indexOf(one),
          )
          expect(order).toEqual([...order].sort((one, other) => one - other))
          expect(order).not.toContain(-1)
          const turns = new Set(
            all.flatMap(({ event }) => (/^(turn|item|content)\./.test(event.type) ? [event.native?.turnId] : [])),
          )
          expect([...turns]).toEqual([turnIdOf(end)])
          isSound(all)
          yield* connection.stop
          isClosed(yield* watched.ended)
        }),
    )

    for (const decision of ["accept", "decline", "cancel"]) {
      test(
        `answers a question with ${decision} while the turn waits for it`,
        [{ does: "ask", text: "Well." }],
        ({ connection, subject, watched }) =>
          Effect.gen(function* () {
            const thread = yield* startOn(connection, subject)
            yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "do it" })
            const asked = yield* watched.until(ofType("request.opened", thread))
            expect(watched.all().some(isEnd(thread))).toBe(false)
            const answer = { nativeThreadId: thread, nativeRequestId: requestIdOf(asked), decision }
            yield* Effect.flatMap(connection.answer(answer), ({ answered }) => answered)
            const again = yield* Effect.flip(connection.answer(answer))
            expect(again._tag).toBe("Refused")
            const end = yield* watched.until(isEnd(thread))
            expect(["completed", ...(decision === "cancel" ? ["interrupted", "cancelled"] : [])]).toContain(
              outcomeOf(end),
            )
            if (decision !== "cancel") expect(saidIn(watched.all(), thread).at(-1)).toBe("Well.")
            if (subject.performed !== undefined) expect(yield* subject.performed).toBe(decision === "accept")
            isSound(watched.all())
          }),
      )
    }

    test(
      "interrupts a turn in the middle of its words, and goes on with the next",
      [
        { does: "hang", text: "I begin" },
        { does: "say", text: "Next." },
      ],
      ({ connection, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "go" })
          yield* watched.until(ofType("content.delta", thread))
          const started = yield* watched.until(ofType("turn.started", thread))
          const handed = yield* connection.interrupt({ nativeThreadId: thread, nativeTurnId: turnIdOf(started) })
          yield* handed.answered
          const end = yield* watched.until(isEnd(thread))
          expect(outcomeOf(end)).toBe("interrupted")
          expect(turnIdOf(end)).toBe(turnIdOf(started))
          const before = watched.all().length
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: otherTurn, text: "and now" })
          expect(outcomeOf(yield* watched.until(isEnd(thread), before))).toBe("completed")
          expect(saidIn(watched.all().slice(before), thread)).toEqual(["Next."])
          isSound(watched.all())
        }),
    )

    test(
      "interrupts a turn that waits for an answer, which then comes too late",
      [{ does: "ask", text: "Well." }],
      ({ connection, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "do it" })
          const asked = yield* watched.until(ofType("request.opened", thread))
          const started = yield* watched.until(ofType("turn.started", thread))
          yield* connection.interrupt({ nativeThreadId: thread, nativeTurnId: turnIdOf(started) })
          expect(outcomeOf(yield* watched.until(isEnd(thread)))).toBe("interrupted")
          if (subject.performed !== undefined) expect(yield* subject.performed).toBe(false)
          const late = { nativeThreadId: thread, nativeRequestId: requestIdOf(asked), decision: "accept" }
          expect((yield* Effect.flip(connection.answer(late)))._tag).toBe("Refused")
          isSound(watched.all())
        }),
    )

    it.scopedLive("resumes a thread on a new connection, and tells nothing twice", () =>
      Effect.gen(function* () {
        const subject = yield* make
        const first = yield* open(yield* subject.driver([{ does: "say", text: "First words." }]), subject)
        const thread = yield* startOn(first.connection, subject)
        yield* first.connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "one" })
        yield* first.watched.until(isEnd(thread))
        yield* first.connection.stop
        isClosed(yield* first.watched.ended)

        const second = yield* open(yield* subject.driver([{ does: "say", text: "Second words." }]), subject)
        const where = subject.cwd === undefined ? {} : { cwd: subject.cwd }
        const resumed = yield* second.connection.resumeThread({ threadId: ourThread, nativeThreadId: thread, ...where })
        const again = resumed.nativeThreadId
        yield* second.connection.sendTurn({ nativeThreadId: again, turnId: otherTurn, text: "two" })
        expect(outcomeOf(yield* second.watched.until(isEnd(again)))).toBe("completed")
        const all = second.watched.all()
        expect(second.watched.references.get(again)).toBe(ourThread)
        expect(saidIn(all, again)).toEqual(["Second words."])
        expect(all.filter(ofType("turn.started"))).toHaveLength(1)
        expect(member(all.find(ofType("session.started", again))?.event.payload, "resumed")).toBe(true)
        isSound(all)
      }),
    )

    it.scopedLive("serves two threads on one connection, where it shares one", () =>
      Effect.gen(function* () {
        const subject = yield* make
        const driver = yield* subject.driver([
          { does: "hang", text: "I begin" },
          { does: "say", text: "Meanwhile." },
        ])
        if (!driver.capabilities.sharesConnection) return
        const { connection, watched } = yield* open(driver, subject)
        const one = yield* startOn(connection, subject)
        const other = yield* startOn(connection, subject, otherThread)
        yield* connection.sendTurn({ nativeThreadId: one, turnId: ourTurn, text: "go" })
        yield* watched.until(ofType("content.delta", one))
        yield* connection.sendTurn({ nativeThreadId: other, turnId: otherTurn, text: "go too" })
        expect(outcomeOf(yield* watched.until(isEnd(other)))).toBe("completed")
        expect(saidIn(watched.all(), other)).toEqual(["Meanwhile."])
        expect(watched.all().some(isEnd(one))).toBe(false)
        expect([...watched.references]).toEqual([
          [one, ourThread],
          [other, otherThread],
        ])
        yield* connection.closeThread(other)
        yield* connection.closeThread(other)
        const ofOther = watched
          .all()
          .filter((event) => event.scope.kind === "session" && event.scope.nativeThreadId === other)
        expect(ofOther.at(-1)?.event.type).toBe("session.exited")
        expect(watched.all().some(ofType("session.exited", one))).toBe(false)
        yield* connection.stop
        isClosed(yield* watched.ended)
      }),
    )

    test(
      "closes a thread in the middle of a turn",
      [{ does: "hang", text: "I begin" }],
      ({ connection, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "go" })
          yield* watched.until(ofType("content.delta", thread))
          yield* connection.closeThread(thread)
          yield* watched.until(ofType("session.exited", thread))
          yield* connection.stop
          isClosed(yield* watched.ended)
        }),
    )

    test(
      "tells the end of a process that was killed in the middle of a turn, once",
      [{ does: "hang", text: "I begin" }],
      ({ connection, driver, running, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "go" })
          yield* watched.until(ofType("content.delta", thread))
          for (const pid of processOf(watched, yield* running)) process.kill(pid, "SIGKILL")
          const events = yield* watched.ended
          isClosed(events)
          expect(member(events.at(-1)?.event.payload, "signal")).toBe("SIGKILL")
          expect(member(events.at(-1)?.event.payload, "reason")).not.toBe("stopped")
          for (const [operation, order] of ordersOf(connection, thread)) {
            if (driver.capabilities[operation])
              expect((yield* Effect.flip(order))._tag, operation).toBe("ConnectionLost")
          }
          yield* connection.stop
          expect(yield* running).toEqual([])
        }),
    )

    test(
      "stops once, however often it is asked, and leaves nothing running",
      [{ does: "hang", text: "I begin" }],
      ({ connection, running, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "go" })
          yield* watched.until(ofType("content.delta", thread))
          expect((yield* running).length).toBeGreaterThan(0)
          yield* Effect.all([connection.stop, connection.stop], { concurrency: 2 })
          expect(yield* running).toEqual([])
          const events = yield* watched.ended
          isClosed(events)
          expect(member(events.at(-1)?.event.payload, "reason")).toBe("stopped")
          yield* connection.stop
          const lost = yield* Effect.flip(connection.sendTurn({ nativeThreadId: thread, turnId: otherTurn, text: "x" }))
          expect(lost._tag).toBe("ConnectionLost")
        }),
    )

    it.scopedLive("stops with its scope", () =>
      Effect.gen(function* () {
        const subject = yield* make
        const driver = yield* subject.driver([])
        const scope = yield* Scope.make()
        const opened = yield* Scope.extend(open(driver, subject), scope)
        yield* Scope.close(scope, Exit.void)
        expect(yield* opened.running).toEqual([])
      }),
    )

    it.scopedLive("says of what it cannot do that it is unsupported", () =>
      Effect.gen(function* () {
        const subject = yield* make
        const driver = yield* subject.driver([])
        const { connection } = yield* open(driver, subject)
        for (const [operation, order] of ordersOf(connection, "none")) {
          if (driver.capabilities[operation]) continue
          const either = yield* Effect.either(order)
          expect(Option.map(Either.getLeft(either), ({ _tag }) => _tag)).toEqual(Option.some("Unsupported"))
        }
        yield* connection.closeThread("none")
      }),
    )
  })
}
