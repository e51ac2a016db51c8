/**
 * Processes of agents that come, go and misbehave under the orchestrator: a small program that speaks Codex's protocol and
 * does what its script says. `CYCLES` says how often one is started and stopped.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { makeCodexDriver, type ProviderDriver, stillRunning } from "@threadfold/providers"
import { type FakeAgentScript, fakeAgent, killProcess, readFakeAgentLog } from "@threadfold/testkit"
import { Effect, Logger, Schedule, type Scope } from "effect"
import { id, OrchestratorFixture } from "../test/OrchestratorFixture.js"
import { checked, ended, itemSaying, noProcess, processesOf, started, stopped, textsOf } from "../test/RealAgent.js"
import { heapUsed, openFiles, zombies } from "../test/Resources.js"

const cycles = Number(process.env.CYCLES ?? 10)

const live = (name: string, test: Effect.Effect<void, unknown, Scope.Scope>) =>
  it.scopedLive(name, () => test.pipe(Effect.provide(Logger.remove(Logger.defaultLogger))))

const graceMs = 100
const driverOf = (script: FakeAgentScript): ProviderDriver =>
  makeCodexDriver({ ...fakeAgent(script), limits: { graceMs } })

/** A fixture with a thread; each process of its agent gets the script of its number, from 0. */
const opened = (script: (process: number) => FakeAgentScript) =>
  Effect.gen(function* () {
    let started = 0
    const connect: ProviderDriver["connect"] = (options) =>
      Effect.suspend(() => {
        started += 1
        return driverOf(script(started - 1)).connect(options)
      })
    const of = new OrchestratorFixture({ driver: { ...driverOf({}), connect } })
    yield* of.open()
    yield* of.createThread(id("thread"), tmpdir())
    return of
  })

/** How the processes that served the thread ended, in their order. */
const endsOf = (of: OrchestratorFixture) =>
  Effect.gen(function* () {
    const started = (yield* of.log()).filter(({ type }) => type === "session.started")
    const connectionIds = started.map(({ payload }) => JSON.parse(JSON.stringify(payload)).connectionId)
    const logs = yield* Effect.forEach(connectionIds, (connectionId) => of.log(connectionId))
    return logs.flatMap((log) => log.filter(({ type }) => type === "connection.closed").map(({ payload }) => payload))
  })

/** Looks until it is so: of processes no event tells. */
const looked = <A, E>(look: Effect.Effect<A, E>, isSo: (value: A) => boolean): Effect.Effect<A, E> =>
  Effect.repeat(look, { until: isSo, schedule: Schedule.spaced("20 millis") }).pipe(Effect.zipRight(look))

const isStart = (entry: ReturnType<typeof readFakeAgentLog>[number]): boolean =>
  entry.is === "received" && entry.method === "thread/start"

/** An agent that does not listen to anything that is meant to end it. */
const stubborn = { ignoreSigterm: true, ignoreStdinEnd: true } as const

describe("an agent's process under the orchestrator", () => {
  live(
    `is started and stopped ${cycles} times, a tenth of them deaf to it, and leaves nothing in the system and in us`,
    Effect.gen(function* () {
      const isStubborn = (cycle: number) => cycle % 10 === 9
      const of = yield* opened((cycle) => (isStubborn(cycle) ? stubborn : {}))
      const cycle = Effect.gen(function* () {
        yield* started(of)
        yield* stopped(of)
        return { files: openFiles(), zombies: zombies() }
      })
      // What the first ones bring (connections to the database, code that is compiled) is there once.
      const warmUp = Math.ceil(cycles / 5)
      const held = [...(yield* Effect.replicateEffect(cycle, warmUp))]
      const before = yield* heapUsed
      held.push(...(yield* Effect.replicateEffect(cycle, cycles - warmUp)))
      const grown = (yield* heapUsed) - before

      expect(held.map((one) => one.zombies)).toEqual(held.map(() => 0))
      expect(held.at(-1)?.files).toBeLessThanOrEqual(held[warmUp - 1]?.files ?? 0)
      if (process.env.CYCLES !== undefined) console.log(`${cycles} cycles: ${Math.round(grown / 1024)} KiB more heap`)
      // The engine's caches of streams and channels (4,096 of each) fill a little with every process; nothing else stays.
      expect(grown).toBeLessThan(8 * 1024 * 1024)

      expect(yield* endsOf(of)).toMatchObject(
        held.map((_, cycle) => (isStubborn(cycle) ? { code: null, signal: "SIGKILL" } : { code: 0, signal: null })),
      )
      yield* checked(of)
    }),
  )

  live(
    "says by its session's end how it ended by itself: its exit code, and what it last wrote",
    Effect.gen(function* () {
      const lines = Array.from({ length: 500 }, (_, line) => ({ stderr: `line ${line} of its complaint` }))
      const of = yield* opened((process) =>
        process === 0
          ? { turns: [[{ say: "working" }, ...lines, { exit: 7 }]] }
          : { turns: [[{ stderr: "no more memory" }, { signal: "SIGKILL" }]] },
      )
      yield* of.send("one")
      yield* ended(of)
      yield* of.send("two")
      const { items, turns } = yield* ended(of, 2)
      expect(turns).toMatchObject([
        { outcome: "interrupted", evidence: "inferred" },
        { outcome: "interrupted", evidence: "inferred" },
      ])
      expect(textsOf(items)).toEqual(["working"])
      const exits = (yield* of.log()).filter(({ type }) => type === "session.exited")
      expect(exits.map(({ payload }) => payload)).toMatchObject([
        { code: 7, signal: null, message: expect.stringMatching(/line 499 of its complaint$/) },
        { code: null, signal: "SIGKILL", message: "no more memory" },
      ])
      // The end of what it wrote, not all of it.
      expect(JSON.stringify(exits[0]?.payload)).not.toContain("line 0 of")
      expect(yield* endsOf(of)).toMatchObject([{ code: 7 }, { signal: "SIGKILL" }])
      yield* checked(of)
    }),
  )

  live(
    "that listens to nothing is killed, in mid-turn, too",
    Effect.gen(function* () {
      const of = yield* opened(() => ({ ...stubborn, turns: [[{ say: "working" }, { hang: true }]] }))
      yield* of.send("one")
      yield* itemSaying(of, "working")
      yield* stopped(of)
      expect(yield* endsOf(of)).toMatchObject([{ code: null, signal: "SIGKILL", reason: "stopped" }])
      expect((yield* ended(of)).turns).toMatchObject([{ outcome: "interrupted" }])
      yield* checked(of)
    }),
  )

  live(
    "takes along what it started, whatever that did to stay: when it is stopped, and when it dies",
    Effect.gen(function* () {
      const children = [
        { spawn: { ignoreSignals: true, ownGroup: true, holdStdout: true } },
        { spawn: { ignoreSignals: true } },
      ]
      const of = yield* opened((process) => ({ turns: [[...children, { say: `working ${process}` }, { hang: true }]] }))
      yield* of.send("one")
      yield* itemSaying(of, "working 0")
      const first = yield* processesOf(of)
      expect(first).toHaveLength(3)
      yield* stopped(of)
      expect(yield* stillRunning(first)).toEqual([])

      yield* of.send("two")
      yield* itemSaying(of, "working 1")
      const second = yield* processesOf(of)
      expect(second).toHaveLength(3)
      // The agent is the oldest of them: the others are its children.
      const [agent] = [...second].sort((one, other) => one.startTicks - other.startTicks || one.pid - other.pid)
      if (agent === undefined) return yield* Effect.dieMessage("no process of the agent is there")
      killProcess(agent.pid)
      yield* of.eventually(of.work(), ({ session }) => session === null)
      yield* noProcess(of)
      expect(yield* stillRunning(second)).toEqual([])
      yield* ended(of, 2)
      yield* checked(of)
    }),
  )

  live(
    "that was stopped while it starts is gone, and no session of it is there",
    Effect.gen(function* () {
      for (const method of ["initialize", "thread/start"]) {
        const of = yield* opened(() => ({ answers: { [method]: "never" } }))
        const { commandId } = yield* of.dispatch({ type: "session.start" })
        yield* looked(processesOf(of), (processes) => processes.length === 1)
        yield* of.dispatch({ type: "session.stop" })
        yield* looked(of.orchestrator.effectsOf(commandId), ([one]) => one?.status === "retired")
        yield* noProcess(of)
        expect((yield* of.work()).session).toBeNull()
        yield* checked(of)
      }
    }),
  )

  live(
    "that serves another thread, too, closes a thread that comes up after its start was stopped",
    Effect.gen(function* () {
      const log = join(mkdtempSync(join(tmpdir(), "threadfold-late-")), "agent.jsonl")
      const of = yield* opened(() => ({
        log,
        answers: { "thread/start": ["answer", { afterMs: 300 }] },
        turns: [[{ say: "working" }, { hang: true }]],
      }))
      yield* of.send("one")
      yield* itemSaying(of, "working")
      const late = id("late thread")
      yield* of.createThread(late, tmpdir())
      yield* of.dispatch({ type: "session.start", threadId: late })
      const asked = Effect.sync(() => readFakeAgentLog(log).filter((one) => isStart(one)).length)
      yield* looked(asked, (count) => count === 2)
      yield* of.dispatch({ type: "session.stop", threadId: late })
      const session = Effect.map(of.snapshot(late), ({ snapshot }) => snapshot.session)
      expect(yield* of.eventually(session, (one) => one?.status === "stopped")).toMatchObject({ epoch: 1 })
      expect((yield* of.work(late)).session).toBeNull()
      expect((yield* of.work()).session).toMatchObject({ status: "running" })
      yield* stopped(of)
      yield* checked(of)
      rmSync(dirname(log), { recursive: true, force: true })
    }),
  )
})
