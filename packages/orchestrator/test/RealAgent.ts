/** What the tests of real agents under the orchestrator have in common: waiting for what happens, and what must hold at the end. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import type { ItemView } from "@threadfold/contracts"
import { markedProcesses } from "@threadfold/providers"
import { type AgentHome, type Hold, type InstalledAgent, killProcess, type MissingAgent } from "@threadfold/testkit"
import { Effect, Logger, Schedule, type Scope } from "effect"
import { logMark } from "../src/connections/Connections.js"
import { type OrchestratorFixture, snapshotOf } from "./OrchestratorFixture.js"

/** Registers a test that needs an agent, or one that is skipped and says why. */
export const withAgent = (agent: InstalledAgent | MissingAgent) => {
  const why = agent.installed ? "" : ` (skipped: ${agent.reason})`
  return (name: string, test: () => Effect.Effect<void, unknown, Scope.Scope>): void =>
    it.scopedLive.skipIf(!agent.installed)(`${name}${why}`, () =>
      test().pipe(Effect.provide(Logger.remove(Logger.defaultLogger))),
    )
}

/** Waits until so many turns have ended for good. */
export const ended = (of: OrchestratorFixture, count = 1, threadId?: string) =>
  of.eventually(
    snapshotOf(of, threadId),
    ({ turns }) => turns.filter(({ status, settled }) => status === "ended" && settled).length === count,
  )

/** Waits until a turn runs. */
export const running = (of: OrchestratorFixture) =>
  of.eventually(snapshotOf(of), ({ turns }) => turns.some(({ status }) => status === "running"))

/** Waits for an open question; its id. */
export const openRequest = (of: OrchestratorFixture) =>
  Effect.map(
    of.eventually(of.work(), ({ requests }) => requests.some(({ status }) => status === "open")),
    ({ requests }) => requests.find(({ status }) => status === "open")?.requestId,
  )

/** Waits until an item says this, as far as it was told. */
export const itemSaying = (of: OrchestratorFixture, words: string) =>
  of.eventually(snapshotOf(of), ({ items }) => items.some(({ text }) => text === words))

/** A turn is over, and a second one has said half of what the hold has it say. */
export const saysHalf = (of: OrchestratorFixture, hold: Hold) =>
  Effect.gen(function* () {
    yield* of.send("one")
    const before = yield* ended(of)
    yield* of.send("two")
    yield* hold.reached
    hold.say("half")
    yield* itemSaying(of, "half")
    return before
  })

/** Picks the rows that belong to a turn. */
export const rowsOf =
  (turnId: string | null) =>
  <A extends { readonly turnId: string | null }>(all: readonly A[]): readonly A[] =>
    all.filter((one) => one.turnId === turnId)

/** The texts of the items of a kind, in order. */
export const textsOf = (items: readonly ItemView[], kind: ItemView["kind"] = "agent_message") =>
  items.filter((item) => item.kind === kind).map(({ text }) => text)

/** The processes that the agents of this server have. */
export const processesOf = (of: OrchestratorFixture) => markedProcesses(logMark, of.engine.log.logId)

/** Waits until they are gone. No event says so: the last one of an agent may be older than the end of its process. */
export const noProcess = (of: OrchestratorFixture) =>
  Effect.repeat(processesOf(of), {
    until: (processes) => processes.length === 0,
    schedule: Schedule.spaced("20 millis"),
  })

/** Dispatches a command, and waits until what follows from it is done. */
export const carriedOut = (of: OrchestratorFixture, command: object) =>
  Effect.gen(function* () {
    const { commandId } = yield* of.dispatch(command)
    const effects = of.orchestrator.effectsOf(commandId)
    yield* Effect.repeat(effects, {
      until: (all) => all.every(({ endedAt }) => endedAt !== null),
      schedule: Schedule.spaced("20 millis"),
    })
    expect(yield* effects).toMatchObject([{ status: "delivered" }])
  })

/** Starts the thread's session, without a turn. */
export const started = (of: OrchestratorFixture, more: { readonly fresh?: boolean } = {}) =>
  carriedOut(of, { type: "session.start", ...more })

/** Stops the thread's session. When that is done no process of its agent is left. */
export const stopped = (of: OrchestratorFixture) =>
  Effect.gen(function* () {
    yield* carriedOut(of, { type: "session.stop" })
    expect(yield* processesOf(of)).toEqual([])
    expect((yield* of.work()).session).toBeNull()
  })

/** The agent's process is killed, as by the system when memory runs out. */
export const kill = (of: OrchestratorFixture) =>
  Effect.map(processesOf(of), (processes) => {
    for (const { pid } of processes) killProcess(pid)
  })

/**
 * Waits until the history that an agent keeps below its home has these words. It writes them after it has said them: one that is killed
 * in between cannot take its conversation up again.
 */
export const remembered = ({ folder }: AgentHome, words: string) =>
  Effect.repeat(
    Effect.try(
      () =>
        readdirSync(folder, { recursive: true, encoding: "utf8" })
          .filter((name) => name.endsWith(".jsonl"))
          .some((name) => readFileSync(join(folder, name), "utf8").includes(words)),
      // What the agent made for a moment may go while its home is read.
    ).pipe(Effect.orElseSucceed(() => false)),
    { until: (isThere) => isThere, schedule: Schedule.spaced("20 millis") },
  )

/** Stops the server: nothing of it is left, whatever happened. */
export const nothingLeft = (of: OrchestratorFixture) =>
  Effect.gen(function* () {
    const { logId } = of.engine.log
    yield* of.stop
    expect(yield* markedProcesses(logMark, logId)).toEqual([])
  })

/**
 * What must hold when everything is over: no invariant is broken, the rows are what the log leads to, nothing is open, no
 * process is left.
 */
export const checked = (of: OrchestratorFixture) =>
  Effect.gen(function* () {
    expect(yield* of.violations()).toEqual([])
    expect(yield* of.verified).toMatchObject({ ok: true, differences: [], stale: [] })
    const { items, requests, turns } = yield* snapshotOf(of)
    const open = [
      ...items.filter(({ status }) => status === "open"),
      ...requests.filter(({ status }) => status === "open"),
      ...turns.filter(({ status }) => status !== "ended"),
    ]
    expect(open).toEqual([])
    yield* nothingLeft(of)
  })
