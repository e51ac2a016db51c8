/** A real agent as a subject of the driver suite: the turns of the suite are scripts of the mock model behind it. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { type Hold, makeHold, type Step } from "@threadfold/testkit"
import { Effect, type Scope } from "effect"
import type { ProviderDriver } from "../../src/ProviderDriver.js"
import type { DriverSubject, ModelTurn } from "../../src/testing/DriverContract.js"

/** How a mock model answers in its protocol. */
export interface ModelAnswers {
  readonly plain: (text: string) => Step
  readonly hang: (hold: Hold) => Step
  readonly command: (command: string) => Step
}

/** A real agent, its temporary home and the mock model that it asks. */
export interface ModelledAgent {
  readonly driver: ProviderDriver
  readonly home: { readonly cwd: string }
  readonly model: { readonly enqueue: (...steps: readonly Step[]) => void }
}

/** `settings`: of the threads that the suite opens. */
export const modelSubject = <E>(
  agent: Effect.Effect<ModelledAgent, E, Scope.Scope>,
  answers: ModelAnswers,
  settings?: DriverSubject["settings"],
): Effect.Effect<DriverSubject, E, Scope.Scope> =>
  Effect.map(agent, ({ driver, home, model }): DriverSubject => {
    const file = join(home.cwd, "made")
    const steps = (turn: ModelTurn): readonly Step[] => {
      switch (turn.does) {
        case "say":
          return [answers.plain(turn.text)]
        case "hang": {
          const hold = makeHold()
          hold.say(turn.text)
          return [answers.hang(hold)]
        }
        case "ask":
          return [answers.command(`touch ${JSON.stringify(file)}`), answers.plain(turn.text)]
      }
    }
    return {
      driver: (turns) =>
        Effect.sync(() => {
          model.enqueue(...turns.flatMap(steps))
          return driver
        }),
      cwd: home.cwd,
      ...(settings === undefined ? {} : { settings }),
      performed: Effect.sync(() => existsSync(file)),
    }
  })
