/** Codex as a subject of the driver suite: the fake one, and the real one with a mock model behind it. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import {
  codexHome,
  type FakeStep,
  fakeAgent,
  type InstalledAgent,
  makeHold,
  OpenAi,
  type Step,
} from "@threadfold/testkit"
import { Effect } from "effect"
import { makeCodexDriver } from "../../src/codex/drive/CodexDriver.js"
import type { DriverContract, DriverSubject, ModelTurn } from "../../src/testing/DriverContract.js"

const fakeSteps = (turn: ModelTurn): readonly FakeStep[] => {
  switch (turn.does) {
    case "say":
      return [{ say: turn.text }]
    case "hang":
      return [{ say: turn.text }, { hang: true }]
    case "ask":
      return [{ ask: "command" }, { say: turn.text }]
  }
}

const limits = { graceMs: 200 }

export const fakeSubject: DriverContract["make"] = Effect.succeed<DriverSubject>({
  driver: (turns) => Effect.sync(() => makeCodexDriver({ ...fakeAgent({ turns: turns.map(fakeSteps) }), limits })),
})

/** Commands ask for permission: of every command that is not known to be harmless. */
export const asking = { approvalPolicy: "untrusted", sandbox: "workspace-write" }

/** The real Codex in a home of its own, and the model that it asks. `env`: further variables of its environment. */
export const realCodex = (codex: InstalledAgent, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const model = yield* OpenAi.server()
    const home = yield* codexHome({ baseUrl: model.baseUrl })
    const driver = makeCodexDriver({ command: codex.command, env: { ...home.env, ...env }, limits })
    return { driver, home, model }
  })

export const realSubject = (codex: InstalledAgent): DriverContract["make"] =>
  Effect.map(realCodex(codex), ({ driver, home, model }): DriverSubject => {
    const file = join(home.cwd, "made")
    const steps = (turn: ModelTurn): readonly Step[] => {
      switch (turn.does) {
        case "say":
          return [OpenAi.plain(turn.text)]
        case "hang": {
          const hold = makeHold()
          hold.say(turn.text)
          return [OpenAi.hang(hold)]
        }
        case "ask":
          return [OpenAi.command(`touch ${JSON.stringify(file)}`), OpenAi.plain(turn.text)]
      }
    }
    return {
      driver: (turns) =>
        Effect.sync(() => {
          model.enqueue(...turns.flatMap(steps))
          return driver
        }),
      cwd: home.cwd,
      settings: asking,
      performed: Effect.sync(() => existsSync(file)),
    }
  })
