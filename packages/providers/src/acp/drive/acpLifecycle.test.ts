/** The driver against the reference agent, which the protocol's own library checks our words for. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type AgentScript, type AgentStep, connected, marks, referenceDriver } from "../../../test/support/acpAgent.js"
import { markedProcesses } from "../../process/marks.js"
import { contentFaults, numberingFaults } from "../../testing/TranslatorContract.js"
import { ofType, type Watched } from "../../testing/Watched.js"
import type { AcpConfig } from "./AcpConfig.js"

const ours = "0199aaaa-0000-7000-8000-000000000001"
const turnId = "0199bbbb-0000-7000-8000-000000000001"
const left = markedProcesses("THREADFOLD_ACP", marks.THREADFOLD_ACP)

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined

/** The final texts of the agent's messages, from one event on. */
const said = (watched: Watched, from = 0): readonly unknown[] =>
  watched
    .all()
    .slice(from)
    .filter(ofType("item.completed"))
    .filter(({ event }) => member(event.payload, "kind") === "agent_message")
    .map(({ event }) => member(event.payload, "text"))

/** With a session open; `turn` runs the next turn to its end and gives how it ended and what was said in it. */
const opened = (script: AgentScript, config?: Partial<AcpConfig>, settings?: Record<string, unknown>) =>
  Effect.gen(function* () {
    const { connection, watched } = yield* connected(script, config)
    const order = { threadId: ours, cwd: "/w", ...(settings === undefined ? {} : { settings }) }
    const { nativeThreadId } = yield* connection.startThread(order)
    const send = (more: object = {}) => connection.sendTurn({ nativeThreadId, turnId, text: "go", ...more })
    const turn = (more?: object) =>
      Effect.gen(function* () {
        const before = watched.all().length
        yield* send(more)
        const { event } = yield* watched.until(ofType("turn.completed"), before)
        return { ended: event.payload, words: said(watched, before) }
      })
    return { connection, watched, nativeThreadId, send, turn }
  })

const one = (...steps: readonly AgentStep[]): AgentScript => ({ turns: [steps] })

describe("an agent that does not come up", () => {
  const failure = (script: AgentScript, config?: Partial<AcpConfig>) =>
    Effect.gen(function* () {
      const lost = yield* Effect.flip(referenceDriver(script, config).connect({ connectionId: "c", marks }))
      expect(lost).toMatchObject({ _tag: "ConnectionLost", provider: "reference" })
      expect(yield* left).toEqual([])
      return lost.message
    })

  it.scopedLive("because it is not there says how to get it", () =>
    Effect.gen(function* () {
      expect(yield* failure({}, { command: "no-such-agent", args: [] })).toBe(
        "The command no-such-agent was not found. Install it, or set its full path as the command of this provider.",
      )
    }),
  )

  it.scopedLive("because it ends at once says its last words, without secrets", () =>
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
      expect(yield* failure({ deaf: true }, { limits })).toContain("did not answer within 200 ms of its start")
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

describe("what the agent is told", () => {
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

  it.scopedLive("a session that cannot have its settings is closed again, and the order refused", () =>
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

  it.scopedLive("a turn fails it in its own words; the next one runs", () =>
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

  it.scopedLive("is refused in turn: what we do not offer it is told so at once", () =>
    Effect.gen(function* () {
      const { turn } = yield* opened(one({ file: true }))
      expect((yield* turn()).words).toEqual(["refused -32601"])
    }),
  )
})

describe("answers", () => {
  const asking = (kinds: readonly string[], decision: string, data?: unknown) =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ ask: kinds }))
      yield* send()
      const asked = yield* watched.until(ofType("request.opened"))
      const nativeRequestId = asked.event.native?.requestId ?? ""
      const answered = yield* Effect.either(connection.answer({ nativeThreadId, nativeRequestId, decision, data }))
      if (answered._tag === "Left") return answered.left
      yield* watched.until(ofType("turn.completed"))
      return said(watched)
    })

  const all = ["allow_always", "allow_once", "reject_once", "reject_always"]

  it.scopedLive("in our words are the options that mean no more than them", () =>
    Effect.gen(function* () {
      expect(yield* asking(all, "accept")).toEqual(["the-allow_once"])
      expect(yield* asking(all, "decline")).toEqual(["the-reject_once"])
    }),
  )

  it.scopedLive("in the agent's words are taken as they are", () =>
    Effect.gen(function* () {
      expect(yield* asking(all, "the-allow_always")).toEqual(["the-allow_always"])
      const outcome = { outcome: { outcome: "selected", optionId: "the-reject_always" } }
      expect(yield* asking(all, "answer", outcome)).toEqual(["the-reject_always"])
    }),
  )

  it.scopedLive("that the agent does not offer are refused, with those that it does", () =>
    Effect.gen(function* () {
      expect(yield* asking(["allow_always"], "accept")).toMatchObject({
        _tag: "Refused",
        message: 'The agent does not offer "accept" here. It offers: the-allow_always, cancel.',
      })
    }),
  )

  it.scopedLive("to questions are data", () =>
    Effect.gen(function* () {
      const script: AgentScript = { turns: [[{ question: "Which?" }], [{ question: "And?" }]] }
      const { connection, nativeThreadId, watched, send } = yield* opened(script)
      const answer = (decision: string, data?: unknown) =>
        Effect.gen(function* () {
          const before = watched.all().length
          yield* send()
          const asked = yield* watched.until(ofType("request.opened"), before)
          expect(asked.event.payload).toMatchObject({ kind: "elicitation" })
          const nativeRequestId = asked.event.native?.requestId ?? ""
          yield* connection.answer({ nativeThreadId, nativeRequestId, decision, data })
          yield* watched.until(ofType("turn.completed"), before)
          return said(watched).at(-1)
        })
      expect(yield* answer("accept", { which: "a" })).toBe('{"action":"accept","content":{"which":"a"}}')
      expect(yield* answer("decline")).toBe('{"action":"decline"}')
    }),
  )

  it.scopedLive("come too late for a question that the agent gave up", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ drop: true }))
      yield* send()
      const asked = yield* watched.until(ofType("request.opened"))
      const resolved = yield* watched.until(ofType("request.resolved"))
      expect(resolved.event.native?.requestId).toBe(asked.event.native?.requestId)
      yield* watched.until(ofType("turn.completed"))
      const order = { nativeThreadId, nativeRequestId: asked.event.native?.requestId ?? "", decision: "accept" }
      expect(yield* Effect.flip(connection.answer(order))).toMatchObject({ _tag: "Refused", operation: "answer" })
    }),
  )
})

describe("a turn", () => {
  it.scopedLive("is refused while another one runs, and an interrupt of one that does not run", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ say: "hm" }, { hang: true }))
      yield* send()
      yield* watched.until(ofType("content.delta"))
      expect(yield* Effect.flip(send())).toMatchObject({ _tag: "Refused", operation: "send-turn" })
      const wrong = connection.interrupt({ nativeThreadId, nativeTurnId: "turn-9" })
      expect(yield* Effect.flip(wrong)).toMatchObject({ _tag: "Refused", operation: "interrupt" })
      yield* connection.interrupt({ nativeThreadId, nativeTurnId: "turn-1" })
      expect((yield* watched.until(ofType("turn.completed"))).event.payload).toMatchObject({ outcome: "interrupted" })
    }),
  )

  it.scopedLive("that is being stopped asks nobody: its questions are given up at once", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, watched, send } = yield* opened(one({ say: "hm" }, { hangThenAsk: true }))
      yield* send()
      yield* watched.until(ofType("content.delta"))
      yield* connection.interrupt({ nativeThreadId, nativeTurnId: "turn-1" })
      yield* watched.until(ofType("turn.completed"))
      expect(said(watched)).toEqual(["hm", "cancelled"])
      expect(watched.all().filter(ofType("request.resolved"))).toHaveLength(1)
    }),
  )

  it.scopedLive("tells every chunk of a flood, in order", () =>
    Effect.gen(function* () {
      const { turn } = yield* opened(one({ flood: 5_000 }))
      const words = Array.from({ length: 5_000 }, (_, index) => `word ${index + 1} `)
      expect((yield* turn()).words).toEqual([words.join("")])
    }),
  )

  it.scopedLive("keeps what nobody understands", () =>
    Effect.gen(function* () {
      const garbage = ["not json", '{"id":0', "[1,2]", '{"jsonrpc":"2.0","method":7}', '{"id":"unknown","result":{}}']
      const { turn, watched } = yield* opened({
        ...one(...garbage.map((raw) => ({ raw })), { say: "Still here." }),
        noise: ["starting …"],
      })
      expect((yield* turn()).words).toEqual(["Still here."])
      const kept = watched
        .all()
        .filter(ofType("provider.unmapped"))
        .map(({ event }) => event.raw)
      expect(kept).toEqual(expect.arrayContaining(["starting …", ...garbage]))
      expect(numberingFaults(watched.all())).toEqual([])
      expect(contentFaults(watched.all())).toEqual([])
    }),
  )

  it.scopedLive("ends with a process that exits in the middle of it; orders fail from then on", () =>
    Effect.gen(function* () {
      const { connection, nativeThreadId, send, watched } = yield* opened({
        ...one({ say: "hm" }, { exit: 5 }),
        lastWords: "I warned you",
      })
      yield* send()
      const events = yield* watched.ended
      expect(events.slice(-2).map(({ event }) => [event.type, event.payload])).toEqual([
        ["session.exited", { code: 5, signal: null, reason: "exit", message: "I warned you" }],
        ["connection.closed", { code: 5, signal: null, reason: "exit", message: "I warned you" }],
      ])
      const lost = yield* Effect.flip(connection.interrupt({ nativeThreadId, nativeTurnId: "turn-1" }))
      expect(lost).toMatchObject({ _tag: "ConnectionLost", message: expect.stringContaining("ended with code 5") })
      expect(yield* Effect.flip(connection.resumeThread({ threadId: ours, nativeThreadId }))).toMatchObject({
        _tag: "ConnectionLost",
      })
    }),
  )
})

describe("a session", () => {
  it.scopedLive("whose start is not answered in time was asked for, and nobody knows more", () =>
    Effect.gen(function* () {
      const { connection } = yield* connected({ never: true }, { limits: { answerMs: 100, graceMs: 100 } })
      const late = yield* Effect.flip(connection.startThread({ threadId: ours, cwd: "/w" }))
      expect(late).toMatchObject({ _tag: "TimedOut", operation: "start-thread", afterMs: 100 })
    }),
  )

  it.scopedLive("of which the agent speaks before it answers is known to be ours", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* connected({ early: true })
      const start = (threadId: string) => connection.startThread({ threadId, cwd: "/w" })
      const both = yield* Effect.all([start("one"), start("two")], { concurrency: 2 })
      yield* watched.until(ofType("session.configured", both[1].nativeThreadId))
      expect([...watched.references]).toEqual([
        [both[0].nativeThreadId, "one"],
        [both[1].nativeThreadId, "two"],
      ])
      expect(connection.reference("nobody")).toBeNull()
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

  it.scopedLive("that cannot be opened again leaves no trace, however much of it was told before", () =>
    Effect.gen(function* () {
      const { connection, watched } = yield* connected({ history: ["old", "words"], failsToLoad: true })
      const order = { threadId: ours, cwd: "/w" }
      const broken = yield* Effect.flip(connection.resumeThread({ ...order, nativeThreadId: "stored" }))
      expect(broken).toMatchObject({ _tag: "Refused", message: "Internal error: the file is broken" })
      const unknown = yield* Effect.flip(connection.resumeThread({ ...order, nativeThreadId: "unknown" }))
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

  it.scopedLive("is closed by the agent where it can, by our own word where it cannot", () =>
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
      const order = connection.sendTurn({ nativeThreadId: "none", turnId, text: "go" })
      expect(yield* Effect.flip(order)).toMatchObject({ _tag: "Refused", operation: "send-turn" })
    }),
  )
})

it("says what it can do before it knows its agent, and a process for each thread where it is told to", () => {
  const able = {
    "start-thread": true,
    "resume-thread": true,
    "send-turn": true,
    interrupt: true,
    answer: true,
    stop: true,
  }
  expect(referenceDriver({}).capabilities).toEqual({ ...able, steer: false, sharesConnection: true })
  expect(referenceDriver({}, { sharesConnection: false }).capabilities.sharesConnection).toBe(false)
})
