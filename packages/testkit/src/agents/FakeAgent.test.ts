import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { type StdioAgent, startAgent } from "../../test/stdio.js"
import { readOracle } from "../oracle/readOracle.js"
import { get, text } from "../oracle/readWire.js"
import { type FakeAgentScript, fakeAgent, fakeAgentProgram, fakeAgentVariable, readFakeAgentLog } from "./FakeAgent.js"
import { isRunning, killProcess } from "./processes.js"

const start = (script: FakeAgentScript) => startAgent(fakeAgent(script))

const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-fake-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
  ),
  (folder) => join(folder, "log.jsonl"),
)

const wait = <A>(promise: Promise<A>) => Effect.promise(() => promise)
const input = (words: string) => [{ type: "text", text: words }]

/** Starts a thread; its id. */
const openThread = (agent: StdioAgent) =>
  wait(agent.call("thread/start", { cwd: "/work" })).pipe(
    Effect.map((answer) => text(get(answer, "result", "thread", "id")) ?? ""),
  )

/** Starts a turn and waits for the answer; its id. */
const startTurn = (agent: StdioAgent, threadId: string, words = "go") =>
  wait(agent.call("turn/start", { threadId, input: input(words) })).pipe(
    Effect.map((answer) => text(get(answer, "result", "turn", "id")) ?? ""),
  )

const spawnedBy = (log: string): number =>
  readFakeAgentLog(log).flatMap((entry) => (entry.is === "spawned" ? [entry.child] : []))[0] ?? 0

describe("what it says", () => {
  it.scoped("tells a session as the real program does: messages, an approval, usage, the end", () =>
    Effect.gen(function* () {
      const agent = yield* start({
        turns: [[{ say: "first, ", deltas: 4 }, { ask: "command" }, { say: "then" }], [{ end: "failed" }]],
      })
      yield* wait(agent.call("initialize", { clientInfo: { name: "test" } }))
      const threadId = yield* openThread(agent)
      const turnId = yield* startTurn(agent, threadId, "do it")
      const question = yield* wait(agent.notification("item/commandExecution/requestApproval"))
      expect(get(question, "id")).toBe(0)
      agent.answer(0, { decision: "accept" })
      yield* wait(agent.notification("turn/completed"))
      const second = yield* startTurn(agent, threadId)
      yield* wait(agent.message((one) => get(one, "params", "turn", "status") === "failed"))
      agent.endInput()
      expect(yield* wait(agent.exited)).toEqual({ code: 0, signal: null })

      const turn = { status: "ended", evidence: "observed" }
      expect(readOracle(agent.recording())).toMatchObject({
        threads: [
          {
            nativeThreadId: threadId,
            sessions: [{ ended: { how: "exit", code: 0 } }],
            turns: [
              {
                ...turn,
                nativeTurnId: turnId,
                outcome: "completed",
                items: [
                  { kind: "user_message", status: "completed", text: "do it" },
                  { kind: "agent_message", nativeItemId: "msg_1_1", status: "completed", text: "first, " },
                  { kind: "command", status: "completed", text: "fake\n" },
                  { kind: "agent_message", nativeItemId: "msg_1_3", status: "completed", text: "then" },
                ],
                usage: { inputTokens: 120, outputTokens: 30 },
              },
              { ...turn, nativeTurnId: second, outcome: "failed", usage: { inputTokens: 120, outputTokens: 30 } },
            ],
            requests: [{ nativeRequestId: "0", kind: "command_approval", status: "answered", decision: "accept" }],
          },
        ],
        unreadable: [[]],
      })
    }),
  )

  it.scoped(
    "declined: the item is, and the turn goes on; cancelled: the turn is interrupted; a question is answered",
    () =>
      Effect.gen(function* () {
        const agent = yield* start({
          turns: [
            [{ ask: "patch" }, { say: "on" }],
            [{ ask: "command" }, { say: "never said" }],
            [{ ask: "question" }],
          ],
        })
        const threadId = yield* openThread(agent)
        const replies = [{ decision: "decline" }, { decision: "cancel" }, { answers: { q: ["one"] } }]
        for (const [id, reply] of replies.entries()) {
          const turnId = yield* startTurn(agent, threadId)
          yield* wait(agent.message((one) => get(one, "id") === id && get(one, "method") !== undefined))
          agent.answer(id, reply)
          yield* wait(
            agent.message(
              (one) => get(one, "method") === "turn/completed" && get(one, "params", "turn", "id") === turnId,
            ),
          )
        }
        const [thread] = readOracle(agent.recording()).threads
        expect(
          thread?.turns.map(({ items, outcome }) => [outcome, items.map((item) => [item.kind, item.status])]),
        ).toEqual([
          [
            "completed",
            [
              ["user_message", "completed"],
              ["file_change", "declined"],
              ["agent_message", "completed"],
            ],
          ],
          [
            "interrupted",
            [
              ["user_message", "completed"],
              ["command", "declined"],
            ],
          ],
          [
            "completed",
            [
              ["user_message", "completed"],
              ["agent_message", "completed"],
            ],
          ],
        ])
        expect(thread?.turns[2]?.items.at(-1)?.text).toBe('answered {"q":["one"]}')
      }),
  )

  it.scoped(
    "steering goes into the running turn, by either call; an interrupt ends it and withdraws its question",
    () =>
      Effect.gen(function* () {
        const agent = yield* start({ turns: [[{ awaitSteer: true }, { ask: "command" }]] })
        const threadId = yield* openThread(agent)
        const turnId = yield* startTurn(agent, threadId)
        const wrong = yield* wait(agent.call("turn/steer", { threadId, expectedTurnId: "other", input: input("x") }))
        expect(get(wrong, "error", "code")).toBe(-32600)
        const steered = yield* wait(agent.call("turn/steer", { threadId, expectedTurnId: turnId, input: input("x") }))
        expect(get(steered, "result")).toEqual({ turnId })
        yield* wait(agent.notification("item/commandExecution/requestApproval"))
        expect(yield* startTurn(agent, threadId, "more")).toBe(turnId)
        yield* wait(agent.call("turn/interrupt", { threadId, turnId }))
        yield* wait(agent.notification("serverRequest/resolved"))
        const [thread] = readOracle(agent.recording(), { leaveOpen: true }).threads
        expect(thread?.turns).toMatchObject([{ outcome: "interrupted", evidence: "observed" }])
        expect(thread?.requests).toMatchObject([{ status: "cancelled" }])
        expect(thread?.steered).toEqual([{ text: "more", steeredInto: turnId }])
        const again = yield* wait(agent.call("turn/interrupt", { threadId, turnId }))
        expect(get(again, "error", "message")).toBe("no active turn")
      }),
  )

  it.scoped("resumes any thread; a thread without subscribers is silent; several threads run side by side", () =>
    Effect.gen(function* () {
      const agent = yield* start({ turns: [[{ hang: true }], [{ say: "other" }]] })
      const resumed = yield* wait(agent.call("thread/resume", { threadId: "stored" }))
      expect(get(resumed, "result", "thread", "id")).toBe("stored")
      const threadId = yield* openThread(agent)
      const hanging = yield* startTurn(agent, "stored")
      yield* startTurn(agent, threadId)
      const ended = yield* wait(agent.notification("turn/completed"))
      expect(get(ended, "params", "threadId")).toBe(threadId)
      yield* wait(agent.call("thread/unsubscribe", { threadId: "stored" }))
      yield* wait(agent.call("turn/interrupt", { threadId: "stored", turnId: hanging }))
      yield* openThread(agent)
      expect(readOracle(agent.recording(), { leaveOpen: true }).threads[0]?.turns).toMatchObject([
        { status: "running" },
      ])
    }),
  )

  it.scoped("refuses what it does not know", () =>
    Effect.gen(function* () {
      const agent = yield* start({})
      const unknown = yield* wait(agent.call("thread/nonsense"))
      expect(get(unknown, "error", "message")).toBe("Invalid request: unknown variant `thread/nonsense`")
      const missing = yield* wait(agent.call("turn/start", { threadId: "missing", input: [] }))
      expect(get(missing, "error", "message")).toBe("thread not found: missing")
    }),
  )
})

describe("how it answers", () => {
  it.scoped("late, never, with a refusal: one entry for each call", () =>
    Effect.gen(function* () {
      const agent = yield* start({
        answers: {
          "turn/start": ["never", { refuse: "not now" }, { afterMs: 1 }],
          "thread/resume": { refuse: "gone" },
        },
      })
      const threadId = yield* openThread(agent)
      const never = agent.call("turn/start", { threadId, input: input("one") })
      yield* wait(agent.notification("turn/completed"))
      const refused = yield* wait(agent.call("turn/start", { threadId, input: input("two") }))
      expect(get(refused, "error")).toEqual({ code: -32600, message: "not now" })
      expect(yield* startTurn(agent, threadId, "three")).not.toBe("")
      expect(get(yield* wait(agent.call("thread/resume", { threadId })), "error", "message")).toBe("gone")
      expect(yield* wait(Promise.race([never, Promise.resolve("nothing")]))).toBe("nothing")
    }),
  )

  it.scoped.each([
    ["before the answer", { answers: { "turn/start": { exit: 7 } } }, 0],
    ["right behind the answer", { answers: { "turn/start": { exit: 7, after: true } } }, 1],
    ["when the turn has started", { turns: [[{ exit: 7 }]] }, 1],
  ] satisfies readonly (readonly [string, FakeAgentScript, number])[])("dies %s", ([, script, answers]) =>
    Effect.gen(function* () {
      const log = yield* temporaryFile
      const agent = yield* start({ ...script, log })
      const threadId = yield* openThread(agent)
      let answered = 0
      agent.call("turn/start", { threadId, input: input("go") }).then(() => {
        answered += 1
      })
      expect(yield* wait(agent.exited)).toEqual({ code: 7, signal: null })
      yield* wait(agent.outputClosed)
      expect(answered).toBe(answers)
      // The log says what came in, once each, and how it ended.
      expect(readFakeAgentLog(log).map((entry) => (entry.is === "received" ? entry.method : entry.is))).toEqual([
        "start",
        "thread/start",
        "turn/start",
        "exit",
      ])
    }),
  )
})

describe("how it starts and ends", () => {
  it.scoped("by a signal from itself", () =>
    Effect.gen(function* () {
      const agent = yield* start({ turns: [[{ say: "last words" }, { signal: "SIGKILL" }]] })
      const threadId = yield* openThread(agent)
      yield* startTurn(agent, threadId)
      expect(yield* wait(agent.exited)).toEqual({ code: null, signal: "SIGKILL" })
      yield* wait(agent.outputClosed)
      expect(agent.recording()).toContain("last words")
    }),
  )

  it.scoped("SIGTERM ends it, and so does the end of its input", () =>
    Effect.gen(function* () {
      const terminated = yield* start({})
      yield* openThread(terminated)
      terminated.signal("SIGTERM")
      expect(yield* wait(terminated.exited)).toEqual({ code: 0, signal: null })
      const ended = yield* start({ turns: [[{ hang: true }]] })
      yield* startTurn(ended, yield* openThread(ended))
      ended.endInput()
      expect(yield* wait(ended.exited)).toEqual({ code: 0, signal: null })
    }),
  )

  it.scoped("or neither does, where the script says so", () =>
    Effect.gen(function* () {
      const log = yield* temporaryFile
      const agent = yield* start({ ignoreSigterm: true, ignoreStdinEnd: true, log })
      yield* openThread(agent)
      agent.endInput()
      yield* wait(agent.complained("end of input ignored"))
      agent.signal("SIGTERM")
      yield* wait(agent.complained("SIGTERM ignored"))
      agent.signal("SIGKILL")
      expect(yield* wait(agent.exited)).toEqual({ code: null, signal: "SIGKILL" })
      expect(readFakeAgentLog(log).map(({ is }) => is)).toEqual(["start", "received", "stdin-end", "sigterm"])
    }),
  )

  it.scoped("its life has a limit all the same", () =>
    Effect.gen(function* () {
      const agent = yield* start({ ignoreSigterm: true, ignoreStdinEnd: true, lifetimeMs: 1 })
      expect(yield* wait(agent.exited)).toEqual({ code: 124, signal: null })
    }),
  )

  it.scoped("closes its output and goes on running", () =>
    Effect.gen(function* () {
      const agent = yield* start({ turns: [[{ closeStdout: true }, { hang: true }]] })
      const threadId = yield* openThread(agent)
      agent.call("turn/start", { threadId, input: input("go") })
      yield* wait(agent.outputClosed)
      expect(isRunning(agent.pid)).toBe(true)
      agent.endInput()
      expect(yield* wait(agent.exited)).toEqual({ code: 0, signal: null })
    }),
  )

  it.scoped("ends at its start, with its text on stderr", () =>
    Effect.gen(function* () {
      const agent = yield* start({ start: [{ stderr: "no key" }, { stderr: 2000 }, { exit: 3 }] })
      expect(yield* wait(agent.exited)).toEqual({ code: 3, signal: null })
      yield* wait(agent.outputClosed)
      expect(agent.stderr()).toMatch(/^no key\nfake agent noise 0 /)
      expect(agent.stderr()).toContain("fake agent noise 1999 ")
    }),
  )

  it.scoped("leaves a child behind that ignores signals and holds its output", () =>
    Effect.gen(function* () {
      const log = yield* temporaryFile
      const child = { ignoreSignals: true, holdStdout: true, ownGroup: true }
      const agent = yield* start({ start: [{ spawn: child }], log, lifetimeMs: 600_000 })
      yield* openThread(agent)
      agent.signal("SIGTERM")
      expect(yield* wait(agent.exited)).toEqual({ code: 0, signal: null })
      const pid = spawnedBy(log)
      yield* Effect.addFinalizer(() => Effect.sync(() => killProcess(pid)))
      process.kill(pid, "SIGTERM")
      // While another agent comes and goes, a child that heard the signal would have ended, and closed its output.
      const other = yield* start({ start: [{ exit: 0 }] })
      yield* wait(other.outputClosed)
      expect(isRunning(pid)).toBe(true)
      const closed = yield* wait(Promise.race([agent.outputClosed.then(() => "closed"), Promise.resolve("open")]))
      expect(closed).toBe("open")
      killProcess(pid)
      yield* wait(agent.outputClosed)
    }),
  )

  it.scoped("takes its script from the environment, too, and raw lines as they are", () =>
    Effect.gen(function* () {
      const script: FakeAgentScript = { start: [{ raw: '{"method":"hello","params":{}}' }] }
      const agent = yield* startAgent({
        command: process.execPath,
        args: [fakeAgentProgram, "app-server"],
        env: { [fakeAgentVariable]: JSON.stringify(script) },
      })
      expect(yield* wait(agent.notification("hello"))).toEqual({ method: "hello", params: {} })
    }),
  )
})
