/** The real Codex under the orchestrator, for tests: its process is real, its model a server of ours on loopback. */
import { makeCodexDriver } from "@threadfold/providers"
import { type CodexHomeOptions, codexHome, installedAgent } from "@threadfold/testkit"
import { Effect, type Scope } from "effect"
import type { AgentLimits } from "../src/Agents.js"
import { id, OrchestratorFixture } from "./OrchestratorFixture.js"
import { withAgent } from "./RealAgent.js"

const codex = installedAgent("codex")
/** A test that runs where Codex is installed. */
export const withCodex = withAgent(codex)

/** An orchestrator with one thread of a Codex of its own. */
export const codexFixture = (
  home: Partial<CodexHomeOptions> & { readonly baseUrl: string },
  options: { readonly limits?: Partial<AgentLimits>; readonly settings?: Readonly<Record<string, unknown>> } = {},
): Effect.Effect<OrchestratorFixture, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (!codex.installed) return yield* Effect.dieMessage(codex.reason)
    const { cwd, env } = yield* codexHome(home)
    const driver = makeCodexDriver({ command: codex.command, args: [...codex.args, "app-server"], env })
    const made = new OrchestratorFixture({ ...options, driver, reaper: { watchMs: 200 } })
    yield* Effect.orDie(made.open())
    yield* Effect.orDie(made.createThread(id("thread"), cwd))
    return made
  })
