/** A client of the Codex app-server protocol for tests: starts a program, talks to it, keeps what was said. */
import { spawn } from "node:child_process"
import { Effect, type Scope } from "effect"
import { get } from "../src/oracle/readWire.js"

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
}

export interface StdioAgent {
  readonly pid: number
  /** Calls a method; the whole answer, with `result` or `error`. */
  readonly call: (method: string, params?: unknown) => Promise<unknown>
  readonly notify: (method: string) => void
  readonly answer: (id: unknown, result: unknown) => void
  /** The first message that fits, of those that came and those to come. */
  readonly message: (fits: (message: unknown) => boolean) => Promise<unknown>
  readonly notification: (method: string) => Promise<unknown>
  readonly endInput: () => void
  readonly signal: (name: NodeJS.Signals) => void
  /** The process is gone. */
  readonly exited: Promise<Ended>
  /** Nobody holds its standard output any more. */
  readonly outputClosed: Promise<void>
  readonly stderr: () => string
  /** Stderr contains this text; waits for it. */
  readonly complained: (text: string) => Promise<void>
  /** What was said up to now, in the format of recordings. */
  readonly recording: () => string
}

export interface StartOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

const open = ({ args, command, cwd, env }: StartOptions): StdioAgent => {
  const child = spawn(command, args, { env: env ?? {}, ...(cwd === undefined ? {} : { cwd }), stdio: "pipe" })
  const lines: string[] = []
  const messages: unknown[] = []
  const waiting = new Set<(message: unknown) => void>()
  const calls = new Map<number, (answer: unknown) => void>()
  let stderr = ""
  let rest = ""
  let lastCall = 0

  const keep = (fields: object) => lines.push(JSON.stringify({ ts: new Date().toISOString(), ...fields }))
  const write = (message: object) => {
    keep({ dir: "send", msg: message })
    child.stdin.write(`${JSON.stringify(message)}\n`)
  }
  const receive = (text: string) => {
    const message: unknown = JSON.parse(text)
    keep({ dir: "recv", msg: message })
    messages.push(message)
    const id = get(message, "id")
    if (get(message, "method") === undefined && typeof id === "number") calls.get(id)?.(message)
    for (const look of [...waiting]) look(message)
  }

  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n")
    rest = parts.pop() ?? ""
    for (const part of parts) receive(part)
  })
  const listening = new Set<() => void>()
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk
    for (const look of [...listening]) look()
  })
  // A program that ends while we write to it is what many of these tests are about.
  child.stdin.on("error", () => undefined)
  const exited = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("exit", (code, signal) => {
      keep({ dir: "meta", event: "exit", code, sig: signal })
      resolve({ code, signal })
    })
  })
  const outputClosed = new Promise<void>((resolve) => child.stdout.once("close", resolve))

  const message = (fits: (message: unknown) => boolean): Promise<unknown> =>
    new Promise((resolve) => {
      const known = messages.find(fits)
      if (known !== undefined) return resolve(known)
      const look = (candidate: unknown) => {
        if (!fits(candidate)) return
        waiting.delete(look)
        resolve(candidate)
      }
      waiting.add(look)
    })

  return {
    pid: child.pid ?? 0,
    call: (method, params = {}) => {
      lastCall += 1
      const id = lastCall
      const answered = new Promise<unknown>((resolve) => calls.set(id, resolve))
      write({ id, method, params })
      return answered
    },
    notify: (method) => write({ method }),
    answer: (id, result) => write({ id, result }),
    message,
    notification: (method) => message((one) => get(one, "method") === method),
    endInput: () => child.stdin.end(),
    signal: (name) => {
      child.kill(name)
    },
    exited,
    outputClosed,
    stderr: () => stderr,
    complained: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (!stderr.includes(text)) return
          listening.delete(look)
          resolve()
        }
        listening.add(look)
        look()
      }),
    recording: () => lines.join("\n"),
  }
}

/** Starts a program; where it is still there at the end of the scope, it is killed. */
export const startAgent = (options: StartOptions): Effect.Effect<StdioAgent, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => open(options)),
    (agent) =>
      Effect.promise(() => {
        agent.signal("SIGKILL")
        return agent.exited
      }),
  )
