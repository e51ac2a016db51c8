/** The driver against the reference agent, which the protocol's own library checks our words for. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type AgentScript, connected, marks, referenceDriver } from "../../../test/support/acpAgent.js"
import { left, one, opened, ours, said, turnId } from "../../../test/support/acpSessions.js"
import { ofType } from "../../testing/Watched.js"
import type { AcpConfig } from "./AcpConfig.js"

describe("an agent that does not start", () => {
  const failure = (script: AgentScript, config?: Partial<AcpConfig>) =>
    Effect.gen(function* () {
      const lost = yield* Effect.flip(referenceDriver(script, config).connect({ connectionId: "c", marks }))
      expect(lost).toMatchObject({ _tag: "ConnectionLost", provider: "reference" })
      expect(yield* left).toEqual([])
      return lost.message
    })

  it.scopedLive("because it is not installed says how to install it", () =>
    Effect.gen(function* () {
      expect(yield* failure({}, { command: "no-such-agent", args: [] })).toBe(
        "The command no-such-agent was not found. Install it, or set its full path as the command of this provider.",
      )
    }),
  )

  it.scopedLive("because it exits at once reports the end of its stderr, without secrets", () =>
    Effect.gen(function* () {
      const message = yield* failure(
        { exit: 3, lastWords: "bad key sk-secret-value" },
        { env: { AGENT_API_KEY: "sk-secret-value" } },
      )
      expect(message).toContain("The agent ended with code 3. Check by hand")
      expect(message).toContain("It last wrote: bad key [removed]")
    }),
  )

  it.scopedLive("because it never answers, or speaks another version, says so", () =>
    Effect.gen(function* () {
      const limits = { startMs: 200, graceMs: 100 }
      expect(yield* failure({ ignoresInitialize: true }, { limits })).toContain(
        "did not answer within 200 ms of its start",
      )
      expect(yield* failure({ protocolVersion: 2 })).toContain("speaks version 2 of the Agent Client Protocol")
    }),
  )

  it.scopedLive("because it does not take the login says which there are", () =>
    Effect.gen(function* () {
      const message = yield* failure({}, { authMethod: "none" })
      expect(message).toContain("The agent refused authenticate")
    }),
  )
})

describe("what the agent gets", () => {
  it.scopedLive("is what the protocol's own schema takes: capabilities, login, session, settings, prompt", () =>
    Effect.gen(function* () {
      const script: AgentScript = { ...one({ tell: true }), modes: ["ask", "plan"], models: ["small", "large"] }
      const config = { authMethod: "key", model: "large" }
      const { turn } = yield* opened(script, config, { mode: "plan", additionalDirectories: ["/x"] })
      const { words } = yield* turn()
      expect(JSON.parse(String(words[0]))).toEqual([
        [
          "initialize",
          expect.objectContaining({
            fs: { readTextFile: false, writeTextFile: false },
            terminal: false,
            elicitation: { form: {}, url: {} },
            _meta: { terminal_output: true },
          }),
        ],
        ["authenticate", "key"],
        ["session/new", { cwd: "/w", mcpServers: [], additionalDirectories: ["/x"] }],
        ["session/set_config_option", "model", "large"],
        ["session/set_mode", "plan"],
        ["session/prompt", [{ type: "text", text: "go" }]],
      ])
    }),
  )

  it.scopedLive("holds the settings of a turn, before its prompt", () =>
    Effect.gen(function* () {
      const script: AgentScript = { turns: [[{ tell: true }], [{ tell: true }]], models: ["small", "large"] }
      const { turn } = yield* opened(script)
      yield* turn()
      const { words } = yield* turn({ settings: { model: "large" } })
      expect(JSON.parse(String(words[0]))).toEqual([
        ["session/set_config_option", "model", "large"],
        ["session/prompt", [{ type: "text", text: "go" }]],
      ])
    }),
  )

  it.scopedLive("a session that cannot have its settings is closed again, and the operation refused", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* connected({ close: true, models: ["small"] })
      const refused = yield* Effect.flip(connection.startThread({ threadId: ours, cwd: "/w", model: "huge" }))
      expect(refused).toMatchObject({
        _tag: "Refused",
        operation: "start-thread",
        message: expect.stringContaining("no such model"),
      })
      yield* watched.until(ofType("session.exited"))
      const none = yield* Effect.flip(connection.startThread({ threadId: ours, cwd: "/w", settings: { mode: "plan" } }))
      expect(none).toMatchObject({
        _tag: "Refused",
        message: "The agent offers no choice of a mode. Leave the mode out.",
      })
    }),
  )
})

describe("an agent that refuses", () => {
  it.scopedLive("a session for want of a login says how one signs in", () =>
    Effect.gen(function* () {
      const { connection } = yield* connected({ signInFirst: true })
      const refused = yield* Effect.flip(connection.startThread({ threadId: ours, cwd: "/w" }))
      expect(refused).toMatchObject({ _tag: "Refused", operation: "start-thread" })
      expect(refused.message).toMatch(
        /sign in first .*authMethod of this provider to one of: key \(a key in the environment\)/,
      )
    }),
  )

  it.scopedLive("a turn fails it with the agent's message; the next one runs", () =>
    Effect.gen(function* () {
      const fail = { code: -32603, message: "Internal error", data: { details: "overloaded" } }
      const { turn } = yield* opened({ turns: [[{ say: "I try" }, { fail }], [{ say: "Better." }]] })
      expect(yield* turn()).toMatchObject({
        ended: { outcome: "failed", error: { code: "-32603", details: "overloaded" } },
        words: ["I try"],
      })
      expect(yield* turn()).toMatchObject({ ended: { outcome: "completed" }, words: ["Better."] })
    }),
  )

  it.scopedLive("is refused in turn: what we do not offer is refused at once", () =>
    Effect.gen(function* () {
      const { turn } = yield* opened(one({ file: true }))
      expect((yield* turn()).words).toEqual(["refused -32601"])
    }),
  )
})

describe("a session", () => {
  it.scopedLive("whose start is not answered in time makes the operation time out", () =>
    Effect.gen(function* () {
      const { connection } = yield* connected({ never: true }, { limits: { answerMs: 100, graceMs: 100 } })
      const late = yield* Effect.flip(connection.startThread({ threadId: ours, cwd: "/w" }))
      expect(late).toMatchObject({ _tag: "TimedOut", operation: "start-thread", afterMs: 100 })
    }),
  )

  it.scopedLive("that the agent names before it answers is known to be ours", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* connected({ early: true })
      const start = (threadId: string) => connection.startThread({ threadId, cwd: "/w" })
      const both = yield* Effect.all([start("one"), start("two")], { concurrency: 2 })
      yield* watched.until(ofType("session.configured", both[1].nativeThreadId))
      expect([...watched.references]).toEqual([
        [both[0].nativeThreadId, "one"],
        [both[1].nativeThreadId, "two"],
      ])
      expect(connection.reference("unknown")).toBeNull()
    }),
  )

  it.scopedLive("is opened again as the agent can: by resume, by load, or not at all", () =>
    Effect.gen(function* () {
      const reopened = (script: AgentScript, config?: Partial<AcpConfig>) =>
        Effect.gen(function* () {
          const { connection, watched } = yield* connected(
            { ...one({ tell: true }), history: ["old words"], ...script },
            config,
          )
          yield* connection.resumeThread({ threadId: ours, nativeThreadId: "stored", cwd: "/w" })
          yield* connection.sendTurn({ nativeThreadId: "stored", turnId, text: "go" })
          yield* watched.until(ofType("turn.completed", "stored"))
          expect(watched.references.get("stored")).toBe(ours)
          expect(said(watched)).toHaveLength(1)
          const heard: unknown = JSON.parse(String(said(watched)[0]))
          return Array.isArray(heard) ? heard[1] : undefined
        })
      expect(yield* reopened({ resume: true })).toEqual(["session/resume", "stored"])
      expect(yield* reopened({})).toEqual(["session/load", "stored"])
      expect(yield* reopened({ resume: true }, { reopenBy: "load" })).toEqual(["session/load", "stored"])
      expect(yield* Effect.flip(reopened({ load: false }))).toMatchObject({
        _tag: "Unsupported",
        operation: "resume-thread",
      })
    }),
  )

  it.scopedLive("that cannot be opened again leaves no trace, even if its history was sent before", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* connected({ history: ["old", "words"], failsToLoad: true })
      const input = { threadId: ours, cwd: "/w" }
      const broken = yield* Effect.flip(connection.resumeThread({ ...input, nativeThreadId: "stored" }))
      expect(broken).toMatchObject({ _tag: "Refused", message: "Internal error: the file is broken" })
      const unknown = yield* Effect.flip(connection.resumeThread({ ...input, nativeThreadId: "unknown" }))
      expect(unknown).toMatchObject({ _tag: "Refused", message: "Resource not found: no such session" })
      yield* connection.stop
      expect((yield* watched.ended).filter(({ scope }) => scope.kind === "session")).toEqual([])
    }),
  )

  it.scopedLive("that is open is not opened again", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId } = yield* opened({})
      const again = connection.resumeThread({ threadId: ours, nativeThreadId, cwd: "/w" })
      expect(yield* Effect.flip(again)).toMatchObject({ _tag: "Refused", operation: "resume-thread" })
    }),
  )

  it.scopedLive("is closed by the agent where it can, and in our log where it cannot", () =>
    Effect.gen(function* () {
      const closed = (script: AgentScript) =>
        Effect.gen(function* () {
          const { connection, nativeThreadId, send, watched } = yield* opened({
            ...one({ say: "hm" }, { hang: true }),
            ...script,
          })
          yield* send()
          yield* watched.until(ofType("content.delta"))
          yield* connection.closeThread(nativeThreadId)
          const exited = yield* watched.until(ofType("session.exited", nativeThreadId))
          yield* connection.closeThread(nativeThreadId)
          expect(yield* Effect.flip(send())).toMatchObject({ _tag: "Refused" })
          return exited.event.payload
        })
      expect(yield* closed({ close: true })).toEqual({ reason: "unloaded" })
      expect(yield* closed({})).toEqual({ reason: "detached" })
    }),
  )

  it.scopedLive("needs to be open for a turn", () =>
    Effect.gen(function* () {
      const { connection } = yield* connected({})
      const sending = connection.sendTurn({ nativeThreadId: "none", turnId, text: "go" })
      expect(yield* Effect.flip(sending)).toMatchObject({ _tag: "Refused", operation: "send-turn" })
    }),
  )
})

it("says what it can do before it knows its agent, and a process for each thread where it is configured so", () => {
  const able = {
    "start-thread": true,
    "resume-thread": true,
    "send-turn": true,
    interrupt: true,
    answer: true,
    configure: true,
    stop: true,
    rewind: false,
    restoreFiles: false,
    compact: false,
    review: false,
    stopTask: false,
    fork: false,
    images: false,
    unknown: ["images"],
    mentions: true,
    skills: false,
    commands: true,
    lists: ["models", "commands", "account"],
    configuration: {
      model: { taken: true, values: null },
      effort: { taken: true, values: null },
      mode: { taken: true, values: null },
      sandbox: { taken: false, values: [] },
    },
  }
  expect(referenceDriver({}).capabilities).toEqual({ ...able, steer: false, sharesConnection: true })
  expect(referenceDriver({}, { sharesConnection: false }).capabilities.sharesConnection).toBe(false)
})
