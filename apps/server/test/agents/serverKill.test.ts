/**
 * The built server, killed with -9 while the real Codex works for it. Codex and whatever it started go on alone; the next
 * server ends them, says what became of the turn, and goes on with the thread.
 */
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { makeThreadfold, type Threadfold } from "@threadfold/client"
import { CheckReport, VerifyReport } from "@threadfold/contracts"
import { codexHome, fakeAgent, installedAgent, makeHold, OpenAi } from "@threadfold/testkit"
import { Effect, Stream } from "effect"
import { describe, onTestFinished } from "vitest"
import { document, temporary } from "../cli/program.js"
import { type RunningServer, serve } from "../cli/server.js"

const codex = installedAgent("codex")
const why = codex.installed ? "" : ` (skipped: ${codex.reason})`
const isLinux = existsSync("/proc/self/environ")

/** Running processes that carry our mark of this log. */
const ofLog = (logId: string): readonly number[] =>
  readdirSync("/proc").flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0")
      return environment.includes(`THREADFOLD_LOG=${logId}`) ? [Number(pid)] : []
    } catch {
      return []
    }
  })

const faceOf = ({ token, url }: RunningServer): Effect.Effect<Threadfold> => makeThreadfold({ url, token })
const booted = (directory: string) => Effect.promise(() => serve(directory))
const killed = (server: RunningServer) =>
  Effect.promise(async () => {
    server.child.kill("SIGKILL")
    await server.ended
  })
const stopped = (server: RunningServer) =>
  Effect.promise(async () => {
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
  })

/** The log is sound, and the tables are what it leads to. */
const sound = (directory: string) =>
  Effect.promise(async () => {
    expect(await document(CheckReport, ["check", "--data-dir", directory])).toMatchObject({ ok: true, violations: [] })
    expect(await document(VerifyReport, ["verify", "--data-dir", directory])).toMatchObject({ ok: true })
  })

const logOf = (face: Threadfold) =>
  Effect.map(
    face.call((api) => api.readyz({})),
    ({ logId }) => logId,
  )

/** Waits until an event of this type has been told so many times. */
const told = (face: Threadfold, type: string, times: number) =>
  face.events({ types: [type] }).pipe(
    Stream.filter(({ kind }) => kind === "event"),
    Stream.take(times),
    Stream.runDrain,
  )

describe("a server that is killed", () => {
  it.scopedLive.skipIf(!codex.installed || !isLinux)(
    `in mid-turn leaves nothing running, and its next run goes on with the thread${why}`,
    () =>
      Effect.gen(function* () {
        if (!codex.installed) return
        const hold = makeHold()
        const model = yield* OpenAi.server({ script: [OpenAi.plain("kept"), OpenAi.hang(hold), OpenAi.plain("back")] })
        const home = yield* codexHome({ baseUrl: model.baseUrl })
        const directory = temporary()
        const { args, command } = codex
        const agent = {
          kind: "codex",
          command,
          args: [...args, "app-server"],
          env: home.env,
          inferenceGateway: true,
        }
        writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents: { codex: agent } }))

        const first = yield* booted(directory)
        const before = yield* faceOf(first)
        const { threadId } = yield* before.createThread({ agent: "codex", cwd: home.cwd })
        const one = yield* before.sendMessage(threadId, { text: "one" })
        expect(yield* before.waitForTurn(one.turnId ?? "")).toMatchObject({ outcome: "completed" })
        const two = yield* before.sendMessage(threadId, { text: "two" })
        yield* hold.reached
        // The gateway does not wait for its commit: the call may reach the model before the log has it.
        yield* told(before, "inference.started", 2)
        const queued = yield* before.sendMessage(threadId, { text: "three" })
        expect(queued.turnId).toBeNull()
        const logId = yield* logOf(before)
        const running = ofLog(logId)
        expect(running.length).toBeGreaterThan(0)
        yield* killed(first)

        const second = yield* booted(directory)
        // Before the first answer, so before anything new can start.
        expect(ofLog(logId)).toEqual([])
        const after = yield* faceOf(second)
        expect(yield* after.waitForTurn(two.turnId ?? "")).toMatchObject({
          outcome: "interrupted",
          evidence: "inferred",
        })
        yield* after.resumeQueue(threadId)
        // The first turn's end, and that of the one from the queue: the second one had no word of its agent's.
        yield* told(after, "turn.completed", 2)
        const snapshot = yield* after.call((api) => api.threads.get({ path: { threadId }, urlParams: {} }))
        expect(snapshot.turns.map(({ outcome }) => outcome)).toEqual(["completed", "interrupted", "completed"])
        expect(snapshot.session).toMatchObject({ epoch: 2 })
        // The gateway that carried the second call went with its server.
        expect(snapshot.inferences.map(({ status, turnId }) => [status, turnId])).toEqual([
          ["completed", one.turnId],
          ["failed", two.turnId],
          ["completed", snapshot.turns[2]?.turnId],
        ])
        yield* stopped(second)
        expect(ofLog(logId)).toEqual([])
        yield* sound(directory)
      }),
    600_000,
  )

  it.scopedLive.skipIf(!isLinux)(
    "leaves three trees behind that the next one ends; a process that merely looks like one is left alone",
    () =>
      Effect.gen(function* () {
        const directory = temporary()
        const { args, command } = fakeAgent({
          turns: [
            [
              { spawn: { ignoreSignals: true } },
              { spawn: { ignoreSignals: true, ownGroup: true } },
              { say: "both run" },
              { hang: true },
            ],
          ],
        })
        const agents = Object.fromEntries(["a", "b", "c"].map((name) => [name, { kind: "codex", command, args }]))
        writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents }))
        const first = yield* booted(directory)
        const before = yield* faceOf(first)
        for (const agent of ["a", "b", "c"]) {
          const { threadId } = yield* before.createThread({ agent, cwd: directory })
          yield* before.sendMessage(threadId, { text: "go" })
        }
        const logId = yield* logOf(before)
        // Each tells its user's message and, once both children run, its own.
        yield* told(before, "item.completed", 6)
        expect(ofLog(logId)).toHaveLength(9)
        const unrelated = spawn("sleep", ["86400"], { stdio: "ignore" })
        onTestFinished(() => void unrelated.kill("SIGKILL"))
        yield* killed(first)
        const second = yield* booted(directory)
        expect(ofLog(logId)).toEqual([])
        expect(unrelated.exitCode).toBeNull()
        expect(unrelated.signalCode).toBeNull()
        yield* stopped(second)
        yield* sound(directory)
      }),
    600_000,
  )
})
