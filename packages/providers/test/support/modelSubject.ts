/** A real agent as a subject of the driver suite: the turns of the suite are scripts of the mock model behind it. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import type { Configuration } from "@threadfold/contracts"
import { type Hold, type ModelRequest, makeHold, type Step } from "@threadfold/testkit"
import { Effect, type Scope } from "effect"
import type { ProviderDriver } from "../../src/ProviderDriver.js"
import type { DriverSubject, ModelTurn } from "../../src/testing/DriverSubject.js"

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
  readonly model: {
    readonly enqueue: (...steps: readonly Step[]) => void
    readonly requests: () => readonly ModelRequest[]
  }
}

/** Another choice, and whether a body asks the model so. */
export interface OtherChoice {
  readonly chosen: Configuration
  readonly isAsked: (body: unknown) => boolean
  /** A mode that a thread does not take which was started in another one. */
  readonly refused?: string
}

/** `settings`: of the threads that the suite opens. */
export const modelSubject = <E>(
  agent: Effect.Effect<ModelledAgent, E, Scope.Scope>,
  answers: ModelAnswers,
  other: OtherChoice,
  settings?: DriverSubject["settings"],
): Effect.Effect<DriverSubject, E, Scope.Scope> =>
  Effect.map(agent, ({ driver, home, model }): DriverSubject => {
    const file = (ask: number) => join(home.cwd, `made-${ask}`)
    let asks = 0
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
          asks += 1
          return [answers.command(`touch ${JSON.stringify(file(asks))}`), answers.plain(turn.text)]
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
      other: {
        chosen: other.chosen,
        isAsked: Effect.sync(() => {
          // Agents also ask for titles and the like; a turn's own request names its tools.
          const asked = model.requests().filter(({ body }) => JSON.stringify(body).includes('"tools":[{'))
          return other.isAsked(asked.at(-1)?.body)
        }),
      },
      ...(other.refused === undefined ? {} : { refused: other.refused }),
      performed: (ask) => Effect.sync(() => existsSync(file(ask))),
    }
  })
