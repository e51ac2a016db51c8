import { existsSync } from "node:fs"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { startAgent } from "../../test/stdio.js"
import * as OpenAi from "../model-servers/openai/OpenAi.js"
import { readOracle } from "../oracle/readOracle.js"
import { get, text } from "../oracle/readWire.js"
import { claudeHome, codexHome } from "./agentHomes.js"
import { installedAgent } from "./installedAgent.js"

const wait = <A>(promise: Promise<A>) => Effect.promise(() => promise)

const codex = installedAgent("codex")
const why = codex.installed ? "" : ` (skipped: ${codex.reason})`

it.scoped.skipIf(!codex.installed)(`the real Codex runs a turn with a command against the mock model${why}`, () =>
  Effect.gen(function* () {
    if (!codex.installed) return
    const server = yield* OpenAi.server({
      script: [OpenAi.command("echo from the shell"), OpenAi.plain("all done", { deltas: 4 })],
    })
    const home = yield* codexHome({ baseUrl: server.baseUrl })
    const agent = yield* startAgent({ ...codex, args: [...codex.args, "app-server"], env: home.env, cwd: home.cwd })
    yield* wait(agent.call("initialize", { clientInfo: { name: "test", title: "Test", version: "0" } }))
    agent.notify("initialized")
    const started = yield* wait(agent.call("thread/start", { cwd: home.cwd }))
    const threadId = text(get(started, "result", "thread", "id")) ?? ""
    yield* wait(agent.call("turn/start", { threadId, input: [{ type: "text", text: "please" }] }))
    yield* wait(agent.notification("turn/completed"))
    agent.endInput()
    expect(yield* wait(agent.exited)).toEqual({ code: 0, signal: null })

    expect(readOracle(agent.recording()).threads).toMatchObject([
      {
        nativeThreadId: threadId,
        turns: [
          {
            outcome: "completed",
            items: [
              { kind: "user_message", text: "please" },
              { kind: "command", status: "completed", text: "from the shell\n" },
              { kind: "agent_message", nativeItemId: "msg_2_0", status: "completed", text: "all done" },
            ],
            usage: { inputTokens: 240, cachedInputTokens: 40, outputTokens: 60, reasoningTokens: 10 },
          },
        ],
      },
    ])
    expect(server.requests().map(({ userText }) => userText)).toEqual(["please", "please"])
    expect(server.requests()[1]?.toolOutputs).toMatchObject([
      { callId: "call_1_0", output: expect.stringContaining("from the shell") },
    ])
    expect([server.remaining(), server.unscripted()]).toEqual([0, 0])
  }),
)

it.scoped.skipIf(!codex.installed)(`the real Codex takes turns back, and counts on from what is left${why}`, () =>
  Effect.gen(function* () {
    if (!codex.installed) return
    const server = yield* OpenAi.server({ script: ["a", "b", "c"].map((reply) => OpenAi.plain(reply)) })
    const home = yield* codexHome({ baseUrl: server.baseUrl })
    const agent = yield* startAgent({ ...codex, args: [...codex.args, "app-server"], env: home.env, cwd: home.cwd })
    const clientInfo = { name: "test", title: "Test", version: "0" }
    yield* wait(agent.call("initialize", { clientInfo, capabilities: { experimentalApi: true } }))
    agent.notify("initialized")
    const started = yield* wait(agent.call("thread/start", { cwd: home.cwd, historyMode: "paginated" }))
    const threadId = text(get(started, "result", "thread", "id")) ?? ""
    const turn = (words: string) =>
      Effect.gen(function* () {
        const input = [{ type: "text", text: words }]
        const id = text(get(yield* wait(agent.call("turn/start", { threadId, input })), "result", "turn", "id"))
        const ends = (said: unknown) =>
          get(said, "method") === "turn/completed" && get(said, "params", "turn", "id") === id
        yield* wait(agent.message(ends))
        return id
      })
    yield* turn("one")
    const beforeTurnId = yield* turn("two")
    yield* wait(agent.call("thread/revert", { threadId, beforeTurnId }))
    yield* wait(agent.notification("thread/reverted"))
    yield* turn("three")
    agent.endInput()
    yield* wait(agent.exited)
    const [thread] = readOracle(agent.recording()).threads
    expect(thread?.turns.map(({ rewound, usage }) => [rewound, usage?.totalTokens])).toEqual([
      [false, 150],
      [true, 150],
      [false, 150],
    ])
  }),
)

it.effect("homes are folders of their own, and gone with their scope", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const codex = yield* Scope.extend(codexHome({ baseUrl: "http://127.0.0.1:1/v1" }), scope)
    const claude = yield* Scope.extend(claudeHome({ baseUrl: "http://127.0.0.1:1" }), scope)
    const folders = [codex.folder, codex.cwd, claude.folder, claude.cwd]
    expect(new Set(folders).size).toBe(4)
    expect(folders.filter((folder) => !existsSync(folder))).toEqual([])
    expect([codex.env.HOME, codex.env.CODEX_HOME, claude.env.HOME]).toEqual([codex.folder, codex.folder, claude.folder])
    // Nothing of the person's own environment but what programs need to run.
    const passed = Object.keys(codex.env).filter((name) => codex.env[name] === process.env[name])
    expect(passed.filter((name) => !["PATH", "SystemRoot", "COMSPEC", "PATHEXT"].includes(name))).toEqual([])
    yield* Scope.close(scope, Exit.void)
    expect(folders.filter((folder) => existsSync(folder))).toEqual([])
  }),
)
