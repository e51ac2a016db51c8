/**
 * A small program that speaks the Codex app-server protocol on its standard streams and misbehaves as its script says: it
 * hangs, dies, answers late or never, leaves children behind, ignores signals. It serves tests of the code around an agent;
 * tests of an agent's messages use the real one. `src/agents/FakeAgent.ts` describes the fields of the script. It is plain
 * JavaScript with few imports, so that it starts as fast as Node itself.
 *
 *   node fake-agent.mjs --script='{"turns":[[{"say":"hello"}]]}' app-server
 *   THREADFOLD_FAKE_AGENT='{"ignoreSigterm":true}' node fake-agent.mjs app-server
 */
import {
  closeOutput,
  exit,
  lifetime,
  line,
  note,
  notify,
  printOutput,
  refuse,
  respond,
  script,
  send,
  uuid,
  writeAll,
} from "./fake-agent-streams.mjs"

// ---- Threads -------------------------------------------------------------------------------------------------------

/** Thread id → { cwd, turn: the running turn or null, turns: ids of those that count, subscribed, counted: turns whose tokens were reported }. */
const threads = new Map()
let turnsStarted = 0
let questions = 0
/** Question id → the turn that waits for its answer. */
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
  threads.set(id, { id, cwd, turn: null, turns: [], subscribed: true, counted: 0 })
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

const notifyClient = (thread, method, fields) => {
  if (thread.subscribed) notify(method, { threadId: thread.id, ...fields })
}

const item = (thread, turn, which, object) => {
  const time = which === "started" ? "startedAtMs" : "completedAtMs"
  notifyClient(thread, `item/${which}`, { item: object, turnId: turn.id, [time]: Date.now() })
}

const wholeItem = (thread, turn, object) => {
  item(thread, turn, "started", object)
  item(thread, turn, "completed", object)
}

const userMessage = (thread, turn, input) =>
  wholeItem(thread, turn, { type: "userMessage", id: uuid(), clientId: null, content: input ?? [] })

/** The token counts of this many turns. */
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
    notifyClient(thread, "thread/tokenUsage/updated", {
      turnId: turn.id,
      tokenUsage: { total: tokens(thread.counted), last: tokens(1), modelContextWindow: 258400 },
    })
  }
  notifyClient(thread, "thread/status/changed", { status: { type: "idle" } })
  const now = Math.floor(Date.now() / 1000)
  notifyClient(thread, "turn/completed", { turn: turnObject(turn, { status, error, completedAt: now, durationMs: 1 }) })
  // As the real program: open questions are withdrawn after the end of their turn.
  for (const [id, question] of asked) if (question.turn === turn) resolveQuestion(id)
}

// ---- Steps of a turn -----------------------------------------------------------------------------------------------

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Never settles: an interrupt or the end of the process stops the waiting turn. */
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
    notifyClient(thread, "item/agentMessage/delta", { turnId: turn.id, itemId: object.id, delta })
  }
  item(thread, turn, "completed", { ...object, text })
}

const resolveQuestion = (id) => {
  const question = asked.get(id)
  if (question === undefined) return
  asked.delete(id)
  notifyClient(question.thread, "serverRequest/resolved", { requestId: id })
}

/** Sends a request and waits for the `result` of its answer. */
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

const ignoringSignals = "for (const one of ['SIGTERM','SIGINT','SIGHUP']) process.on(one, () => {});"

/** Starts a child. The step ends when the child runs and its process id is in the log. */
const spawnChild = async ({ holdStdout = false, ignoreSignals = false, ownGroup = false }) => {
  const { spawn } = await import("node:child_process")
  const code = `${ignoreSignals ? ignoringSignals : ""} process.send(0); process.disconnect(); setTimeout(() => {}, ${lifetime})`
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

/** Starts another turn in the place of the running one, without a notification of its end. */
const moveOn = (thread, { number }) => {
  const next = { id: uuid(), number, items: 0, steered: [] }
  thread.turn = next
  notifyClient(thread, "turn/started", { turn: turnObject(next, { startedAt: Math.floor(Date.now() / 1000) }) })
}

/** One step; `thread` and `turn` are null for those of the start. */
const runStep = async (step, thread, turn) => {
  if ("say" in step) say(thread, turn, step)
  else if ("print" in step)
    printOutput(
      (method, params) => notifyClient(thread, method, { turnId: turn.id, ...params }),
      (which, object) => item(thread, turn, which, object),
      [`call_${turn.number}_${++turn.items}`, step.print, step.pieces],
    )
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
  else if ("closeStdout" in step) closeOutput()
  else if ("spawn" in step) await spawnChild(step.spawn)
  else if ("stderr" in step)
    typeof step.stderr === "number" ? stderrNoise(step.stderr) : writeAll(2, `${step.stderr}\n`)
  else if ("raw" in step) line(step.raw)
  else throw new Error(`fake agent: unknown step ${JSON.stringify(step)}`)
}

const runTurn = async (thread, turn, input) => {
  notifyClient(thread, "thread/status/changed", { status: { type: "active", activeFlags: [] } })
  const startedAt = Math.floor(Date.now() / 1000)
  notifyClient(thread, "turn/started", { turn: turnObject(turn, { startedAt }) })
  userMessage(thread, turn, input)
  const turns = script.turns ?? [[{ say: "hello from the fake agent" }]]
  for (const step of turns[Math.min(turn.number, turns.length) - 1] ?? []) {
    // An interrupt may have ended the turn while a step waited.
    if (thread.turn !== turn) return
    await runStep(step, thread, turn)
  }
  endTurn(thread, turn, "completed")
}

/** A turn of the thread that no message began: a compaction, a review. */
const ownTurn = (thread) => {
  if (thread.turn !== null) throw new Error("a turn is running")
  turnsStarted += 1
  const turn = { id: uuid(), number: turnsStarted, items: 0, steered: [] }
  thread.turn = turn
  thread.turns.push(turn.id)
  return turn
}

// ---- Calls ---------------------------------------------------------------------------------------------------------

const runningTurn = (params, given) => {
  const thread = threads.get(params.threadId)
  if (thread === undefined) throw new Error(`thread not found: ${params.threadId}`)
  if (thread.turn === null) throw new Error("no active turn")
  if (given !== thread.turn.id) throw new Error(`expected active turn id ${given} but found ${thread.turn.id}`)
  return thread
}

/** Method → its result, and the action after the answer. A thrown error is a refusal. */
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
  "thread/fork": (params) => {
    const source = threads.get(params.threadId)
    if (source === undefined) throw new Error(`thread not found: ${params.threadId}`)
    const at = source.turns.indexOf(params.lastTurnId)
    if (at < 0) throw new Error(`turn not found: ${params.lastTurnId}`)
    const result = openThread(uuid(), { cwd: source.cwd, ...params })
    const forked = threads.get(result.thread.id)
    forked.turns = source.turns.slice(0, at + 1)
    // As the real program: it goes on with the count of its source.
    forked.counted = forked.turns.length
    const thread = { ...result.thread, forkedFromId: source.id }
    return { result: { ...result, thread }, after: () => notify("thread/started", { thread }) }
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
  "thread/settings/update": (params) => {
    const { threadId, ...settings } = params
    const thread = threads.get(threadId)
    if (thread === undefined) throw new Error(`thread not found: ${threadId}`)
    const threadSettings = { model: "fake-model", cwd: thread.cwd, approvalPolicy: "never", ...settings }
    return { result: {}, after: () => notifyClient(thread, "thread/settings/updated", { threadSettings }) }
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
    thread.turns.push(turn.id)
    return { result: { turn: turnObject(turn) }, after: () => runTurn(thread, turn, params.input) }
  },
  "thread/compact/start": ({ threadId }) => {
    const thread = threads.get(threadId)
    if (thread === undefined) throw new Error(`thread not found: ${threadId}`)
    const turn = ownTurn(thread)
    const compact = () => {
      notifyClient(thread, "turn/started", { turn: turnObject(turn, { startedAt: Math.floor(Date.now() / 1000) }) })
      wholeItem(thread, turn, { type: "contextCompaction", id: uuid() })
      endTurn(thread, turn, "completed")
    }
    return { result: {}, after: compact }
  },
  "review/start": ({ threadId }) => {
    const thread = threads.get(threadId)
    if (thread === undefined) throw new Error(`thread not found: ${threadId}`)
    const turn = ownTurn(thread)
    // As the real program: no turn/started of a review in its own thread.
    const review = () => {
      wholeItem(thread, turn, { type: "enteredReviewMode", id: uuid(), review: "current changes" })
      wholeItem(thread, turn, { type: "exitedReviewMode", id: uuid(), review: "Nothing to find." })
      endTurn(thread, turn, "completed")
    }
    return { result: { turn: turnObject(turn), reviewThreadId: thread.id }, after: review }
  },
  "thread/revert": ({ beforeTurnId, threadId }) => {
    const thread = threads.get(threadId)
    if (thread === undefined) throw new Error(`thread not found: ${threadId}`)
    const at = thread.turns.indexOf(beforeTurnId)
    if (at < 0) throw new Error(`turn not found: ${beforeTurnId}`)
    thread.turns = thread.turns.slice(0, at)
    // As the real program: it counts what is left.
    thread.counted = thread.turns.length
    const result = {
      thread: threadObject(thread.id, thread.cwd),
      turnsBackwardsCursor: null,
      itemsBackwardsCursor: null,
    }
    return { result, after: () => notifyClient(thread, "thread/reverted", {}) }
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

/** How this call of a method is answered: by the next entry of the list, and by the last one for all further calls. */
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
  if ("result" in how) return respond(id, how.result)
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
  // The action happens even if the answer is late or never comes.
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

// ---- Start and end ----------------------------------------------------------------------------------------------------------

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
