/**
 * A tool server (MCP over stdio) whose tools ask the user: `form` by a form, `visit` by an address to open. Each answers with what the
 * user answered, as JSON. It needs nothing but Node, so that agents can start it from anywhere.
 */
import { createInterface } from "node:readline"

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)

const waiting = new Map()
let asked = 0

/** Asks the client; its answer, or its error. */
const ask = (params) =>
  new Promise((resolve) => {
    asked += 1
    const id = `ask-${asked}`
    waiting.set(id, resolve)
    send({ id, method: "elicitation/create", params })
  })

const requestedSchema = {
  type: "object",
  properties: {
    name: { type: "string", title: "Name", description: "Whose name?", minLength: 2 },
    age: { type: "integer", title: "Age", minimum: 0, maximum: 150 },
    colour: { type: "string", title: "Colour", enum: ["red", "blue"] },
    sure: { type: "boolean", title: "Sure" },
  },
  required: ["name"],
}

const tools = {
  form: () => ask({ mode: "form", message: "Who are you?", requestedSchema }),
  visit: () =>
    ask({
      mode: "url",
      elicitationId: "visit-1",
      message: "Open this page",
      url: "https://example.invalid/visit?id=1",
    }),
}

const inputSchema = { type: "object", properties: {} }

const methods = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "asking", version: "1.0.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({
    tools: Object.keys(tools).map((name) => ({ name, description: `Asks the user: ${name}.`, inputSchema })),
  }),
  "tools/call": async ({ name }) => ({
    content: [{ type: "text", text: JSON.stringify(await tools[name]()) }],
  }),
}

const receive = async ({ error, id, method, params = {}, result }) => {
  if (method === undefined) {
    waiting.get(id)?.(result ?? { error })
    waiting.delete(id)
  } else if (id !== undefined) {
    const run = methods[method]
    if (run === undefined) send({ id, error: { code: -32601, message: `unknown method ${method}` } })
    else send({ id, result: await run(params) })
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line.trim() !== "") void receive(JSON.parse(line))
})
