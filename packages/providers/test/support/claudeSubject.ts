/** Claude as a subject of the driver suite: the real SDK with its program, and a mock model behind them. */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Anthropic, claudeHome, type InstalledAgent, makeHold, type Step } from "@threadfold/testkit"
import { Effect } from "effect"
import { type ClaudeConfig, makeClaudeDriver } from "../../src/claude/drive/ClaudeDriver.js"
import type { DriverContract, DriverSubject, ModelTurn } from "../../src/testing/DriverContract.js"

const limits = { graceMs: 500 }

/** The real agent in a home of its own, and the model that it asks. */
export const realClaude = (claude: InstalledAgent, config: ClaudeConfig = {}) =>
  Effect.gen(function* () {
    const model = yield* Anthropic.server()
    const home = yield* claudeHome({ baseUrl: model.baseUrl })
    const driver = makeClaudeDriver({ sdk: claude.module, limits, ...config, env: { ...home.env, ...config.env } })
    return { driver, home, model }
  })

export const realSubject = (claude: InstalledAgent): DriverContract["make"] =>
  Effect.map(realClaude(claude), ({ driver, home, model }): DriverSubject => {
    const file = join(home.cwd, "made")
    const steps = (turn: ModelTurn): readonly Step[] => {
      switch (turn.does) {
        case "say":
          return [Anthropic.plain(turn.text)]
        case "hang": {
          const hold = makeHold()
          hold.say(turn.text)
          return [Anthropic.hang(hold)]
        }
        case "ask":
          return [Anthropic.command(`touch ${JSON.stringify(file)}`), Anthropic.plain(turn.text)]
      }
    }
    return {
      driver: (turns) =>
        Effect.sync(() => {
          model.enqueue(...turns.flatMap(steps))
          return driver
        }),
      cwd: home.cwd,
      performed: Effect.sync(() => existsSync(file)),
    }
  })
