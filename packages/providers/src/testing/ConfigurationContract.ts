/** The part of the driver suite about what a client chooses for a thread. */
import { expect, it } from "@effect/vitest"
import { configurationNames } from "@threadfold/contracts"
import { Effect, Either, type Scope } from "effect"
import { type DriverSubject, open, ourThread, startOn, turnNumber } from "./DriverSubject.js"
import { isEnd, isSound, outcomeOf } from "./driverChecks.js"

/** Registers the tests. */
export const configurationContract = (make: Effect.Effect<DriverSubject, never, Scope.Scope>): void => {
  it.scopedLive(
    "works with what is chosen for an open thread from the next turn on, and from the start of the next session",
    () =>
      Effect.gen(function* () {
        const subject = yield* make
        if (subject.other === undefined) return
        const { chosen, isAsked } = subject.other
        const driver = yield* subject.driver([
          { does: "say", text: "One." },
          { does: "say", text: "Two." },
          { does: "say", text: "Three." },
        ])
        const first = yield* open(driver, subject)
        const thread = yield* startOn(first.connection, subject)
        const turn = ({ connection, watched }: typeof first, turnId: string) =>
          Effect.gen(function* () {
            const before = watched.all().length
            yield* connection.sendTurn({ nativeThreadId: thread, turnId, text: turnId })
            expect(outcomeOf(yield* watched.until(isEnd(thread), before))).toBe("completed")
            return yield* isAsked
          })
        expect(yield* turn(first, turnNumber(1))).toBe(false)
        yield* first.connection.configure({ nativeThreadId: thread, chosen })
        expect(yield* turn(first, turnNumber(2))).toBe(true)
        yield* first.connection.stop

        const { model, ...others } = chosen
        const second = yield* open(driver, subject)
        yield* second.connection.resumeThread({
          threadId: ourThread,
          nativeThreadId: thread,
          settings: { ...subject.settings, ...driver.settingsOf(others) },
          ...(subject.cwd === undefined ? {} : { cwd: subject.cwd }),
          ...(typeof model === "string" ? { model } : {}),
        })
        expect(yield* turn(second, turnNumber(3))).toBe(true)
        isSound(second.watched.all())
      }),
  )

  it.scopedLive("shows what a client may choose of an open thread, and takes each value of it", () =>
    Effect.gen(function* () {
      const subject = yield* make
      const driver = yield* subject.driver([])
      const { connection } = yield* open(driver, subject)
      const thread = yield* startOn(connection, subject)
      for (const name of configurationNames) {
        // The efforts may be those of the model that was chosen before.
        const offered = (connection.choices ?? (() => driver.capabilities.configuration))(thread)
        const values = offered?.[name].values ?? []
        expect(values.length > 0).toBe(offered?.[name].taken === true && offered[name].values !== null)
        for (const value of values) {
          // Some agents have modes that only a thread may be in which was started for them.
          const answer = yield* Effect.either(
            connection.configure({ nativeThreadId: thread, chosen: { [name]: value } }),
          )
          if (Either.isLeft(answer)) expect([answer.left._tag, value]).toEqual(["Refused", subject.refused])
        }
      }
    }),
  )
}
