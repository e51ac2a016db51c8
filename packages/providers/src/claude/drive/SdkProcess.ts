/**
 * The agent's process in the form that the SDK expects: pipes and an exit. The real process is a supervised one, which may
 * start a little later. Every line between the SDK and that process goes through our code.
 */
import { EventEmitter } from "node:events"
import { PassThrough, Writable } from "node:stream"
import { Effect } from "effect"
import { makeLineSplitter } from "../../process/LineSplitter.js"
import type { ProcessExit } from "../../process/SupervisedProcess.js"

/** Sends a line to the process. Ends when the pipe has taken it. */
export type Post = (line: string) => Promise<void>

/** Longest line of the SDK, bytes. Its lines are user messages, control requests and answers. */
const maxLineBytes = 64 * 1024 * 1024

/** Implements the SDK's `SpawnedProcess`. */
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
    // All at once, so that no other line comes between them.
    await Promise.all(lines.map(post))
  }

  /** Connects the started process. The lines that were written before are sent now. */
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

  /** Passes lines of the process to the SDK. Waits while the SDK does not read. */
  forward(lines: readonly string[]): Effect.Effect<void> {
    return Effect.async((resume) => {
      const text = lines.map((line) => `${line}\n`).join("")
      if (this.stdout.write(text)) return resume(Effect.void)
      const drained = () => resume(Effect.void)
      this.stdout.once("drain", drained)
      return Effect.sync(() => this.stdout.off("drain", drained))
    })
  }

  /** Reports to the SDK that the process is gone. */
  over({ code, signal }: Pick<ProcessExit, "code" | "signal">): void {
    if (this.exitCode !== null || this.signalCode !== null) return
    this.exitCode = signal === null ? (code ?? 0) : null
    this.signalCode = signal
    this.#post = null
    this.#go()
    this.stdout.end()
    this.emit("exit", code, signal)
  }

  /** The SDK ends the process. That is allowed: our own stop also ends the rest of the tree. */
  kill(signal: NodeJS.Signals): boolean {
    this.killed = true
    if (this.exitCode !== null || this.signalCode !== null) return false
    this.#kill(signal)
    return true
  }
}
