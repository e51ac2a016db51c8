/** What the real Codex does with operations beyond the common ones; the model is a mock on this machine. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { installedAgent, killProcess, makeHold, OpenAi, refusedPort } from "@threadfold/testkit"
import { Effect } from "effect"
import { asking, realCodex } from "../../../test/support/codexSubject.js"
import type { ProviderConnection } from "../../ProviderDriver.js"
import { markedProcesses } from "../../process/marks.js"
import type { Emitted } from "../../Translator.js"
import { contentFaults, numberingFaults } from "../../testing/TranslatorContract.js"
import { ofType, type Watched, watch } from "../../testing/Watched.js"

const codex = installedAgent("codex")
const ours = "0199aaaa-0000-7000-8000-000000000001"
const turnOne = "0199bbbb-0000-7000-8000-000000000001"
const turnTwo = "0199bbbb-0000-7000-8000-000000000002"

let connections = 0

/** A secret of its environment. */
const secret = "key-0123456789-abcdef"

const setUp = Effect.gen(function* () {
  const real = yield* codex.installed ? realCodex(codex, { SOME_API_KEY: secret }) : Effect.dieMessage("skipped")
  const connect = Effect.gen(function* () {
    connections += 1
    const value = `${process.pid}-${connections}`
    const connection = yield* real.driver.connect({ connectionId: value, marks: { THREADFOLD_REAL: value } })
    const watched = yield* watch(connection)
    return { connection, watched, running: markedProcesses("THREADFOLD_REAL", value) }
  })
  const opened = yield* connect
  const thread = yield* Effect.map(
    opened.connection.startThread({ threadId: ours, cwd: real.home.cwd, settings: asking }),
    ({ nativeThreadId }) => nativeThreadId,
  )
  return { ...real, ...opened, connect, thread }
})

const send = (connection: ProviderConnection, nativeThreadId: string, text: string, turnId = turnOne) =>
  Effect.tap(connection.sendTurn({ nativeThreadId, turnId, text }), ({ answered }) => answered)

const nativeTurn = (one: Emitted): string => one.event.native?.turnId ?? "none"

const isEnd = ofType("turn.completed")

const answer = (connection: ProviderConnection, nativeThreadId: string, asked: Emitted, decision: string) =>
  connection.answer({ nativeThreadId, nativeRequestId: asked.event.native?.requestId ?? "none", decision })

const isSound = (watched: Watched): void => {
  expect(numberingFaults(watched.all())).toEqual([])
  expect(contentFaults(watched.all())).toEqual([])
}

const title = codex.installed ? "the real Codex" : `the real Codex (skipped: ${codex.reason})`

describe.skipIf(!codex.installed)(title, () => {
  it.scopedLive("is steered, and takes a second turn in the middle of the first as part of it", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUp
      const hold = makeHold()
      hold.say("I begin ")
      model.enqueue(OpenAi.hang(hold), OpenAi.plain("With it."), OpenAi.plain("With both."))
      yield* send(connection, thread, "go")
      const started = yield* watched.until(ofType("turn.started"))
      yield* watched.until(ofType("content.delta"))
      const steered = yield* connection.steer({
        nativeThreadId: thread,
        nativeTurnId: nativeTurn(started),
        messageId: "message-1",
        text: "and this",
      })
      yield* steered.answered
      const second = yield* send(connection, thread, "and that", turnTwo)
      const accepted = yield* watched.until(({ event }) => event.type === "turn.accepted" && event.turnId === turnTwo)
      expect(accepted.event.native).toMatchObject({ turnId: nativeTurn(started), callId: second.callId })
      hold.end()
      const end = yield* watched.until(isEnd)
      expect(nativeTurn(end)).toBe(nativeTurn(started))
      // Codex repeats our id of the message that steered the turn.
      expect(watched.all().filter(({ event }) => event.native?.clientId === "message-1")).not.toEqual([])
      expect(watched.all().filter(ofType("turn.started"))).toHaveLength(1)
      // Codex may take both messages into one request, or each into its own.
      expect(JSON.stringify(model.requests().at(-1)?.body)).toContain("and that")
      isSound(watched)
    }),
  )

  it.scopedLive("takes its newest turns back, and goes on from before them", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUp
      model.enqueue(OpenAi.plain("First."), OpenAi.plain("Second."), OpenAi.plain("Third."))
      yield* send(connection, thread, "words that stay")
      const first = yield* watched.until(isEnd)
      yield* send(connection, thread, "words that go", turnTwo)
      const second = yield* watched.until(isEnd, watched.all().indexOf(first) + 1)
      const asked = {
        nativeThreadId: thread,
        turnId: turnTwo,
        nativeTurnId: nativeTurn(second),
        turns: 1,
        files: false,
      }
      const { rewind } = connection
      if (rewind === undefined) return yield* Effect.dieMessage("it has no rewind")
      expect(yield* Effect.flip(rewind({ ...asked, files: true }))).toMatchObject({ _tag: "Refused" })
      expect(yield* Effect.flip(rewind({ ...asked, nativeTurnId: "nobody" }))).toMatchObject({ _tag: "Refused" })
      expect(yield* rewind(asked)).toEqual({ files: null, reopen: false })
      const rewound = yield* watched.until(ofType("thread.rewound"))
      expect(nativeTurn(rewound)).toBe(nativeTurn(second))
      yield* send(connection, thread, "three", "0199bbbb-0000-7000-8000-000000000003")
      yield* watched.until(isEnd, watched.all().indexOf(rewound))
      const asks = JSON.stringify(model.requests().at(-1)?.body)
      const said = ["words that stay", "First.", "words that go", "Second.", "three"]
      expect(said.filter((words) => asks.includes(words))).toEqual(["words that stay", "First.", "three"])
      expect(watched.all().filter(ofType("thread.rewound"))).toHaveLength(1)
      isSound(watched)
    }),
  )

  it.scopedLive("goes on in a fork of a thread, at a turn of it, as the thread does", () =>
    Effect.gen(function* () {
      const { connection, home, model, thread, watched } = yield* setUp
      for (const n of [1, 2, 3]) model.enqueue(OpenAi.plain(`said-${n}`))
      yield* send(connection, thread, "asked-1")
      const first = yield* watched.until(isEnd)
      yield* send(connection, thread, "asked-2", turnTwo)
      yield* watched.until(isEnd, watched.all().indexOf(first) + 1)
      const { fork } = connection
      if (fork === undefined) return yield* Effect.dieMessage("it cannot")
      const threadId = "0199aaaa-0000-7000-8000-000000000002"
      const order = { threadId, nativeThreadId: thread, cwd: home.cwd, nextTurnId: turnTwo }
      expect(yield* Effect.flip(fork({ ...order, lastNativeTurnId: "nobody" }))).toMatchObject({ _tag: "Refused" })
      const forked = yield* fork({ ...order, lastNativeTurnId: nativeTurn(first) })
      expect(forked.nativeThreadId).not.toBe(thread)
      expect(connection.reference(forked.nativeThreadId)).toBe(threadId)
      const from = watched.all().length
      yield* send(connection, forked.nativeThreadId, "asked-3", "0199bbbb-0000-7000-8000-000000000003")
      yield* watched.until(isEnd, from)
      const asks = JSON.stringify(model.requests().at(-1)?.body)
      const told = [1, 2, 3].flatMap((n) => [`asked-${n}`, `said-${n}`]).filter((words) => asks.includes(words))
      expect(told).toEqual(["asked-1", "said-1", "asked-3"])
      isSound(watched)
    }),
  )

  it.scopedLive("compacts and reviews in turns that we asked for", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUp
      model.enqueue(OpenAi.plain("First."), OpenAi.plain("A summary."), OpenAi.plain("Looks fine."))
      yield* send(connection, thread, "one")
      const first = yield* watched.until(isEnd)
      const { compact, review } = connection
      if (compact === undefined || review === undefined) return yield* Effect.dieMessage("it cannot")
      yield* Effect.flatMap(compact({ nativeThreadId: thread, turnId: turnTwo }), ({ answered }) => answered)
      const from = watched.all().indexOf(first) + 1
      const accepted = yield* watched.until(ofType("turn.accepted"), from)
      expect(accepted.event.turnId).toBe(turnTwo)
      const compacted = yield* watched.until(isEnd, from)
      expect(nativeTurn(compacted)).toBe(nativeTurn(accepted))
      const items = watched.all().filter(ofType("item.completed"))
      expect(items.some(({ event }) => JSON.stringify(event.payload).includes('"kind":"compaction"'))).toBe(true)
      const turnId = "0199bbbb-0000-7000-8000-000000000003"
      const order = { nativeThreadId: thread, turnId, target: { type: "text" as const, text: "Is it fine?" } }
      yield* Effect.flatMap(review(order), ({ answered }) => answered)
      const at = watched.all().indexOf(compacted) + 1
      expect((yield* watched.until(ofType("turn.accepted"), at)).event.turnId).toBe(turnId)
      yield* watched.until(isEnd, at)
      isSound(watched)
    }),
  )

  it.scopedLive("is not recorded with a secret of its environment, which the model tells piece by piece", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUp
      const hold = makeHold()
      model.enqueue(OpenAi.hang(hold))
      for (const piece of ["The key is ", "key-0123", "456789", "-abcdef, and ", `again: ${secret}`]) hold.say(piece)
      yield* send(connection, thread, `What is ${secret}?`)
      yield* hold.reached
      hold.end()
      yield* watched.until(isEnd)
      const recorded = JSON.stringify(watched.all())
      expect(recorded).not.toContain(secret)
      expect(recorded).not.toContain("456789")
      expect(recorded).toContain("The key is [removed], and again: [removed]")
      expect(recorded).toContain("What is [removed]?")
      expect(JSON.stringify(model.requests().at(-1)?.body)).toContain(`What is ${secret}?`)
      isSound(watched)
    }),
  )

  it.scopedLive("asks for a patch, and once for what is allowed for the session", () =>
    Effect.gen(function* () {
      const { connection, home, model, thread, watched } = yield* setUp
      const file = join(home.folder, "outside.txt")
      const patch = `*** Begin Patch\n*** Add File: ${file}\n+made\n*** End Patch`
      model.enqueue(OpenAi.patch(patch), OpenAi.plain("Patched."))
      yield* send(connection, thread, "patch")
      const asked = yield* watched.until(ofType("request.opened"))
      expect(asked.event.payload).toMatchObject({ kind: "file_change_approval" })
      expect(existsSync(file)).toBe(false)
      yield* answer(connection, thread, asked, "accept")
      yield* watched.until(isEnd)
      expect(readFileSync(file, "utf8")).toBe("made\n")

      const touch = OpenAi.command(`touch ${join(home.cwd, "made")}`)
      model.enqueue(touch, touch, OpenAi.plain("Twice."))
      const before = watched.all().length
      yield* send(connection, thread, "touch", turnTwo)
      const once = yield* watched.until(ofType("request.opened"), before)
      yield* answer(connection, thread, once, "acceptForSession")
      yield* watched.until(isEnd, before)
      expect(watched.all().slice(before).filter(ofType("request.opened"))).toHaveLength(1)
      isSound(watched)
    }),
  )

  it.scopedLive("tries again after a stream that broke off, and fails with the model's error where that is final", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUp
      model.enqueue(OpenAi.eof("half a"), OpenAi.plain("The whole."), OpenAi.failed("context_length_exceeded"))
      yield* send(connection, thread, "go")
      expect((yield* watched.until(isEnd)).event.payload).toMatchObject({ outcome: "completed" })
      expect(
        watched
          .all()
          .filter(ofType("runtime.error"))
          .map(({ event }) => event.payload),
      ).toMatchObject([{ willRetry: true }])
      const before = watched.all().length
      yield* send(connection, thread, "again", turnTwo)
      expect((yield* watched.until(isEnd, before)).event.payload).toMatchObject({
        outcome: "failed",
        error: { code: "contextWindowExceeded" },
      })
      isSound(watched)
    }),
  )

  it.scopedLive("never gives up on a model that is not there, until it is interrupted", () =>
    Effect.gen(function* () {
      const { connection, thread, watched } = yield* setUp
      const port = yield* refusedPort
      const provider = { "model_providers.mock.base_url": `http://127.0.0.1:${port}/v1` }
      const { nativeThreadId } = yield* connection.startThread({ threadId: "away", settings: { config: provider } })
      yield* send(connection, nativeThreadId, "go")
      yield* watched.until(ofType("runtime.error", nativeThreadId))
      const started = yield* watched.until(ofType("turn.started", nativeThreadId))
      const input = { nativeThreadId, nativeTurnId: nativeTurn(started) }
      yield* Effect.flatMap(connection.interrupt(input), ({ answered }) => answered)
      const end = yield* watched.until(ofType("turn.completed", nativeThreadId))
      expect(end.event.payload).toMatchObject({ outcome: "interrupted" })
      const late = yield* connection.interrupt(input)
      expect(yield* Effect.flip(late.answered)).toMatchObject({ _tag: "Refused", operation: "interrupt" })
      expect(watched.references.get(thread)).toBe(ours)
      isSound(watched)
    }),
  )

  it.scopedLive("loses nothing of a thread when it is killed: another process takes it up", () =>
    Effect.gen(function* () {
      const { connect, connection, model, thread, watched } = yield* setUp
      const hold = makeHold()
      hold.say("I begin ")
      model.enqueue(OpenAi.plain("Done."), OpenAi.hang(hold))
      yield* send(connection, thread, "one")
      yield* watched.until(isEnd)
      const before = watched.all().length
      yield* send(connection, thread, "two", turnTwo)
      yield* watched.until(ofType("content.delta"), before)

      const other = yield* connect
      const resume = other.connection.resumeThread({ threadId: ours, nativeThreadId: thread })
      const refused = yield* Effect.flip(resume)
      expect(refused).toMatchObject({ _tag: "Refused", operation: "resume-thread" })
      expect("message" in refused ? refused.message : "").toContain("active writer")

      const opened = watched.all().find(ofType("connection.opened"))?.event.payload
      const pid = typeof opened === "object" && opened !== null && "pid" in opened ? Number(opened.pid) : 0
      killProcess(pid)
      yield* watched.ended
      yield* resume
      model.enqueue(OpenAi.plain("Still here."))
      yield* send(other.connection, thread, "three")
      expect((yield* other.watched.until(isEnd)).event.payload).toMatchObject({ outcome: "completed" })
      const reported = JSON.stringify(
        other.watched
          .all()
          .filter(({ event }) => event.type.startsWith("item."))
          .map(({ event }) => event.payload),
      )
      expect(reported).toContain("Still here.")
      expect(reported).not.toContain("Done.")
      isSound(other.watched)
    }),
  )

  it.scopedLive("closes a thread with what runs in it, and opens it again as its next session", () =>
    Effect.gen(function* () {
      const { connection, model, running, thread, watched } = yield* setUp
      model.enqueue(
        OpenAi.command("sleep 1000", { yield_time_ms: 250 }),
        OpenAi.plain("It runs."),
        OpenAi.plain("Again."),
      )
      yield* send(connection, thread, "go")
      yield* answer(connection, thread, yield* watched.until(ofType("request.opened")), "accept")
      yield* watched.until(isEnd)
      const withCommand = yield* running
      yield* connection.closeThread(thread)
      expect((yield* running).length).toBeLessThan(withCommand.length)
      const exited = yield* watched.until(ofType("session.exited"))
      expect(exited.event.payload).toMatchObject({ reason: "detached" })
      yield* connection.resumeThread({ threadId: ours, nativeThreadId: thread })
      const before = watched.all().length
      yield* send(connection, thread, "again", turnTwo)
      const end = yield* watched.until(isEnd, before)
      expect(end.scope).toEqual({ kind: "session", nativeThreadId: thread, session: 2 })
      isSound(watched)
    }),
  )

  it.scopedLive("says what it cannot do: resume what it never stored, or work in a thread that is not open", () =>
    Effect.gen(function* () {
      const { connect, connection, thread } = yield* setUp
      yield* connection.stop
      const other = yield* connect
      const refused = yield* Effect.flip(other.connection.resumeThread({ threadId: ours, nativeThreadId: thread }))
      expect(refused).toMatchObject({ _tag: "Refused", operation: "resume-thread" })
      const delivered = yield* other.connection.sendTurn({ nativeThreadId: thread, turnId: turnOne, text: "x" })
      expect(yield* Effect.flip(delivered.answered)).toMatchObject({ _tag: "Refused", operation: "send-turn" })
      expect(other.watched.all().filter(({ scope }) => scope.kind === "session")).toEqual([])
    }),
  )
})
