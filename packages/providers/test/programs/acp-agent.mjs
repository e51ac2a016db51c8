/**
 * A small agent made with the protocol's own library, so that the schema of the protocol checks what our driver sends.
 * What it offers and what it does in each turn says the script, JSON in the first argument (test/support/acpAgent.ts).
 */
import { Readable, Writable } from "node:stream"
import { agent, methods, ndJsonStream, RequestError } from "@agentclientprotocol/sdk"

const script = JSON.parse(process.argv[2] ?? "{}")
const turns = [...(script.turns ?? [])]

/** Everything the client asked or notified, for the step `tell`. */
const heard = []
/** Session id → what ends its hanging prompt. */
const hanging = new Map()
let sessions = 0

/** Past the library: what no well-behaved agent would write. */
const raw = (text) => process.stdout.write(`${text}\n`)

const update = (client, sessionId, said) => client.notify(methods.client.session.update, { sessionId, update: said })
const say = (client, sessionId, text) =>
  update(client, sessionId, { sessionUpdate: "agent_message_chunk", content: { type: "text", text } })

const offer = () => ({
  ...(script.modes === undefined
    ? {}
    : { modes: { currentModeId: script.modes[0], availableModes: script.modes.map((id) => ({ id, name: id })) } }),
  ...(script.models === undefined ? {} : { configOptions: [option(script.models[0])] }),
})
const option = (currentValue) => ({
  id: "model",
  name: "Model",
  category: "model",
  type: "select",
  currentValue,
  options: script.models.map((value) => ({ value, name: value })),
})

const steps = {
  say: (step, { client, sessionId }) => say(client, sessionId, step.say),
  flood: async (step, { client, sessionId }) => {
    for (let word = 1; word <= step.flood; word += 1) await say(client, sessionId, `word ${word} `)
  },
  /** Says, as JSON, what the client asked and notified of late, by method. */
  tell: (_, { client, sessionId }) => say(client, sessionId, JSON.stringify(heard.splice(0))),
  ask: async (step, { client, sessionId }) => {
    const toolCall = { toolCallId: "call-1", title: "rm -r", kind: "execute", status: "pending" }
    await update(client, sessionId, { sessionUpdate: "tool_call", ...toolCall })
    const options = step.ask.map((kind) => ({ optionId: `the-${kind}`, name: kind, kind }))
    const { outcome } = await client.request(methods.client.session.requestPermission, { sessionId, toolCall, options })
    const status = outcome.outcome === "selected" && outcome.optionId.startsWith("the-allow") ? "completed" : "failed"
    await update(client, sessionId, { sessionUpdate: "tool_call_update", toolCallId: "call-1", status })
    await say(client, sessionId, outcome.outcome === "selected" ? outcome.optionId : outcome.outcome)
  },
  /** Asks the user, and says the answer as JSON. */
  question: async (step, { client, sessionId }) => {
    const requestedSchema = { type: "object", properties: { which: { type: "string" } } }
    const form = { sessionId, mode: "form", message: step.question, requestedSchema }
    await say(client, sessionId, JSON.stringify(await client.request(methods.client.elicitation.create, form)))
  },
  /** Gives a question up before anybody answers. */
  drop: async (_, { client, sessionId }) => {
    const given = new AbortController()
    const form = { sessionId, mode: "form", message: "Which?", requestedSchema: { type: "object", properties: {} } }
    const answer = client.request(methods.client.elicitation.create, form, { cancellationSignal: given.signal })
    given.abort()
    await answer.catch(() => undefined)
  },
  /** Asks for something that the client does not offer, and says the error's code. */
  file: async (_, { client, sessionId }) => {
    const failure = await client
      .request(methods.client.fs.readTextFile, { sessionId, path: "/etc/hostname" })
      .catch((error) => error)
    await say(client, sessionId, `refused ${failure.code}`)
  },
  raw: (step) => raw(step.raw),
  fail: (step) => {
    throw new RequestError(step.fail.code, step.fail.message, step.fail.data)
  },
  exit: (step) => process.exit(step.exit),
  /** Goes no further until it is cancelled. */
  hang: (_, { sessionId }) => new Promise((resolve) => hanging.set(sessionId, resolve)),
  /** Is cancelled, and asks all the same. */
  hangThenAsk: async (_, context) => {
    await steps.hang({}, context)
    await steps.ask({ ask: ["allow_once"] }, context)
  },
}

const history = async (client, sessionId) => {
  for (const text of script.history ?? []) await say(client, sessionId, text)
}

const reopen = async ({ client, params }) => {
  if (params.sessionId === "unknown") throw new RequestError(-32002, "Resource not found", "no such session")
  await history(client, params.sessionId)
  if (script.failsToLoad === true) throw new RequestError(-32603, "Internal error", { details: "the file is broken" })
  return offer()
}

for (const text of script.noise ?? []) raw(text)
if (script.lastWords !== undefined) console.error(script.lastWords)
if (script.exit !== undefined) process.exit(script.exit)

const app = agent({ name: "reference" })
  .onRequest(methods.agent.initialize, ({ params }) => {
    heard.push(["initialize", params.clientCapabilities])
    if (script.ignoresInitialize === true) return new Promise(() => undefined)
    return {
      protocolVersion: script.protocolVersion ?? 1,
      agentInfo: { name: "reference", version: "7.8.9" },
      agentCapabilities: {
        loadSession: script.load ?? true,
        sessionCapabilities: {
          ...(script.resume === true ? { resume: {} } : {}),
          ...(script.close === true ? { close: {} } : {}),
        },
      },
      authMethods: [{ id: "key", name: "API key", description: "a key in the environment" }],
    }
  })
  .onRequest(methods.agent.authenticate, ({ params }) => {
    if (params.methodId !== "key") throw new RequestError(-32602, "Invalid params", "no such method")
    heard.push(["authenticate", params.methodId])
    return {}
  })
  .onRequest(methods.agent.session.new, async ({ client, params }) => {
    if (script.signInFirst === true) throw RequestError.authRequired()
    heard.push(["session/new", params])
    if (script.never === true) return new Promise(() => undefined)
    sessions += 1
    const sessionId = `session-${sessions}`
    if (script.early === true) await update(client, sessionId, { sessionUpdate: "session_info_update", title: "early" })
    return { sessionId, ...offer() }
  })
  .onRequest(methods.agent.session.load, (context) => {
    heard.push(["session/load", context.params.sessionId])
    return reopen(context)
  })
  .onRequest(methods.agent.session.resume, (context) => {
    heard.push(["session/resume", context.params.sessionId])
    return reopen(context)
  })
  .onRequest(methods.agent.session.close, ({ params }) => {
    hanging.get(params.sessionId)?.()
    return {}
  })
  .onRequest(methods.agent.session.setMode, ({ params }) => {
    if (!script.modes?.includes(params.modeId)) throw new RequestError(-32602, "Invalid params", "no such mode")
    heard.push(["session/set_mode", params.modeId])
    return {}
  })
  .onRequest(methods.agent.session.setConfigOption, ({ params }) => {
    if (!script.models?.includes(params.value)) throw new RequestError(-32602, "Invalid params", "no such model")
    heard.push(["session/set_config_option", params.configId, params.value])
    return { configOptions: [option(params.value)] }
  })
  .onRequest(methods.agent.session.prompt, async ({ client, params }) => {
    heard.push(["session/prompt", params.prompt])
    let cancelled = false
    const note = () => {
      cancelled = true
    }
    for (const step of turns.shift() ?? []) {
      const [name] = Object.keys(step)
      await Promise.resolve(steps[name](step, { client, sessionId: params.sessionId })).then(
        name.startsWith("hang") ? note : undefined,
      )
    }
    return { stopReason: cancelled ? "cancelled" : "end_turn" }
  })
  .onNotification(methods.agent.session.cancel, ({ params }) => {
    heard.push(["session/cancel", params.sessionId])
    hanging.get(params.sessionId)?.()
    hanging.delete(params.sessionId)
  })

app.connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)))
