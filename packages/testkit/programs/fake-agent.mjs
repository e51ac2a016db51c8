/**
 * A small program that speaks the Codex app-server protocol on its standard streams, and that behaves as badly as its
 * script says: it hangs, dies, answers late or never, leaves children behind, ignores signals. For tests of what is
 * around an agent; what a real agent says, tests learn from the real one. The script's fields are described in
 * `src/agents/FakeAgent.ts`. Plain JavaScript with few imports: it must be up in the time that Node itself needs.
 *
 *   node fake-agent.mjs --script='{"turns":[[{"say":"hello"}]]}' app-server
 *   THREADFOLD_FAKE_AGENT='{"ignoreSigterm":true}' node fake-agent.mjs app-server
 */
import { appendFileSync, closeSync, writeSync } from "node:fs"

const prefix = "--script="
const given = process.argv.find((one) => one.startsWith(prefix))?.slice(prefix.length)
const script = JSON.parse(given ?? process.env.THREADFOLD_FAKE_AGENT ?? "{}")

/** Nobody may be left who outlives a test run that went wrong, whatever he ignores; ms. */
const lifetime = script.lifetimeMs ?? 120_000

// ---- Streams -------------------------------------------------------------------------------------------------------

const note = (fields) => {
  if (script.log !== undefined) appendFileSync(script.log, `${JSON.stringify({ pid: process.pid, ...fields })}\n`)
}

let mute = false

/** Synchronous: a slow reader stops this program, and nothing is lost when it exits right afterwards. */
const writeAll = (descriptor, text) => {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      if (error.code === "EAGAIN") continue
      // The reader has gone: a program that writes goes on for nobody.
      if (error.code === "EPIPE") return
      throw error
    }
  }
}

const line = (text) => {
  if (!mute) writeAll(1, `${text}\n`)
}
const send = (message) => line(JSON.stringify(message))
const notify = (method, params) => send({ method, params, emittedAtMs: Date.now() })
const respond = (id, result) => send({ id, result })
const refuse = (id, message, code = -32600) => send({ error: { code, message }, id })

const exit = (code) => {
  note({ event: "exit", code })
  process.exit(code)
}

// ---- Ids -----------------------------------------------------------------------------------------------------------

let minted = 0

/** UUIDv7 of now; process and counter keep those of one millisecond apart. */
const uuid = () => {
  minted += 1
  const time = Date.now().toString(16).padStart(12, "0")
  const counter = (minted & 0xfff).toString(16).padStart(3, "0")
  const rest = (BigInt(process.pid) * 0x1000000n + (process.hrtime.bigint() & 0xffffffn)).toString(16).padStart(15, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-8${rest.slice(-15, -12)}-${rest.slice(-12)}`
}

// ---- Threads -------------------------------------------------------------------------------------------------------

/** Thread id → { cwd, turn: the running turn or null, subscribed, counted: turns whose tokens were told }. */
const threads = new Map()
let turnsStarted = 0
let questions = 0
/** Question id → what goes on with its answer. */
const asked = new Map()

const threadObject = (id, cwd) => ({
  id,
  sessionId: id,
  forkedFromId: null,
  parentThreadId: null,
  preview: "",
  ephemeral: false,
  modelProvider: "fake",
  model: "fake-model",
  createdAt: Math.floor(Date.now() / 1000),
  updatedAt: Math.floor(Date.now() / 1000),
  status: { type: "idle" },
  cwd,
  cliVersion: "0.0.0",
  source: "vscode",
  name: null,
  turns: [],
})

const openThread = (id, { cwd = process.cwd(), model = "fake-model" }) => {
  threads.set(id, { id, cwd, turn: null, subscribed: true, counted: 0 })
  return {
    thread: threadObject(id, cwd),
    model,
    modelProvider: "fake",
    cwd,
    approvalPolicy: "never",
    sandbox: { type: "dangerFullAccess" },
  }
}

const turnObject = (turn, fields = {}) => ({
  id: turn.id,
  rootTurnId: turn.id,
  items: [],
  itemsView: "notLoaded",
  status: "inProgress",
  error: null,
  startedAt: null,
  completedAt: null,
  durationMs: null,
  ...fields,
})

const tell = (thread, method, fields) => {
  if (thread.subscribed) notify(method, { threadId: thread.id, ...fields })
}

const item = (thread, turn, which, object) => {
  const time = which === "started" ? "startedAtMs" : "completedAtMs"
  tell(thread, `item/${which}`, { item: object, turnId: turn.id, [time]: Date.now() })
}

const wholeItem = (thread, turn, object) => {
  item(thread, turn, "started", object)
  item(thread, turn, "completed", object)
}

const userMessage = (thread, turn, input) =>
  wholeItem(thread, turn, { type: "userMessage", id: uuid(), clientId: null, content: input ?? [] })

/** What so many turns use. */
const tokens = (turns) => ({
  totalTokens: 150 * turns,
  inputTokens: 120 * turns,
  cachedInputTokens: 20 * turns,
  outputTokens: 30 * turns,
  reasoningOutputTokens: 5 * turns,
})

const endTurn = (thread, turn, status, error = null) => {
  if (thread.turn !== turn) return
  thread.turn = null
  if (status !== "interrupted") {
    thread.counted += 1
    tell(thread, "thread/tokenUsage/updated", {
      turnId: turn.id,
      tokenUsage: { total: tokens(thread.counted), last: tokens(1), modelContextWindow: 258400 },
    })
  }
  tell(thread, "thread/status/changed", { status: { type: "idle" } })
  const now = Math.floor(Date.now() / 1000)
  tell(thread, "turn/completed", { turn: turnObject(turn, { status, error, completedAt: now, durationMs: 1 }) })
  // As the real program: what nobody answered is withdrawn after the turn's end.
  for (const [id, question] of asked) if (question.turn === turn) resolveQuestion(id)
}

// ---- Steps of a turn -----------------------------------------------------------------------------------------------

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Never settles: whoever waits for it is stopped from outside, by an interrupt or the end of the process. */
const forEver = new Promise(() => {})

/** The text in about `count` pieces, none of them empty. */
const pieces = (text, count) => {
  const characters = Array.from(text)
  const size = Math.max(1, Math.ceil(characters.length / count))
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  )
}

const say = (thread, turn, { deltas = 3, say: text }) => {
  turn.items += 1
  const object = { type: "agentMessage", id: `msg_${turn.number}_${turn.items}`, text: "", phase: null }
  item(thread, turn, "started", object)
  for (const delta of pieces(text, deltas)) {
    tell(thread, "item/agentMessage/delta", { turnId: turn.id, itemId: object.id, delta })
  }
  item(thread, turn, "completed", { ...object, text })
}

const resolveQuestion = (id) => {
  const question = asked.get(id)
  if (question === undefined) return
  asked.delete(id)
  tell(question.thread, "serverRequest/resolved", { requestId: id })
}

/** Asks and waits; resolves to the answer's `result`. */
const ask = (thread, turn, method, params) =>
  new Promise((resolve) => {
    // The first question of a process has the id 0, as with the real program.
    const id = questions++
    asked.set(id, { thread, turn, resolve })
    send({ method, id, params: { threadId: thread.id, turnId: turn.id, startedAtMs: Date.now(), ...params } })
  })

const approvals = {
  command: (thread) => ({
    item: { type: "commandExecution", command: "echo fake", cwd: thread.cwd, source: "agent", aggregatedOutput: null },
    method: "item/commandExecution/requestApproval",
    params: { kind: "command", command: "echo fake", cwd: thread.cwd, availableDecisions: ["accept", "cancel"] },
    done: { aggregatedOutput: "fake\n", exitCode: 0 },
  }),
  patch: (thread) => ({
    item: { type: "fileChange", changes: [{ path: `${thread.cwd}/fake.txt`, kind: { type: "add" }, diff: "fake\n" }] },
    method: "item/fileChange/requestApproval",
    params: { reason: null, grantRoot: null },
    done: {},
  }),
}

const askApproval = async (thread, turn, kind) => {
  turn.items += 1
  const { done, item: fields, method, params } = approvals[kind](thread)
  const object = { ...fields, id: `call_${turn.number}_${turn.items}`, status: "inProgress" }
  item(thread, turn, "started", object)
  const { decision } = await ask(thread, turn, method, { itemId: object.id, ...params })
  if (thread.turn !== turn) return
  if (decision === "decline" || decision === "cancel")
    item(thread, turn, "completed", { ...object, status: "declined" })
  else item(thread, turn, "completed", { ...object, ...done, status: "completed" })
  if (decision === "cancel") endTurn(thread, turn, "interrupted")
}

const askQuestion = async (thread, turn) => {
  const question = { id: "q", header: "Fake", question: "Which one?", options: [{ label: "one" }, { label: "two" }] }
  const { answers } = await ask(thread, turn, "item/tool/requestUserInput", {
    itemId: `call_${turn.number}_question`,
    questions: [question],
  })
  if (thread.turn === turn) say(thread, turn, { say: `answered ${JSON.stringify(answers)}` })
}

const deaf = "for (const one of ['SIGTERM','SIGINT','SIGHUP']) process.on(one, () => {});"

/** A child of this program; the step is over when it is up, and its process id is in the log. */
const spawnChild = async ({ holdStdout = false, ignoreSignals = false, ownGroup = false }) => {
  const { spawn } = await import("node:child_process")
  const code = `${ignoreSignals ? deaf : ""} process.send(0); process.disconnect(); setTimeout(() => {}, ${lifetime})`
  const child = spawn(process.execPath, ["-e", code], {
    stdio: ["ignore", holdStdout ? "inherit" : "ignore", "ignore", "ipc"],
    detached: ownGroup,
  })
  await new Promise((resolve) => child.once("message", resolve))
  child.unref()
  note({ event: "spawned", child: child.pid })
}

const stderrNoise = (count) => {
  for (let index = 0; index < count; index += 1) writeAll(2, `fake agent noise ${index} ${"x".repeat(60)}\n`)
}

/** Another turn in the place of the one that runs, whose end nobody tells. */
const moveOn = (thread, { number }) => {
  const next = { id: uuid(), number, items: 0, steered: [] }
  thread.turn = next
  tell(thread, "turn/started", { turn: turnObject(next, { startedAt: Math.floor(Date.now() / 1000) }) })
}

/** One step; `thread` and `turn` are null for those of the start. */
const runStep = async (step, thread, turn) => {
  if ("say" in step) say(thread, turn, step)
  else if ("ask" in step)
    await (step.ask === "question" ? askQuestion(thread, turn) : askApproval(thread, turn, step.ask))
  else if ("hang" in step) await forEver
  else if ("moveOn" in step) moveOn(thread, turn)
  else if ("awaitSteer" in step) await new Promise((resolve) => turn.steered.push(resolve))
  else if ("waitMs" in step) await pause(step.waitMs)
  else if ("end" in step) {
    const error = step.end === "failed" ? { message: "the fake turn failed", codexErrorInfo: "other" } : null
    endTurn(thread, turn, step.end, error)
  } else if ("exit" in step) exit(step.exit)
  else if ("signal" in step) process.kill(process.pid, step.signal)
  else if ("closeStdout" in step) {
    mute = true
    closeSync(1)
  } else if ("spawn" in step) await spawnChild(step.spawn)
  else if ("stderr" in step)
    typeof step.stderr === "number" ? stderrNoise(step.stderr) : writeAll(2, `${step.stderr}\n`)
  else if ("raw" in step) line(step.raw)
  else throw new Error(`fake agent: unknown step ${JSON.stringify(step)}`)
}

const runTurn = async (thread, turn, input) => {
  tell(thread, "thread/status/changed", { status: { type: "active", activeFlags: [] } })
  const startedAt = Math.floor(Date.now() / 1000)
  tell(thread, "turn/started", { turn: turnObject(turn, { startedAt }) })
  userMessage(thread, turn, input)
  const turns = script.turns ?? [[{ say: "hello from the fake agent" }]]
  for (const step of turns[Math.min(turn.number, turns.length) - 1] ?? []) {
    // An interrupt may have ended the turn while a step waited.
    if (thread.turn !== turn) return
    await runStep(step, thread, turn)
  }
  endTurn(thread, turn, "completed")
}

// ---- Calls ---------------------------------------------------------------------------------------------------------

const runningTurn = (params, given) => {
  const thread = threads.get(params.threadId)
  if (thread === undefined) throw new Error(`thread not found: ${params.threadId}`)
  if (thread.turn === null) throw new Error("no active turn")
  if (given !== thread.turn.id) throw new Error(`expected active turn id ${given} but found ${thread.turn.id}`)
  return thread
}

/** Method → what it answers, and what happens after the answer. An error is a refusal. */
const methods = {
  initialize: ({ clientInfo }) => ({
    result: { userAgent: `${clientInfo?.name ?? "?"}/0.0.0 (fake)`, codexHome: "/fake", platformOs: process.platform },
  }),
  "thread/start": (params) => {
    const result = openThread(uuid(), params)
    return { result, after: () => notify("thread/started", { thread: result.thread }) }
  },
  "thread/resume": (params) => {
    const known = threads.get(params.threadId)
    if (known === undefined) return { result: openThread(params.threadId, params) }
    known.subscribed = true
    return { result: { thread: threadObject(known.id, known.cwd), cwd: known.cwd } }
  },
  "thread/unsubscribe": ({ threadId }) => {
    const thread = threads.get(threadId)
    if (thread === undefined) return { result: { status: "notLoaded" } }
    return {
      result: { status: "unsubscribed" },
      after: () => {
        thread.subscribed = false
      },
    }
  },
  "turn/start": (params) => {
    const thread = threads.get(params.threadId)
    if (thread === undefined) throw new Error(`thread not found: ${params.threadId}`)
    if (thread.turn !== null) {
      // As the real program: the message goes into the running turn, and the answer names that one.
      const running = thread.turn
      return { result: { turn: turnObject(running) }, after: () => steer(thread, running, params.input) }
    }
    turnsStarted += 1
    const turn = { id: uuid(), number: turnsStarted, items: 0, steered: [] }
    thread.turn = turn
    return { result: { turn: turnObject(turn) }, after: () => runTurn(thread, turn, params.input) }
  },
  "turn/steer": (params) => {
    const thread = runningTurn(params, params.expectedTurnId)
    const { turn } = thread
    return { result: { turnId: turn.id }, after: () => steer(thread, turn, params.input) }
  },
  "turn/interrupt": (params) => {
    const thread = runningTurn(params, params.turnId)
    const { turn } = thread
    const obey = () => endTurn(thread, turn, "interrupted")
    return { result: {}, after: script.ignoreInterrupt === true ? () => {} : obey }
  },
}

const steer = (thread, turn, input) => {
  userMessage(thread, turn, input)
  for (const resume of turn.steered.splice(0)) resume()
}

const calls = new Map()

/** How this call of a method is answered: the list's next entry, its last one for good. */
const answerFor = (method) => {
  const entry = script.answers?.[method]
  if (!Array.isArray(entry)) return entry ?? "answer"
  const count = calls.get(method) ?? 0
  calls.set(method, count + 1)
  return entry[Math.min(count, entry.length - 1)] ?? "answer"
}

const onCall = async ({ id, method, params = {} }) => {
  const answer = answerFor(method)
  const how = typeof answer === "string" ? { [answer]: true } : answer
  if ("refuse" in how) return refuse(id, how.refuse, how.code)
  if ("exit" in how && how.after !== true) return exit(how.exit)
  const act = methods[method]
  if (act === undefined) return refuse(id, `Invalid request: unknown variant \`${method}\``)
  let outcome
  try {
    outcome = act(params)
  } catch (error) {
    return refuse(id, error.message)
  }
  if ("afterMs" in how) pause(how.afterMs).then(() => respond(id, outcome.result))
  else if (!("never" in how)) respond(id, outcome.result)
  if ("exit" in how) return exit(how.exit)
  // Late or never: what follows from the call happens all the same.
  await outcome.after?.()
}

const onMessage = (message) => {
  note({ received: message })
  if (message.method !== undefined) {
    if (message.id !== undefined) onCall(message)
    return
  }
  const question = asked.get(message.id)
  if (question === undefined) return
  resolveQuestion(message.id)
  question.resolve(message.result ?? {})
}

// ---- Life ----------------------------------------------------------------------------------------------------------

setTimeout(() => exit(124), lifetime)
process.on("SIGTERM", () => {
  note({ event: "SIGTERM" })
  if (script.ignoreSigterm !== true) exit(0)
  writeAll(2, "fake agent: SIGTERM ignored\n")
})

note({ event: "start" })
for (const step of script.start ?? []) await runStep(step, null, null)

let rest = ""
process.stdin.setEncoding("utf8")
process.stdin.on("data", (chunk) => {
  const lines = (rest + chunk).split("\n")
  rest = lines.pop() ?? ""
  for (const text of lines) if (text.trim() !== "") onMessage(JSON.parse(text))
})
process.stdin.on("end", () => {
  note({ event: "stdin-end" })
  if (script.ignoreStdinEnd !== true) exit(0)
  writeAll(2, "fake agent: end of input ignored\n")
})
