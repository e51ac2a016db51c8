/** A Codex process that does not start, with the fake agent. */
import { describe, expect, it } from "@effect/vitest"
import { type FakeAgentScript, fakeAgent } from "@threadfold/testkit"
import { Effect } from "effect"
import { connect, left, marks } from "../../../test/support/fakeCodex.js"
import { type CodexConfig, makeCodexDriver } from "./CodexDriver.js"

describe("a Codex that does not start", () => {
  const failure = (script: FakeAgentScript, config?: CodexConfig) =>
    Effect.gen(function* () {
      const lost = yield* Effect.flip(connect(script, config))
      expect(lost).toMatchObject({ _tag: "ConnectionLost", provider: "codex" })
      expect(yield* left).toEqual([])
      return lost.message
    })

  it.scopedLive("because it is not installed says how to install it", () =>
    Effect.gen(function* () {
      const lost = yield* Effect.flip(
        makeCodexDriver({ command: "no-such-codex" }).connect({ connectionId: "c", marks }),
      )
      expect(lost.message).toBe(
        "The command no-such-codex was not found. Install it, or set its full path as the command of this provider.",
      )
    }),
  )

  it.scopedLive("because it exits at once reports the end of its stderr, without secrets", () =>
    Effect.gen(function* () {
      const script: FakeAgentScript = { start: [{ stderr: "no login: sk-secret-value" }, { exit: 3 }] }
      const message = yield* failure(script, { ...fakeAgent(script), env: { OPENAI_API_KEY: "sk-secret-value" } })
      expect(message).toContain("ended with code 3")
      expect(message).toContain("It last wrote: no login: [removed]")
    }),
  )

  it.scopedLive("because it exits during the handshake, never answers it, or refuses it, says so", () =>
    Effect.gen(function* () {
      expect(yield* failure({ answers: { initialize: { exit: 4 } } })).toContain("ended with code 4")
      const silent = fakeAgent({ answers: { initialize: "never" }, ignoreSigterm: true, ignoreStdinEnd: true })
      const limits = { startMs: 300, graceMs: 50 }
      expect(yield* failure({}, { ...silent, limits })).toContain("did not answer within 300 ms")
      expect(yield* failure({ answers: { initialize: { refuse: "too old" } } })).toContain(
        "refused the handshake: too old",
      )
    }),
  )

  it.scopedLive("because it is another program fails with ConnectionLost, too", () =>
    Effect.gen(function* () {
      const echo = { command: process.execPath, args: ["-e", "console.log('hello'); process.exit(0)"] }
      expect(yield* failure({}, echo)).toContain("ended with code 0")
    }),
  )
})
