/** README's first turn of an agent: nothing is configured, the real Codex is on PATH, its model is a mock. */
import { spawn } from "node:child_process"
import { delimiter, dirname, join } from "node:path"
import { codexHome, installedAgent, OpenAi } from "@threadfold/testkit"
import { Effect, Exit, Scope } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { lineProgram, linesOf } from "./commandLines.js"
import { built, cleanEnv, temporary } from "./program.js"
import { serve } from "./server.js"

const startLines = lineProgram()

it("an installed agent is found, and answers", async ({ skip }) => {
  const codex = installedAgent("codex")
  if (!codex.installed) return skip(codex.reason)
  const scope = Effect.runSync(Scope.make())
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const home = await Effect.runPromise(
    Effect.gen(function* () {
      const model = yield* OpenAi.server({ script: [OpenAi.plain("Hello!"), OpenAi.plain("Bonjour !")] })
      return yield* codexHome({ baseUrl: model.baseUrl })
    }).pipe(Scope.extend(scope)),
  )
  const PATH = [dirname(codex.command), process.env.PATH ?? ""].join(delimiter)
  const env = { ...home.env, PATH }
  const directory = join(temporary(), "data")
  const server = await serve(directory, [], env, home.cwd)
  const child = spawn(process.execPath, startLines(), {
    cwd: home.cwd,
    env: cleanEnv(env),
    stdio: ["pipe", "pipe", "inherit"],
  })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  const line = linesOf(child)
  const run = (...args: readonly string[]) => line([...args, "--data-dir", directory])

  const found = await built(["doctor", "--data-dir", directory], { env, cwd: home.cwd })
  expect([found.code, found.stdout]).toEqual([0, expect.stringContaining(`codex-cli ${codex.version}`)])
  const first = await run("send", "--agent", "codex", "--wait", "Say hello in one word.")
  expect([first.code, first.stdout]).toEqual([0, "Hello!\n"])
  const threadId = /thread {3}(\S+)/.exec(first.stderr)?.[1] ?? ""
  const second = await run("send", "--thread", threadId.slice(0, 8), "--wait", "And in French?")
  expect([second.code, second.stdout]).toEqual([0, "Bonjour !\n"])
  expect((await run("threads", "--json")).stdout).toContain(JSON.stringify(home.cwd))
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)
  expect((await run("check")).code).toBe(0)
})
