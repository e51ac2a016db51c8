/** What the real agent does with operations beyond the common ones; the model is a mock on this machine. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Anthropic, installedAgent, killProcess, makeHold } from "@threadfold/testkit"
import { Effect } from "effect"
import { member } from "../../../test/support/claudeLines.js"
import { realClaude } from "../../../test/support/claudeSubject.js"
import type { AnswerRequest, ProviderConnection, ProviderFailure } from "../../ProviderDriver.js"
import { markedProcesses } from "../../process/marks.js"
import type { Emitted } from "../../Translator.js"
import { contentFaults, numberingFaults } from "../../testing/TranslatorContract.js"
import { ofType, type Watched, watch } from "../../testing/Watched.js"

const claude = installedAgent("claude")
const ours = "0199aaaa-0000-7000-8000-000000000001"
const turnOne = "0199bbbb-0000-7000-8000-000000000001"
const turnTwo = "0199bbbb-0000-7000-8000-000000000002"
const turnThree = "0199bbbb-0000-7000-8000-000000000003"
/** A variable that only the agent may see. */
const secret = "a-value-that-must-stay-secret"

let connections = 0

const setUp = Effect.gen(function* () {
  const real = yield* claude.installed
    ? realClaude(claude, { env: { ANTHROPIC_API_KEY: secret } })
    : Effect.dieMessage("skipped")
  const connect = Effect.gen(function* () {
    connections += 1
    const value = `${process.pid}-${connections}`
    const marks = { THREADFOLD_REAL: value }
    const connection = yield* real.driver.connect({ connectionId: value, marks, cwd: real.home.cwd })
    const watched = yield* watch(connection)
    return { connection, watched, running: markedProcesses("THREADFOLD_REAL", value) }
  })
  return { ...real, connect }
})

const setUpThread = Effect.gen(function* () {
  const real = yield* setUp
  const opened = yield* real.connect
  const { nativeThreadId: thread } = yield* opened.connection.startThread({ threadId: ours })
  return { ...real, ...opened, thread }
})

const send = (connection: ProviderConnection, nativeThreadId: string, text: string, turnId = turnOne) =>
  connection.sendTurn({ nativeThreadId, turnId, text })

const nativeTurn = (one: Emitted): string => one.event.native?.turnId ?? "none"
const isEnd = ofType("turn.completed")
const isAsked = ({ event }: Emitted) => event.type === "request.opened" || event.type === "user-input.requested"
/** The agent has read the message, and keeps it for later. */
const isQueued = (uuid: string) => (one: Emitted) =>
  one.event.raw?.includes('"state":"queued"') === true && one.event.raw.includes(uuid)

const answerTo = (thread: string, asked: Emitted, decision: string, data?: unknown): AnswerRequest => ({
  nativeThreadId: thread,
  nativeRequestId: asked.event.native?.requestId ?? "none",
  decision,
  ...(data === undefined ? {} : { data }),
})

const isSound = (watched: Watched): void => {
  expect(numberingFaults(watched.all())).toEqual([])
  expect(contentFaults(watched.all())).toEqual([])
  expect(JSON.stringify(watched.all())).not.toContain(secret)
}

const title = claude.installed ? "the real Claude agent" : `the real Claude agent (skipped: ${claude.reason})`

describe.skipIf(!claude.installed)(title, () => {
  it.scopedLive("takes a message in the middle of a turn at its next call of the model", () =>
    Effect.gen(function* () {
      const { connection, home, model, thread, watched } = yield* setUpThread
      model.enqueue(Anthropic.command("touch made; until [ -e go ]; do sleep 0.02; done"), Anthropic.plain("Both."))
      yield* send(connection, thread, "begin")
      const started = yield* watched.until(ofType("turn.started"))
      yield* connection.answer(answerTo(thread, yield* watched.until(isAsked), "accept"))
      yield* connection.steer({ nativeThreadId: thread, nativeTurnId: nativeTurn(started), text: "and this" })
      const second = yield* send(connection, thread, "and that", turnTwo)
      yield* watched.until(isQueued(turnTwo))
      writeFileSync(join(home.cwd, "go"), "")
      const accepted = yield* watched.until(({ event }) => event.type === "turn.accepted" && event.turnId === turnTwo)
      expect(accepted.event.native).toMatchObject({ turnId: nativeTurn(started), callId: second.callId })
      yield* watched.until(isEnd)
      expect(watched.all().filter(ofType("turn.started"))).toHaveLength(1)
      expect(JSON.stringify((yield* model.request(2)).body)).toContain("and that")
      isSound(watched)
    }),
  )

  it.scopedLive("begins a turn of its own with a message that came too late for the last one", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUpThread
      const hold = makeHold()
      hold.say("I say it.")
      model.enqueue(Anthropic.hang(hold), Anthropic.plain("And this."))
      yield* send(connection, thread, "begin")
      const started = yield* watched.until(ofType("turn.started"))
      yield* watched.until(ofType("content.delta"))
      yield* send(connection, thread, "and this", turnTwo)
      yield* watched.until(isQueued(turnTwo))
      hold.end()
      const end = yield* watched.until(isEnd)
      expect(nativeTurn(end)).toBe(nativeTurn(started))
      const from = watched.all().indexOf(end)
      const accepted = yield* watched.until(ofType("turn.accepted"), from)
      expect(accepted.event).toMatchObject({ turnId: turnTwo, native: { turnId: "turn-2" } })
      expect(nativeTurn(yield* watched.until(isEnd, from + 1))).toBe("turn-2")
      isSound(watched)
    }),
  )

  it.scopedLive("gets what the user answers, and nothing that is no answer", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUpThread
      const option = (label: string) => ({ label, description: label })
      const question = { question: "Which?", header: "Pick", multiSelect: false, options: [option("A"), option("B")] }
      model.enqueue(Anthropic.tool("AskUserQuestion", { questions: [question] }), Anthropic.plain("B."))
      yield* send(connection, thread, "begin")
      const asked = yield* watched.until(isAsked)
      expect(asked.event).toMatchObject({
        type: "user-input.requested",
        payload: { kind: "user_input", title: "Which?" },
      })
      for (const wrong of [answerTo(thread, asked, "perhaps"), answerTo(thread, asked, "answer", { nothing: 1 })]) {
        expect(yield* Effect.flip(connection.answer(wrong))).toMatchObject({ _tag: "Refused", operation: "answer" })
      }
      yield* connection.answer(answerTo(thread, asked, "answer", { answers: { "Which?": "B" } }))
      yield* watched.until(isEnd)
      expect((yield* model.request(2)).toolOutputs[0]?.output).toContain('"Which?"="B"')
      isSound(watched)
    }),
  )

  it.scopedLive("goes on from before turns that were taken back, with its files as they were", () =>
    Effect.gen(function* () {
      const { connect, connection, home, model, thread, watched } = yield* setUpThread
      const file = join(home.cwd, "kept.txt")
      writeFileSync(file, "before\n")
      model.enqueue(
        Anthropic.plain("said-1"),
        Anthropic.tool("Read", { file_path: file }),
        Anthropic.write(file, "after\n"),
      )
      model.enqueue(Anthropic.plain("said-2"), Anthropic.plain("said-3"), Anthropic.plain("said-4"))
      yield* send(connection, thread, "asked-1")
      const first = yield* watched.until(isEnd)
      yield* send(connection, thread, "asked-2", turnTwo)
      const asked = yield* watched.until(isAsked)
      yield* connection.answer(answerTo(thread, asked, "accept"))
      yield* watched.until(isEnd, watched.all().indexOf(first) + 1)
      expect(readFileSync(file, "utf8")).toBe("after\n")
      const { rewind } = connection
      if (rewind === undefined) return yield* Effect.dieMessage("it has no rewind")
      const order = { nativeThreadId: thread, turnId: turnTwo, nativeTurnId: "turn-2", turns: 1, files: true }
      expect(yield* Effect.flip(rewind({ ...order, turnId: turnThree }))).toMatchObject({ _tag: "Refused" })
      const { files, reopen } = yield* rewind(order)
      expect([files?.paths.length, files?.skipped, reopen]).toEqual([1, 0, true])
      expect(readFileSync(file, "utf8")).toBe("before\n")
      yield* connection.stop
      const again = yield* connect
      const resume = { threadId: ours, nativeThreadId: thread, rewind: { turnId: turnTwo, isRecorded: false } }
      yield* again.connection.resumeThread(resume)
      expect((yield* again.watched.until(ofType("thread.rewound"))).event.payload).toEqual({ firstTurnId: turnTwo })
      // A start before the next turn has to hold to it, too.
      yield* again.connection.stop
      const third = yield* connect
      yield* third.connection.resumeThread({ ...resume, rewind: { turnId: turnTwo, isRecorded: true } })
      yield* send(third.connection, thread, "asked-3", turnThree)
      yield* third.watched.until(isEnd)
      expect(third.watched.all().filter(ofType("thread.rewound"))).toEqual([])
      const tellsOf = (body: unknown) =>
        [1, 2, 3, 4].flatMap((n) => [`asked-${n}`, `said-${n}`]).filter((words) => JSON.stringify(body).includes(words))
      expect(tellsOf(model.requests().at(-1)?.body)).toEqual(["asked-1", "said-1", "asked-3"])
      // Once a turn has run the stored conversation itself goes on from there.
      yield* third.connection.stop
      const fourth = yield* connect
      yield* fourth.connection.resumeThread({ threadId: ours, nativeThreadId: thread })
      yield* send(fourth.connection, thread, "asked-4", "0199bbbb-0000-7000-8000-000000000004")
      yield* fourth.watched.until(isEnd)
      expect(tellsOf(model.requests().at(-1)?.body)).toEqual(["asked-1", "said-1", "asked-3", "said-3", "asked-4"])
      for (const each of [watched, again.watched, third.watched, fourth.watched]) isSound(each)
    }),
  )

  it.scopedLive("goes on in a fork of a thread, at a turn of it and at its end, as the thread does", () =>
    Effect.gen(function* () {
      const { connect, connection, model, thread, watched } = yield* setUpThread
      for (const n of [1, 2, 3, 4]) model.enqueue(Anthropic.plain(`said-${n}`))
      yield* send(connection, thread, "asked-1")
      const first = yield* watched.until(isEnd)
      yield* send(connection, thread, "asked-2", turnTwo)
      yield* watched.until(isEnd, watched.all().indexOf(first) + 1)
      const tells = () => {
        const asks = JSON.stringify(model.requests().at(-1)?.body)
        return [1, 2, 3, 4].flatMap((n) => [`asked-${n}`, `said-${n}`]).filter((words) => asks.includes(words))
      }
      const goesOn = (nextTurnId: string | null, text: string) =>
        Effect.gen(function* () {
          const opened = yield* connect
          const { fork } = opened.connection
          if (fork === undefined) return yield* Effect.dieMessage("it cannot")
          const order = { threadId: "0199aaaa-0000-7000-8000-000000000002", nativeThreadId: thread }
          const forked = yield* fork({ ...order, lastNativeTurnId: "turn-1", nextTurnId })
          expect(forked.nativeThreadId).not.toBe(thread)
          yield* send(opened.connection, forked.nativeThreadId, text, turnThree)
          yield* opened.watched.until(isEnd)
          isSound(opened.watched)
        })
      yield* goesOn(turnTwo, "asked-3")
      expect(tells()).toEqual(["asked-1", "said-1", "asked-3"])
      yield* goesOn(null, "asked-4")
      expect(tells()).toEqual(["asked-1", "said-1", "asked-2", "said-2", "asked-4"])
    }),
  )

  it.scopedLive("begins a new conversation where every turn is taken back", () =>
    Effect.gen(function* () {
      const { connect, connection, model, thread, watched } = yield* setUpThread
      model.enqueue(Anthropic.plain("said-1"), Anthropic.plain("said-2"))
      yield* send(connection, thread, "asked-1")
      yield* watched.until(isEnd)
      yield* connection.stop
      const again = yield* connect
      const rewind = { turnId: turnOne, isRecorded: false }
      const opened = yield* again.connection.resumeThread({ threadId: ours, nativeThreadId: thread, rewind })
      expect(opened.nativeThreadId).not.toBe(thread)
      yield* send(again.connection, opened.nativeThreadId, "asked-2", turnTwo)
      yield* again.watched.until(isEnd)
      expect(JSON.stringify(model.requests().at(-1)?.body)).not.toContain("asked-1")
      expect(again.watched.all().filter(ofType("thread.rewound"))).toHaveLength(1)
      isSound(again.watched)
    }),
  )

  it.scopedLive("asks once for what it may do in this session", () =>
    Effect.gen(function* () {
      const { connection, home, model, thread, watched } = yield* setUpThread
      const write = (name: string) => Anthropic.write(join(home.cwd, name), "made\n")
      model.enqueue(write("one"), write("two"), Anthropic.plain("Done."))
      yield* send(connection, thread, "begin")
      const asked = yield* watched.until(isAsked)
      expect(asked.event.payload).toMatchObject({ kind: "file_change_approval", title: join(home.cwd, "one") })
      yield* connection.answer(answerTo(thread, asked, "acceptForSession"))
      yield* watched.until(isEnd)
      expect(watched.all().filter(isAsked)).toHaveLength(1)
      const files = watched
        .all()
        .filter(ofType("item.completed"))
        .map(({ event }) => member(event.payload, "title"))
      expect(files.filter((title) => title !== undefined)).toEqual([join(home.cwd, "one"), join(home.cwd, "two")])
      isSound(watched)
    }),
  )

  it.scopedLive("changes its model and its mode with a turn, and nothing else", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUpThread
      // It asks the model itself whether there is such a model.
      model.enqueue(Anthropic.plain("There is."), Anthropic.plain("Hello."))
      const input = { nativeThreadId: thread, turnId: turnOne, text: "begin" }
      const refused = yield* Effect.flip(connection.sendTurn({ ...input, settings: { maxTurns: 3 } }))
      expect(refused).toMatchObject({ _tag: "Refused", message: expect.stringContaining("maxTurns") })
      yield* connection.sendTurn({ ...input, settings: { model: "claude-sonnet-5", permissionMode: "plan" } })
      yield* watched.until(isEnd)
      const reported = watched
        .all()
        .filter(ofType("session.configured"))
        .map(({ event }) => event.payload)
      expect(reported).toContainEqual(expect.objectContaining({ model: "claude-sonnet-5" }))
      expect(reported).toContainEqual({ approvalPolicy: "plan" })
      isSound(watched)
    }),
  )

  it.scopedLive("takes a thread up again that was killed in the middle of a turn", () =>
    Effect.gen(function* () {
      const { connect, connection, model, running, thread, watched } = yield* setUpThread
      const hold = makeHold()
      hold.say("I begin")
      model.enqueue(Anthropic.plain("I will."), Anthropic.hang(hold), Anthropic.plain("I go on."))
      // The agent stores a thread a moment after its first words: one that is killed before that is not known any more.
      yield* send(connection, thread, "remember this")
      yield* watched.until(isEnd)
      const from = watched.all().length
      yield* send(connection, thread, "begin", turnTwo)
      yield* watched.until(ofType("content.delta"), from)
      for (const { pid } of yield* running) killProcess(pid)
      yield* watched.ended
      const again = yield* connect
      const { nativeThreadId } = yield* again.connection.resumeThread({ threadId: ours, nativeThreadId: thread })
      expect(nativeThreadId).toBe(thread)
      yield* send(again.connection, thread, "go on", turnThree)
      expect((yield* again.watched.until(isEnd)).event.payload).toMatchObject({ outcome: "completed" })
      expect(JSON.stringify((yield* model.request(3)).body)).toContain("remember this")
      isSound(watched)
      isSound(again.watched)
    }),
  )

  it.scopedLive("tells nothing of what its settings hold", () =>
    Effect.gen(function* () {
      const { connect } = yield* setUp
      const { connection, watched } = yield* connect
      const env = { SOME_TOKEN: secret }
      const settings = { settings: { env }, mcpServers: { tools: { command: "false", env } }, systemPrompt: secret }
      yield* connection.startThread({ threadId: ours, settings })
      yield* connection.stop
      const opened = (yield* watched.ended).find(ofType("connection.opened"))
      const command = member(opened?.event.payload, "command")
      expect(Array.isArray(command) ? command.slice(-2) : command).toEqual(["--settings", "[removed]"])
      isSound(watched)
    }),
  )

  it.scopedLive("refuses to take up what it does not know", () =>
    Effect.gen(function* () {
      const { connect } = yield* setUp
      const { connection, running, watched } = yield* connect
      const unknown = "0199cccc-0000-7000-8000-000000000001"
      const refused = yield* Effect.flip(connection.resumeThread({ threadId: ours, nativeThreadId: unknown }))
      expect(refused).toMatchObject({
        _tag: "Refused",
        operation: "resume-thread",
        message: `No conversation found with session ID: ${unknown}`,
      })
      expect(
        (yield* watched.ended).map(({ event }) => event.type).filter((type) => type !== "provider.unmapped"),
      ).toEqual(["connection.opened", "connection.closed"])
      expect(yield* running).toEqual([])
      expect((yield* Effect.flip(connection.startThread({ threadId: ours })))._tag).toBe("ConnectionLost")
    }),
  )

  it.scopedLive("serves one thread, and refuses what nothing runs for", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUpThread
      const input = { nativeThreadId: thread, nativeTurnId: "turn-1" }
      const operations: readonly Effect.Effect<unknown, ProviderFailure>[] = [
        connection.startThread({ threadId: ours }),
        connection.resumeThread({ threadId: ours, nativeThreadId: thread }),
        connection.interrupt(input),
        connection.steer({ ...input, text: "x" }),
        connection.sendTurn({ nativeThreadId: "another", turnId: turnOne, text: "x" }),
        connection.answer({ nativeThreadId: thread, nativeRequestId: '"none"', decision: "accept" }),
      ]
      const tags = yield* Effect.forEach(operations, (one) => Effect.map(Effect.flip(one), ({ _tag }) => _tag))
      expect(tags).toEqual(operations.map(() => "Refused"))
      model.enqueue(Anthropic.plain("Hello."))
      yield* send(connection, thread, "begin")
      yield* watched.until(isEnd)
      expect((yield* Effect.flip(connection.interrupt(input)))._tag).toBe("Refused")
      isSound(watched)
    }),
  )

  it.scopedLive("says why a turn failed, and goes on with the next", () =>
    Effect.gen(function* () {
      const { connection, model, thread, watched } = yield* setUpThread
      // Without a step the model refuses whatever it is asked.
      yield* send(connection, thread, "begin")
      const end = yield* watched.until(isEnd)
      expect(end.event.payload).toMatchObject({
        outcome: "failed",
        error: { httpStatus: 400, code: "invalid_request_error" },
      })
      const from = watched.all().length
      model.enqueue(Anthropic.plain("Hello."))
      yield* send(connection, thread, "again", turnTwo)
      expect((yield* watched.until(isEnd, from)).event.payload).toMatchObject({ outcome: "completed" })
      isSound(watched)
    }),
  )
})
