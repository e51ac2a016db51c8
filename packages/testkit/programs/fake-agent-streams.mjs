/**
 * The standard streams, the log and the ids of the fake agent (`fake-agent.mjs`), and its script. Writing is synchronous, so that
 * every line is out before the program exits.
 */
import { appendFileSync, closeSync, writeSync } from "node:fs"

/** An argument that holds the script begins so. */
const prefix = "--script="
const given = process.argv.find((one) => one.startsWith(prefix))?.slice(prefix.length)
export const script = JSON.parse(given ?? process.env.THREADFOLD_FAKE_AGENT ?? "{}")

/** The longest life of this program and its children, ms, so that none outlives a failed test run. */
export const lifetime = script.lifetimeMs ?? 120_000

export const note = (fields) => {
  if (script.log !== undefined) appendFileSync(script.log, `${JSON.stringify({ pid: process.pid, ...fields })}\n`)
}

let isMuted = false

/** Writes all of a text. A slow reader stops this program. */
export const writeAll = (descriptor, text) => {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      if (error.code === "EAGAIN") continue
      // The reader has gone, so the text is dropped.
      if (error.code === "EPIPE") return
      throw error
    }
  }
}

export const line = (text) => {
  if (!isMuted) writeAll(1, `${text}\n`)
}
export const send = (message) => line(JSON.stringify(message))
export const notify = (method, params) => send({ method, params, emittedAtMs: Date.now() })
export const respond = (id, result) => send({ id, result })
export const refuse = (id, message, code = -32600) => send({ error: { code, message }, id })

export const exit = (code) => {
  note({ event: "exit", code })
  process.exit(code)
}

let minted = 0

/** A UUIDv7 of the current time. The process id and a counter keep the ids of one millisecond apart. */
export const uuid = () => {
  minted += 1
  const time = Date.now().toString(16).padStart(12, "0")
  const counter = (minted & 0xfff).toString(16).padStart(3, "0")
  const rest = (BigInt(process.pid) * 0x1000000n + (process.hrtime.bigint() & 0xffffffn)).toString(16).padStart(15, "0")
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-8${rest.slice(-15, -12)}-${rest.slice(-12)}`
}

/** Closes standard output; later lines are dropped. */
export const closeOutput = () => {
  isMuted = true
  closeSync(1)
}

/**
 * Runs a command that prints so many bytes: its output comes in pieces of at most 8 KiB, unless `pieces` is false, and once more whole at its
 * end. `tell` sends a notification, `item` one about the item.
 */
export const printOutput = (tell, item, [id, bytes, pieces]) => {
  const object = {
    type: "commandExecution",
    id,
    command: "print",
    cwd: process.cwd(),
    source: "agent",
    status: "inProgress",
  }
  item("started", { ...object, aggregatedOutput: null })
  let output = ""
  for (let at = 0; output.length < bytes; at += 1) {
    const delta = `${String(at).padStart(10, "0")} ${"x".repeat(68)}\n`.repeat(100).slice(0, bytes - output.length)
    output += delta
    if (pieces !== false) tell("item/commandExecution/outputDelta", { itemId: id, delta })
  }
  item("completed", { ...object, status: "completed", aggregatedOutput: output, exitCode: 0 })
}
