/** Sessions of many threads in a real database, said by the test itself, and what a reaper does to them. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Command, type EventType, type NativeRef, type PayloadOf } from "@threadfold/contracts"
import { checkLog, mintId } from "@threadfold/core"
import { Engine, type EngineService, type EventDraft, sha256 } from "@threadfold/engine"
import { engineOn } from "@threadfold/engine/fixtures"
import { decodeRow } from "@threadfold/event-log"
import { Projections } from "@threadfold/projections"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { LiveAudio } from "../src/connections/LiveAudio.js"
import { LiveThreads } from "../src/connections/LiveThreads.js"
import { RecordedWords } from "../src/connections/RecordedWords.js"
import { Retries } from "../src/connections/Retries.js"
import {
  Background,
  Connections,
  CurrentReaperPolicy,
  defaultLimits,
  defaultReaperPolicy,
  HostSuspends,
  Ids,
  MonotonicClock,
  Orphans,
  Reaper,
  type ReaperPolicy,
  Recovery,
  Wakeups,
} from "../src/index.js"
import type { EndedOrphans } from "../src/recovery/Orphans.js"
import { FakeAgent, FakeConnection } from "./FakeDriver.js"

/** A UUIDv7 for a label, the same in every run. */
const id = (label: string): string => mintId(sha256, 0, label)
const decode = Schema.decodeUnknownSync(Command)

export class Sessions {
  /** Threads that were said to have something to do. */
  readonly woken: string[] = []
  readonly threads = new LiveThreads()
  private seqs = new Map<string, number>()
  private made = 0

  private constructor(
    readonly engine: EngineService,
    readonly projections: Context.Tag.Service<Projections>,
  ) {}

  static readonly open = Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-sessions-"))),
      (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
    )
    const file = join(directory, "threadfold.db")
    const built = yield* Layer.build(Layer.provideMerge(Projections.layer(file), engineOn({ file })))
    return new Sessions(Context.get(built, Engine), Context.get(built, Projections))
  })

  thread(label: string): string {
    return id(`thread ${label}`)
  }

  session(label: string): string {
    return id(`session ${label}`)
  }

  /** The label of a thread. */
  label(threadId: string, labels: readonly string[]): string {
    return labels.find((label) => this.thread(label) === threadId) ?? threadId
  }

  private readonly ids = {
    next: (at: number) => mintId(sha256, at, `made ${++this.made}`),
  }

  /** An event of a thread's session. */
  event<T extends EventType>(
    label: string,
    type: T,
    payload: PayloadOf<T>,
    native: NativeRef = {},
  ): Effect.Effect<EventDraft> {
    return Effect.map(Clock.currentTimeMillis, (at) => {
      const seq = (this.seqs.get(label) ?? 0) + 1
      this.seqs.set(label, seq)
      return {
        to: { streamId: this.thread(label), key: `agent|${label}` },
        sessionId: this.session(label),
        actor: "provider",
        event: { type, payload, native: { threadId: label, ...native }, channel: "agent", seq, at },
      }
    })
  }

  say<T extends EventType>(label: string, type: T, payload: PayloadOf<T>, native: NativeRef = {}) {
    return Effect.flatMap(this.event(label, type, payload, native), (draft) => this.engine.submit({ drafts: [draft] }))
  }

  dispatch(label: string, command: object, actor: "client" | "orchestrator" = "client") {
    return Effect.flatMap(Clock.currentTimeMillis, (at) =>
      this.engine.submit({
        drafts: [],
        command: {
          commandId: this.ids.next(at),
          to: { streamId: this.thread(label) },
          command: decode({ threadId: this.thread(label), ...command }),
          at,
          actor,
        },
      }),
    )
  }

  /** A thread of ours with a session that lives and runs here. */
  start(label: string, { mode = "managed", connection = `connection of ${label}`, agent = true } = {}) {
    return Effect.gen(this, function* () {
      const threadId = this.thread(label)
      if (agent) yield* this.dispatch(label, { type: "thread.create", agent: "mine", provider: "mine" })
      yield* this.say(label, "session.started", {
        provider: "mine",
        mode: mode === "attached" ? "attached" : mode === "imported" ? "imported" : "managed",
        connectionId: id(connection),
      })
      if (mode === "managed") {
        const session = { threadId, nativeThreadId: null, connectionId: id(connection), isAsked: false }
        this.threads.sessionStarted(this.session(label), session)
      }
      if (mode === "managed" && agent) this.serve(label, id(connection))
    })
  }

  private serve(label: string, connectionId: string): void {
    const fake = new FakeAgent()
    const agent = { name: "mine", driver: fake.driver, model: null, settings: {}, limits: defaultLimits }
    const { connection } = new FakeConnection(fake, { connectionId, marks: {} })
    const on = { connectionId, openedFor: this.thread(label), agent, connection }
    this.threads.connected(on)
    this.threads.opened({ threadId: this.thread(label), nativeThreadId: label, on })
  }

  /** The connection is found to be over, though nobody said so of its sessions. */
  lose(connection: string): void {
    this.threads.disconnected(id(connection))
  }

  /** A turn that runs, by the native id `turn-1`. */
  turn(label: string) {
    return this.say(label, "turn.started", {}, { turnId: "turn-1" })
  }

  ends(label: string) {
    return this.say(label, "turn.completed", { outcome: "completed" }, { turnId: "turn-1" })
  }

  /** A reaper on them, in a scope: another one is what a restart makes of it. */
  reaper(
    policy: Partial<ReaperPolicy> = {},
    {
      engine = this.engine,
      orphans = { ended: 0, left: 0, connectionIds: new Set() },
    }: { readonly engine?: EngineService; readonly orphans?: EndedOrphans } = {},
  ) {
    const { woken, threads } = this
    const policies = { ...defaultReaperPolicy, ...policy }
    const wake = (threadId: string) => Effect.sync(() => void woken.push(threadId))
    const fakes = Layer.mergeAll(
      Layer.succeed(Engine, engine),
      Layer.succeed(Projections, this.projections),
      Layer.succeed(Connections, {
        threads,
        retries: new Retries(),
        words: new RecordedWords(),
        audio: new LiveAudio(),
        marks: () => ({}),
        connect: () => Effect.dieMessage("nothing connects here"),
        disconnect: () => Effect.void,
        closeThread: () => Effect.void,
        closeStray: () => Effect.void,
      }),
      Layer.succeed(Orphans, { end: Effect.succeed(orphans) }),
      Layer.succeed(Recovery, { ended: 0, left: 0, sessions: 0, effects: 0 }),
      Layer.succeed(Wakeups, {
        wake,
        wakeAll: (threadIds) => Effect.forEach(threadIds, wake, { discard: true }),
        take: Effect.never,
      }),
      Background.layer,
      HostSuspends.layer.pipe(Layer.provideMerge(CurrentReaperPolicy.layer(policies))),
    )
    return Layer.build(Reaper.layer.pipe(Layer.provide(fakes))).pipe(
      Effect.map(Context.get(Reaper)),
      Effect.provideService(Ids, this.ids),
      Effect.provideService(MonotonicClock, { now: Clock.currentTimeMillis }),
    )
  }

  /** What a sweep finds: `decision reason`, by the labels of the threads. */
  found(
    labels: readonly string[],
    findings: readonly { readonly threadId: string; readonly decision: string; readonly reason: string }[],
  ): Record<string, string> {
    return Object.fromEntries(
      findings.map(({ decision, reason, threadId }) => [this.label(threadId, labels), `${decision} ${reason}`]),
    )
  }

  log(label: string) {
    return Effect.map(this.engine.log.read({ streamId: this.thread(label), limit: 10_000 }), (rows) =>
      rows.map(decodeRow),
    )
  }

  violations(label: string) {
    return Effect.map(this.log(label), (log) => checkLog(this.thread(label), log))
  }
}
