import { describe, expect, it } from "@effect/vitest"
import { StorageFailed } from "@threadfold/event-log"
import { Effect, Scope, TestClock } from "effect"
import { Sessions } from "../../test/Sessions.js"

/** Sweeps only when it is asked to, and finds a session idle after a minute. */
const policy = { idleMs: 60_000, sweepMs: 86_400_000, startingGraceMs: 30_000, backgroundCapMs: 600_000 }
const minute = TestClock.adjust("1 minute")

describe("a sweep", () => {
  it.scoped("stops what is idle, and says of everything else why it stays", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      const labels = [
        "idle",
        "turn",
        "question",
        "task",
        "voice",
        "kept",
        "theirs",
        "read",
        "queued",
        "held",
        "waiting",
      ]
      for (const label of labels) {
        yield* s.start(label, {
          ...(label === "theirs" ? { mode: "attached", agent: false } : {}),
          ...(label === "read" ? { mode: "imported", agent: false } : {}),
        })
      }
      yield* s.turn("turn")
      yield* s.turn("question")
      yield* s.say("question", "request.opened", { kind: "other" }, { turnId: "turn-1", requestId: "0" })
      yield* s.say("task", "task.started", { kind: "watch" }, { taskId: "1" })
      yield* s.say("voice", "realtime.started", {}, { realtimeId: "r" })
      yield* s.dispatch("kept", { type: "thread.keep-alive", until: 90_000 })
      for (const label of ["queued", "held"]) {
        yield* s.turn(label)
        yield* s.dispatch(label, { type: "message.send", text: "next" })
        yield* s.say(
          label,
          "turn.completed",
          { outcome: label === "held" ? "failed" : "completed" },
          { turnId: "turn-1" },
        )
      }
      yield* s.dispatch("waiting", { type: "message.send", text: "now" })
      yield* minute
      const reaper = yield* s.reaper(policy)
      const found = yield* reaper.sweep
      expect(s.found(labels, found)).toEqual({
        idle: "reap idle",
        turn: "keep turn-active",
        question: "keep request-open",
        task: "keep task-running",
        voice: "keep voice-live",
        kept: "keep keep-alive",
        theirs: "keep attached",
        read: "keep imported",
        queued: "keep queue-waiting",
        held: "reap idle",
        waiting: "keep turn-requested",
      })
      expect(found.map(({ threadId }) => threadId)).toEqual(labels.map((label) => s.thread(label)).sort())
      expect(found.every(({ idleMs }) => idleMs === 60_000)).toBe(true)
      expect(yield* reaper.lastSweep).toEqual(found)
      expect(s.woken.sort()).toEqual(["idle", "held"].map((label) => s.thread(label)).sort())
      const reaped = (yield* s.log("idle")).find(({ type }) => type === "session.reaped")
      expect(reaped).toMatchObject({ actor: "reaper", payload: { idleMs: 60_000, reason: "idle" } })
      yield* TestClock.adjust("30 seconds")
      expect(s.found(labels, yield* reaper.sweep)).toMatchObject({ kept: "reap idle" })
      for (const label of labels) expect(yield* s.violations(label)).toEqual([])
    }),
  )

  it.scoped("begins the window at the end of a turn, not at its start", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      yield* s.start("a")
      yield* s.turn("a")
      yield* TestClock.adjust("5 minutes")
      yield* s.ends("a")
      const reaper = yield* s.reaper(policy)
      yield* TestClock.adjust("59 seconds")
      expect(s.found(["a"], yield* reaper.sweep)).toEqual({ a: "keep in-use" })
      yield* TestClock.adjust("1 second")
      expect(s.found(["a"], yield* reaper.sweep)).toEqual({ a: "reap idle" })
      expect(yield* reaper.sweep).toEqual([])
    }),
  )

  it.scoped("spares a background task until it was silent for too long, whatever else the thread said", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      yield* s.start("a")
      yield* s.say("a", "task.started", { kind: "watch" }, { taskId: "1" })
      const reaper = yield* s.reaper(policy)
      yield* TestClock.adjust("5 minutes")
      yield* s.say("a", "task.progress", {}, { taskId: "1" })
      yield* TestClock.adjust("8 minutes")
      yield* s.turn("a")
      yield* s.ends("a")
      yield* TestClock.adjust("119 seconds")
      expect(s.found(["a"], yield* reaper.sweep)).toEqual({ a: "keep task-running" })
      yield* TestClock.adjust("1 second")
      expect(s.found(["a"], yield* reaper.sweep)).toEqual({ a: "reap task-overdue" })
    }),
  )

  it.scoped("lets a session go whose turn ended with it, whatever its row says of its status", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      const states = ["ready", "interrupted", "error"] as const
      for (const state of states) {
        yield* s.start(state)
        yield* s.turn(state)
        yield* s.say(state, "session.state.changed", { state })
      }
      yield* minute
      const found = s.found(states, yield* (yield* s.reaper(policy)).sweep)
      expect(found).toEqual({ ready: "reap idle", interrupted: "reap idle", error: "reap idle" })
    }),
  )

  it.scoped("goes on where an earlier reaper stopped: windows and tasks are in the rows", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      yield* s.start("a")
      yield* s.start("b")
      yield* s.say("b", "task.started", {}, { taskId: "1" })
      const first = yield* Scope.make()
      yield* Scope.extend(s.reaper(policy), first)
      yield* TestClock.adjust("40 seconds")
      const second = yield* s.reaper(policy)
      yield* TestClock.adjust("20 seconds")
      expect(s.found(["a", "b"], yield* second.sweep)).toEqual({ a: "reap idle", b: "keep task-running" })
    }),
  )

  it.scoped("stops the others when one cannot be stopped, and tries that one again", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      const labels = ["a", "b", "c"]
      for (const label of labels) yield* s.start(label)
      let full = true
      const reaper = yield* s.reaper(policy, {
        engine: {
          ...s.engine,
          submit: (submission) =>
            full && submission.command?.command.threadId === s.thread("b")
              ? new StorageFailed({ message: "The disk is full." })
              : s.engine.submit(submission),
        },
      })
      yield* minute
      expect(s.found(labels, yield* reaper.sweep)).toEqual({ a: "reap idle", b: "keep not-taken", c: "reap idle" })
      full = false
      expect(s.found(labels, yield* reaper.sweep)).toEqual({ b: "reap idle" })
    }),
  )

  it.scoped("leaves a session alone in which something happened between the look and the stop", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      const labels = ["a", "b"]
      for (const label of labels) yield* s.start(label)
      const reaper = yield* s.reaper(policy, {
        engine: {
          ...s.engine,
          submit: (submission) =>
            submission.command?.command.threadId === s.thread("a")
              ? Effect.zipRight(s.dispatch("a", { type: "message.send", text: "wait" }), s.engine.submit(submission))
              : s.engine.submit(submission),
        },
      })
      yield* minute
      expect(s.found(labels, yield* reaper.sweep)).toEqual({ a: "keep moved-on", b: "reap idle" })
      expect((yield* s.log("a")).map(({ type }) => type)).not.toContain("session.reaped")
      expect(s.found(labels, yield* reaper.sweep)).toEqual({ a: "keep turn-requested" })
    }),
  )

  it.scoped("says of one that ended meanwhile that it moved on", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      yield* s.start("a")
      const reaper = yield* s.reaper(policy, {
        engine: {
          ...s.engine,
          submit: (submission) =>
            Effect.zipRight(s.say("a", "session.exited", { reason: "exit" }), s.engine.submit(submission)),
        },
      })
      yield* minute
      expect(s.found(["a"], yield* reaper.sweep)).toEqual({ a: "keep moved-on" })
    }),
  )

  it.scoped("takes many sessions page by page, each once", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      const labels = Array.from({ length: 250 }, (_, n) => `thread ${n}`)
      yield* Effect.forEach(labels, (label) => s.start(label), { concurrency: 50, discard: true })
      const reaper = yield* s.reaper(policy)
      yield* minute
      yield* s.turn("thread 7")
      const found = yield* reaper.sweep
      expect(found.map(({ threadId }) => threadId)).toEqual(labels.map((label) => s.thread(label)).sort())
      expect(new Set(found.map(({ decision, reason }) => `${decision} ${reason}`))).toEqual(
        new Set(["reap idle", "keep turn-active"]),
      )
      expect(s.woken).toHaveLength(249)
      expect(yield* reaper.sweep).toHaveLength(1)
    }),
  )
})

describe("a session whose process is not one of ours", () => {
  const lost = Effect.gen(function* () {
    const s = yield* Sessions.open
    yield* s.start("a", { connection: "x" })
    yield* s.turn("a")
    s.lose("x")
    return s
  })

  it.scoped("is settled when the process is gone, though a turn runs", () =>
    Effect.gen(function* () {
      const s = yield* lost
      const found = yield* (yield* s.reaper(policy)).sweep
      expect(s.found(["a"], found)).toEqual({ a: "repair process-gone" })
      const reconciled = (yield* s.log("a")).find(({ type }) => type === "session.reconciled")
      expect(reconciled).toMatchObject({ actor: "reaper", payload: { liveness: "gone", reason: "process-gone" } })
      const { snapshot } = yield* s.projections.threadSnapshot(s.thread("a"))
      expect(snapshot).toMatchObject({
        session: { status: "stopped" },
        turns: [{ status: "ended", outcome: "interrupted" }],
      })
      expect(yield* s.violations("a")).toEqual([])
    }),
  )

  it.scoped("is left as it is while a process of an earlier run serves it", () =>
    Effect.gen(function* () {
      const s = yield* lost
      const [row] = yield* s.projections.livingFacts(null, 1)
      const orphans = { ended: 0, left: 1, connectionIds: new Set([row?.connectionId ?? ""]) }
      const found = yield* (yield* s.reaper(policy, { orphans })).sweep
      expect(s.found(["a"], found)).toEqual({ a: "keep liveness-unknown" })
      expect((yield* s.log("a")).map(({ type }) => type)).not.toContain("session.reconciled")
    }),
  )
})

describe("a session on its way into the log", () => {
  it.scoped("is alive while its connection is open", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      yield* s.start("a")
      s.threads.sessionEnded(s.session("a"))
      expect(s.found(["a"], yield* (yield* s.reaper(policy)).sweep)).toEqual({ a: "keep in-use" })
    }),
  )
})

describe("threads that an agent opened by itself", () => {
  it.scoped("are left to their connection, and keep the session that they were opened from", () =>
    Effect.gen(function* () {
      const s = yield* Sessions.open
      const labels = ["parent", "child", "grandchild", "other"]
      const connection = "shared"
      yield* s.start("parent", { connection })
      yield* s.start("other", { connection })
      for (const [label, from] of [
        ["child", "parent"],
        ["grandchild", "child"],
      ] as const) {
        yield* s.start(label, { connection, agent: false })
        yield* s.say(label, "thread.started", { parentNativeThreadId: from })
      }
      yield* s.turn("grandchild")
      const reaper = yield* s.reaper(policy)
      yield* minute
      expect(s.found(labels, yield* reaper.sweep)).toEqual({
        parent: "keep child-active",
        child: "keep agent-opened",
        grandchild: "keep agent-opened",
        other: "reap idle",
      })
    }),
  )
})
