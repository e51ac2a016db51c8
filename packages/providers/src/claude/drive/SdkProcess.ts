/**
 * The agent's process as the SDK wants to have it: pipes and an exit. Behind them stands a supervised process of ours, which
 * may start a little later; between the two, every line passes through our hands.
 */
import { EventEmitter } from "node:events"
import { PassThrough, Writable } from "node:stream"
import { Effect } from "effect"
import { makeLineSplitter } from "../../process/LineSplitter.js"
import type { ProcessExit } from "../../process/SupervisedProcess.js"

/** Sends a line to the process; ends when its pipe has taken it. */
export type Post = (line: string) => Promise<void>

/** Lines of the SDK are short: what the user says, orders, answers. */
const maxLineBytes = 64 * 1024 * 1024

/** What the SDK holds in its hands. Its shape is the SDK's `SpawnedProcess`. */
export class SdkProcess extends EventEmitter {
  readonly stdin: Writable
  readonly stdout = new PassThrough()
  exitCode: number | null = null
  signalCode: string | null = null
  killed = false
  readonly #lines = makeLineSplitter(maxLineBytes)
  #post: Post | null = null
  #waiting: (() => void)[] = []
  #kill: (signal: NodeJS.Signals) => void = () => {}

  constructor() {
    super()
    this.stdin = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        const lines = this.#lines.push(chunk)
        this.#send(lines).then(
          () => done(),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        )
      },
    })
    this.stdin.on("error", () => {})
    this.stdout.on("error", () => {})
  }

  async #send(lines: readonly string[]): Promise<void> {
    if (this.#post === null) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const post = this.#post
    if (post === null) throw new Error("the process did not start")
    // All at once, so that nothing comes between them.
    await Promise.all(lines.map(post))
  }

  /** The process runs: what was written meanwhile goes out. */
  attach(post: Post, kill: (signal: NodeJS.Signals) => void): void {
    this.#post = post
    this.#kill = kill
    this.#go()
  }

  #go(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  /** Lines of the process for the SDK; waits while it is behind with its reading. */
  hear(lines: readonly string[]): Effect.Effect<void> {
    return Effect.async((resume) => {
      const text = lines.map((line) => `${line}\n`).join("")
      if (this.stdout.write(text)) return resume(Effect.void)
      const drained = () => resume(Effect.void)
      this.stdout.once("drain", drained)
      return Effect.sync(() => this.stdout.off("drain", drained))
    })
  }

  /** The process is gone. */
  over({ code, signal }: Pick<ProcessExit, "code" | "signal">): void {
    if (this.exitCode !== null || this.signalCode !== null) return
    this.exitCode = signal === null ? (code ?? 0) : null
    this.signalCode = signal
    this.#post = null
    this.#go()
    this.stdout.end()
    this.emit("exit", code, signal)
  }

  /** The SDK wants it to end. It may: what was asked of us ends it as well, only more thoroughly. */
  kill(signal: NodeJS.Signals): boolean {
    this.killed = true
    if (this.exitCode !== null || this.signalCode !== null) return false
    this.#kill(signal)
    return true
  }
}
