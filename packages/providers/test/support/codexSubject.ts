/** Codex as a subject of the driver suite: the fake one, and the real one with a mock model behind it. */
import { codexHome, type FakeStep, fakeAgent, type InstalledAgent, OpenAi } from "@threadfold/testkit"
import { Effect } from "effect"
import { makeCodexDriver } from "../../src/codex/drive/CodexDriver.js"
import type { DriverContract } from "../../src/testing/DriverContract.js"
import type { DriverSubject, ModelTurn } from "../../src/testing/DriverSubject.js"
import { modelSubject } from "./modelSubject.js"

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
  modelSubject(
    realCodex(codex),
    OpenAi,
    {
      chosen: { model: "other-model", effort: "high", mode: "on-request", sandbox: "read-only" },
      isAsked: (body) => {
        const said = JSON.stringify(body)
        return said.includes('"model":"other-model"') && said.includes("`sandbox_mode` is `read-only`")
      },
    },
    asking,
  )
