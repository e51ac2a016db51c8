/**
 * The contract suite of drivers. The agent may be a real one with a mock model, or a fake one. The suite decides what the model
 * does in each turn, and checks only the port.
 */
import { describe, expect, it } from "@effect/vitest"
import { killProcess } from "@threadfold/testkit"
import { Effect, Either, Exit, Option, Scope } from "effect"
import {
  type AnswerRequest,
  conversationAbilities,
  type Operation,
  type ProviderConnection,
  type ProviderDriver,
  type ProviderFailure,
} from "../ProviderDriver.js"
import { configurationContract } from "./ConfigurationContract.js"
import {
  type DriverSubject,
  type ModelTurn,
  open,
  otherThread,
  otherTurn,
  ourThread,
  ourTurn,
  startOn,
  turnNumber,
} from "./DriverSubject.js"
import { isClosed, isEnd, isSound, member, outcomeOf, requestIdOf, saidIn, turnIdOf } from "./driverChecks.js"
import { ofType, type Watched } from "./Watched.js"

export interface DriverContract {
  /** The driver and the agent. */
  readonly name: string
  /** Makes a new subject for each test. */
  readonly make: Effect.Effect<DriverSubject, never, Scope.Scope>
  /** Why the suite cannot run here, for example because the agent is not installed. */
  readonly skip?: string | undefined
}

const processOf = (watched: Watched, running: readonly { readonly pid: number }[]): readonly number[] => {
  const opened = watched.all().find(ofType("connection.opened"))
  const pid = member(opened?.event.payload, "pid")
  return typeof pid === "number" ? [pid] : running.map((one) => one.pid)
}

/** Every operation of the port, with inputs that have no meaning. */
const operationsOf = (
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
    ["configure", connection.configure({ nativeThreadId, chosen: { model: "x" } })],
  ]
}

/** Every answer to a question. The last one may end its turn before the model has said all. */
const decisions = ["decline", "accept", "cancel"] as const
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
      "has an operation for what it can do with a conversation, and none for what it cannot",
      [],
      ({ connection, driver }) =>
        Effect.sync(() => {
          for (const ability of conversationAbilities) {
            expect([ability, connection[ability] !== undefined]).toEqual([ability, driver.capabilities[ability]])
          }
          if (driver.capabilities.restoreFiles) expect(driver.capabilities.rewind).toBe(true)
        }),
    )

    test(
      "runs a turn and emits its events in order",
      [{ does: "say", text: "Hello there." }],
      ({ connection, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          const delivered = yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "hi" })
          yield* delivered.answered
          yield* delivered.answered
          const end = yield* watched.until(isEnd(thread))
          expect(outcomeOf(end)).toBe("completed")
          const all = watched.all()
          expect(saidIn(all, thread)).toEqual(["Hello there."])
          expect(watched.references.get(thread)).toBe(ourThread)
          const accepted = all.find(ofType("turn.accepted", thread))
          const started = all.find(ofType("turn.started", thread))
          expect(accepted?.event.turnId).toBe(ourTurn)
          expect(accepted?.event.native?.callId).toBe(delivered.callId)
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

    test(
      "answers a question with decline, accept and cancel while the turn waits for it",
      decisions.map(() => ({ does: "ask", text: "Well." })),
      ({ connection, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          for (const [index, decision] of decisions.entries()) {
            const before = watched.all().length
            const inTurn = () => watched.all().slice(before)
            yield* connection.sendTurn({ nativeThreadId: thread, turnId: turnNumber(index + 1), text: "do it" })
            const asked = yield* watched.until(ofType("request.opened", thread), before)
            expect(inTurn().some(isEnd(thread))).toBe(false)
            const answer = { nativeThreadId: thread, nativeRequestId: requestIdOf(asked), decision }
            yield* Effect.flatMap(connection.answer(answer), ({ answered }) => answered)
            const again = yield* Effect.flip(connection.answer(answer))
            expect(again._tag).toBe("Refused")
            const end = yield* watched.until(isEnd(thread), before)
            expect(["completed", ...(decision === "cancel" ? ["interrupted", "cancelled"] : [])]).toContain(
              outcomeOf(end),
            )
            if (decision !== "cancel") expect(saidIn(inTurn(), thread).at(-1)).toBe("Well.")
            if (subject.performed !== undefined) {
              expect([decision, yield* subject.performed(index + 1)]).toEqual([decision, decision === "accept"])
            }
            isSound(watched.all())
          }
        }),
    )

    test(
      "interrupts a turn in the middle of its text, and goes on with the next turn",
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
          const delivered = yield* connection.interrupt({ nativeThreadId: thread, nativeTurnId: turnIdOf(started) })
          yield* delivered.answered
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
      "interrupts a turn that waits for an answer, and refuses an answer that comes later",
      [{ does: "ask", text: "Well." }],
      ({ connection, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "do it" })
          const asked = yield* watched.until(ofType("request.opened", thread))
          const started = yield* watched.until(ofType("turn.started", thread))
          yield* connection.interrupt({ nativeThreadId: thread, nativeTurnId: turnIdOf(started) })
          expect(outcomeOf(yield* watched.until(isEnd(thread)))).toBe("interrupted")
          if (subject.performed !== undefined) expect(yield* subject.performed(1)).toBe(false)
          const late = { nativeThreadId: thread, nativeRequestId: requestIdOf(asked), decision: "accept" }
          expect((yield* Effect.flip(connection.answer(late)))._tag).toBe("Refused")
          isSound(watched.all())
        }),
    )

    it.scopedLive("resumes a thread on a new connection, and emits no event of the past again", () =>
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

    configurationContract(make)

    it.scopedLive("serves two threads on one connection, if its connections are shared", () =>
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
      "reports the end of a process that was killed in the middle of a turn, once",
      [{ does: "hang", text: "I begin" }],
      ({ connection, driver, running, subject, watched }) =>
        Effect.gen(function* () {
          const thread = yield* startOn(connection, subject)
          yield* connection.sendTurn({ nativeThreadId: thread, turnId: ourTurn, text: "go" })
          yield* watched.until(ofType("content.delta", thread))
          for (const pid of processOf(watched, yield* running)) killProcess(pid)
          const events = yield* watched.ended
          isClosed(events)
          expect(member(events.at(-1)?.event.payload, "signal")).toBe("SIGKILL")
          expect(member(events.at(-1)?.event.payload, "reason")).not.toBe("stopped")
          for (const [operation, run] of operationsOf(connection, thread)) {
            if (driver.capabilities[operation]) expect((yield* Effect.flip(run))._tag, operation).toBe("ConnectionLost")
          }
          yield* connection.stop
          expect(yield* running).toEqual([])
        }),
    )

    test(
      "stops only once, and leaves no process running",
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

    it.scopedLive("fails with Unsupported for the operations that it does not have", () =>
      Effect.gen(function* () {
        const subject = yield* make
        const driver = yield* subject.driver([])
        const { connection } = yield* open(driver, subject)
        for (const [operation, run] of operationsOf(connection, "none")) {
          if (driver.capabilities[operation]) continue
          const either = yield* Effect.either(run)
          expect(Option.map(Either.getLeft(either), ({ _tag }) => _tag)).toEqual(Option.some("Unsupported"))
        }
        yield* connection.closeThread("none")
      }),
    )
  })
}
