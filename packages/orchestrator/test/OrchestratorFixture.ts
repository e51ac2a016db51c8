/** An orchestrator over a real engine and a real database, with an agent that the test plays; it can crash and come back. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Command, type EventEnvelope, type Receipt, type RequestView } from "@threadfold/contracts"
import type { ThreadWork } from "@threadfold/core"
import { checkLog, mintId } from "@threadfold/core"
import {
  databaseGroups,
  Engine,
  type EngineService,
  eventSourceOf,
  type Submission,
  sha256,
  WorkReads,
} from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { decodeRow, type OpenError, openSqlite } from "@threadfold/event-log"
import { Projections, SqlStore, verify } from "@threadfold/projections"
import type { ProviderDriver } from "@threadfold/providers"
import { Clock, Context, Effect, Exit, Layer, Schema, Scope, Stream } from "effect"
import {
  type Agent,
  type AgentLimits,
  AgentListings,
  type AgentListingsService,
  AgentLogins,
  type AgentLoginsService,
  Agents,
  Configurations,
  type ConfigurationsService,
  CurrentReaperPolicy,
  type DispatchError,
  defaultLimits,
  defaultReaperPolicy,
  Ids,
  MonotonicClock,
  type OrchestrationParts,
  Orchestrator,
  type OrchestratorService,
  orchestration,
  Reaper,
  type ReaperPolicy,
  type ReaperService,
  VoiceRuns,
  type VoiceRunsService,
  Watchdog,
  type WorkError,
} from "../src/index.js"
import { FakeAgent } from "./FakeDriver.js"

/** A UUIDv7 for a label, the same in every run. */
export const id = (label: string): string => mintId(sha256, 0, label)

const decode = Schema.decodeUnknownSync(Command)

/** In the place of the services that end what does not end by itself. */
const unsupervised: OrchestrationParts = {
  reaper: Layer.succeed(Reaper, { lastSweep: Effect.succeed([]), sweep: Effect.dieMessage("no reaper runs here") }),
  watchdog: Layer.succeed(Watchdog, { look: Effect.void }),
}

/** What a crash does to the submission at which it comes. */
export type CrashAt = { readonly submission: number; readonly committed: boolean }

interface Running {
  readonly orchestrator: OrchestratorService
  readonly listings: AgentListingsService
  readonly configurations: ConfigurationsService
  readonly logins: AgentLoginsService
  readonly voices: VoiceRunsService
  readonly reaper: ReaperService | null
  readonly scope: Scope.CloseableScope
  /** How many submissions the engine was given by this run. */
  readonly submissions: () => number
  readonly crash: () => void
}

export class OrchestratorFixture {
  readonly agent: FakeAgent
  private readonly directory = mkdtempSync(join(tmpdir(), "threadfold-orchestrator-"))
  private readonly file = join(this.directory, "threadfold.db")
  private base: Context.Context<Engine | Projections | WorkReads | SqlClient.SqlClient> | null = null
  private running: Running | null = null
  /** Time that has gone by while the host slept, ms. */
  private asleep = 0
  /** Where the monotonic clock stands while the host sleeps. */
  private frozen: number | null = null
  private made = 0

  constructor(
    private readonly options: {
      readonly limits?: Partial<AgentLimits>
      readonly sharesConnection?: boolean
      /** Another agent in place of the one that the test plays. */
      readonly driver?: ProviderDriver
      readonly others?: readonly Agent[]
      readonly model?: string
      readonly settings?: Readonly<Record<string, unknown>>
      /** Where it is given, the reaper and the watchdog run, by this policy. */
      readonly reaper?: Partial<ReaperPolicy>
      /** In the place of other services. */
      readonly parts?: OrchestrationParts
    } = {},
  ) {
    this.agent = new FakeAgent(options.sharesConnection)
  }

  private get database() {
    if (this.base === null) throw new Error("the fixture is not open")
    return this.base
  }

  get engine(): EngineService {
    return Context.get(this.database, Engine)
  }

  get projections() {
    return Context.get(this.database, Projections)
  }

  get orchestrator(): OrchestratorService {
    if (this.running === null) throw new Error("the orchestrator does not run")
    return this.running.orchestrator
  }

  get logins(): AgentLoginsService {
    if (this.running === null) throw new Error("the server does not run")
    return this.running.logins
  }

  get configurations(): ConfigurationsService {
    if (this.running === null) throw new Error("the server does not run")
    return this.running.configurations
  }

  get listings(): AgentListingsService {
    if (this.running === null) throw new Error("the server does not run")
    return this.running.listings
  }

  get voices(): VoiceRunsService {
    if (this.running === null) throw new Error("the orchestrator does not run")
    return this.running.voices
  }

  get reaper(): ReaperService {
    const reaper = this.running?.reaper ?? null
    if (reaper === null) throw new Error("the reaper does not run")
    return reaper
  }

  get submissions(): number {
    return this.running?.submissions() ?? 0
  }

  /** Opens the database for the life of the scope, and starts the orchestrator. */
  open(crashAt?: CrashAt): Effect.Effect<void, OpenError | WorkError, Scope.Scope> {
    return Effect.gen(this, function* () {
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(this.directory, { recursive: true, force: true })))
      const { file } = this
      const reading = SqliteClient.layer({ filename: file, readonly: true, disableWAL: true })
      this.base = yield* Layer.build(
        Layer.mergeAll(Projections.layer(file), WorkReads.layer).pipe(
          Layer.provideMerge(Layer.orDie(reading)),
          Layer.provideMerge(engineOn({ file })),
        ),
      )
      yield* Effect.addFinalizer(() => this.stop)
      yield* this.start(crashAt)
    })
  }

  /** Starts the orchestrator as a new run of the server. */
  start(crashAt?: CrashAt): Effect.Effect<void, WorkError> {
    return Effect.gen(this, function* () {
      const { engine } = this
      let given = 0
      let isDead = false
      const crashing: EngineService = {
        ...engine,
        submit: (submission: Submission) =>
          Effect.suspend(() => {
            given += 1
            if (isDead) return Effect.never
            if (crashAt === undefined || given !== crashAt.submission) return engine.submit(submission)
            isDead = true
            // The disk may have it or not; the old process never learns it.
            return crashAt.committed ? Effect.zipRight(engine.submit(submission), Effect.never) : Effect.never
          }),
      }
      const agent: Agent = {
        name: "fake",
        driver: this.options.driver ?? this.agent.driver,
        model: this.options.model ?? null,
        settings: this.options.settings ?? {},
        limits: { ...defaultLimits, ...this.options.limits },
      }
      const scope = yield* Scope.make()
      const { reaper: policy } = this.options
      const services = orchestration({ ...(policy === undefined ? unsupervised : {}), ...this.options.parts })
      const built = yield* Layer.buildWithScope(services, scope).pipe(
        Effect.provide(CurrentReaperPolicy.layer({ ...defaultReaperPolicy, ...policy })),
        Effect.provide(Agents.layer([agent, ...(this.options.others ?? [])])),
        Effect.provideService(Engine, crashing),
        Effect.provideService(Projections, this.projections),
        Effect.provideService(WorkReads, Context.get(this.database, WorkReads)),
        Effect.provideService(SqlClient.SqlClient, Context.get(this.database, SqlClient.SqlClient)),
        Effect.provideService(Ids, { next: (at) => mintId(sha256, at, `made ${++this.made}`) }),
        Effect.provideService(MonotonicClock, { now: this.monotonic }),
      )
      this.running = {
        orchestrator: Context.get(built, Orchestrator),
        listings: Context.get(built, AgentListings),
        configurations: Context.get(built, Configurations),
        logins: Context.get(built, AgentLogins),
        voices: Context.get(built, VoiceRuns),
        reaper: policy === undefined ? null : Context.get(built, Reaper),
        scope,
        submissions: () => given,
        crash: () => {
          isDead = true
        },
      }
    })
  }

  private readonly monotonic = Effect.map(Clock.currentTimeMillis, (wall) => this.frozen ?? wall - this.asleep)

  /** The host falls asleep: the wall clock goes on, the monotonic one stands still. */
  get fallAsleep(): Effect.Effect<void> {
    return Effect.map(this.monotonic, (now) => {
      this.frozen = now
    })
  }

  get wakeUp(): Effect.Effect<void> {
    return Effect.map(Clock.currentTimeMillis, (wall) => {
      this.asleep = wall - (this.frozen ?? wall)
      this.frozen = null
    })
  }

  /** The server ends in good order. */
  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { running } = this
      this.running = null
      return running === null ? Effect.void : Scope.close(running.scope, Exit.void)
    })
  }

  /** The server is killed: nothing of it does anything any more, and its agents are killed with it. */
  crash(): void {
    this.running?.crash()
    this.running = null
    for (const connection of this.agent.connections) connection.end({ reason: "exit", signal: "SIGKILL" })
  }

  dispatch(
    command: object,
    more: { readonly key?: string; readonly ifSequence?: number } = {},
  ): Effect.Effect<Receipt, DispatchError> {
    const { ifSequence, key } = more
    return this.orchestrator.dispatch({
      command: decode({ threadId: id("thread"), ...command }),
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(ifSequence === undefined ? {} : { ifSequence }),
    })
  }

  createThread(threadId = id("thread"), cwd = "/w"): Effect.Effect<Receipt, DispatchError> {
    const provider = (this.options.driver ?? this.agent.driver).provider
    return this.dispatch({ type: "thread.create", threadId, agent: "fake", provider, cwd })
  }

  /** Waits for as long as it takes, from event to event, until something is so. */
  eventually<A, E>(look: Effect.Effect<A, E>, isSo: (value: A) => boolean): Effect.Effect<A, E> {
    return Effect.gen(this, function* () {
      for (;;) {
        const head = yield* Effect.orDie(this.engine.log.head)
        const value = yield* look
        if (isSo(value)) return value
        yield* Effect.orDie(Stream.runHead(this.engine.log.subscribe({ after: head })))
      }
    })
  }

  send(text: string, more: object = {}): Effect.Effect<Receipt, DispatchError> {
    return this.dispatch({ type: "message.send", text, ...more })
  }

  /** What the rules look at, and the questions that are not over. */
  work(threadId = id("thread")): Effect.Effect<ThreadWork & { readonly requests: readonly RequestView[] }> {
    return Effect.gen(this, function* () {
      const { snapshot } = yield* this.snapshot(threadId)
      const work = yield* Effect.orDie(this.projections.threadWork(threadId))
      if (work === null) return yield* Effect.dieMessage("there is no such thread")
      return { ...work, requests: snapshot.requests.filter(({ status }) => ["open", "answering"].includes(status)) }
    })
  }

  snapshot(threadId = id("thread")) {
    return Effect.orDie(this.projections.threadSnapshot(threadId))
  }

  /** The log of a thread. */
  log(threadId = id("thread")): Effect.Effect<readonly EventEnvelope[]> {
    return Effect.map(Effect.orDie(this.engine.log.read({ streamId: threadId, limit: 10_000 })), (rows) =>
      rows.map(decodeRow),
    )
  }

  /** Whether all stored rows are what the log leads to when it is folded again. */
  get verified() {
    return Effect.scoped(
      Effect.map(openSqlite({ file: this.file, owner: "held", migrations: databaseGroups }), ({ driver, handle }) =>
        verify({
          source: eventSourceOf(driver),
          store: new SqlStore(handle),
          readTransaction: (body) => handle.transaction(body).deferred(),
        }),
      ),
    )
  }

  /** Everything that the invariants have to say of a thread. */
  violations(threadId = id("thread")) {
    return Effect.map(this.log(threadId), (log) => checkLog(threadId, log))
  }
}

/** Lets everything happen that can happen without time going by, until something is so. */
export const until = <A, E>(look: Effect.Effect<A, E>, isSo: (value: A) => boolean): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    for (let tries = 0; tries < 5_000; tries += 1) {
      const value = yield* look
      if (isSo(value)) return value
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
    }
    return yield* Effect.dieMessage(`it never became so; last: ${JSON.stringify(yield* look)}`)
  })

/** Lets everything happen that can happen without time going by. */
export const quiet: Effect.Effect<void> = Effect.promise(async () => {
  for (let turns = 0; turns < 200; turns += 1) await new Promise<void>((resolve) => setImmediate(resolve))
})

/** A fixture that is open and has a thread. */
export const openFixture = (options: ConstructorParameters<typeof OrchestratorFixture>[0] = {}) =>
  Effect.gen(function* () {
    const fixture = new OrchestratorFixture(options)
    yield* fixture.open()
    yield* fixture.createThread()
    return fixture
  })

/** A fixture in whose thread the turn of a message runs. */
export const workingFixture = (text: string, options: ConstructorParameters<typeof OrchestratorFixture>[0] = {}) =>
  Effect.gen(function* () {
    const fixture = yield* openFixture(options)
    const { turnId } = yield* fixture.send(text)
    yield* running(fixture)
    return { fixture, turnId }
  })

/** What is shown of a thread. */
export const snapshotOf = (fixture: OrchestratorFixture, threadId = id("thread")) =>
  Effect.map(fixture.snapshot(threadId), ({ snapshot }) => snapshot)

/** The turns of the fixture's thread. */
export const turnsOf = (fixture: OrchestratorFixture) => Effect.map(snapshotOf(fixture), ({ turns }) => turns)

/** The native id of the thread that the agent's last connection has; empty: none. */
export const nativeOf = (fixture: OrchestratorFixture): string => fixture.agent.last.threads[0] ?? ""

/** The agent says that a turn has ended. */
export const completes = (fixture: OrchestratorFixture, turnId = "turn-1", outcome = "completed") =>
  fixture.agent.last.say(nativeOf(fixture), "turn.completed", { outcome }, { turnId })

/** Waits until a thread's session runs a turn. */
export const running = (fixture: OrchestratorFixture, threadId = id("thread")) =>
  until(fixture.work(threadId), ({ session }) => session?.status === "running")

/** Waits until the agent has taken so many messages; their texts. */
export const textsTaken = (fixture: OrchestratorFixture, count: number) =>
  until(
    Effect.sync(() => fixture.agent.texts),
    ({ length }) => length === count,
  )

/** Waits until a turn runs; the turn. */
export const runningTurn = (fixture: OrchestratorFixture) =>
  Effect.map(
    until(turnsOf(fixture), (turns) => turns.some(({ status }) => status === "running")),
    (turns) => turns.find(({ status }) => status === "running"),
  )
