/**
 * Starts the fake agent (`programs/fake-agent.mjs`): a program that speaks the Codex app-server protocol and does what its
 * script says. It serves tests of life cycles, deadlines and crashes, for which a real agent is too slow, too large or too
 * well-behaved.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { get, number, text } from "../oracle/readWire.js"
import { packageRoot } from "../packageFiles.js"

/** A child that the agent starts. The step ends when the child runs. Its process id is in the log. */
export interface FakeChild {
  /** Ignores SIGTERM, SIGINT and SIGHUP. */
  readonly ignoreSignals?: boolean
  /** In a process group and session of its own: a signal to the agent's group does not reach it. */
  readonly ownGroup?: boolean
  /** Keeps the agent's standard output open: it does not end with the agent. */
  readonly holdStdout?: boolean
}

/** What the agent does, one after the other. Those marked (turn) need a turn; the others can also stand in `start`. */
export type FakeStep =
  /** (turn) A message, streamed in so many deltas (three unless set). */
  | { readonly say: string; readonly deltas?: number }
  /** (turn) Runs a command that prints so many bytes: they come in pieces unless `pieces` is false, and once more whole at its end. */
  | { readonly print: number; readonly pieces?: false }
  /**
   * (turn) Asks and waits for the answer. An approval that is declined ends its item as declined and goes on; one that is
   * cancelled ends the turn as interrupted, too. The answer to a question is said as a message.
   */
  | { readonly ask: "command" | "patch" | "question" }
  /** (turn) Goes no further, until an interrupt ends the turn. */
  | { readonly hang: true }
  /** (turn) Goes on with another turn, until an interrupt ends that one. The end of this one is never reported. */
  | { readonly moveOn: true }
  /** (turn) Waits until a message is steered into the turn. */
  | { readonly awaitSteer: true }
  /** (turn) Ends the turn; without it a turn ends as completed after its last step. */
  | { readonly end: "completed" | "failed" | "interrupted" }
  | { readonly waitMs: number }
  /** The process ends with this code. */
  | { readonly exit: number }
  /** The process gets this signal from itself; SIGKILL ends it at once. */
  | { readonly signal: "SIGKILL" | "SIGSTOP" | "SIGSEGV" }
  /** Closes standard output and goes on living. */
  | { readonly closeStdout: true }
  | { readonly spawn: FakeChild }
  /** So many lines of about 80 bytes on stderr, or this one. */
  | { readonly stderr: number | string }
  /** This very line on standard output. */
  | { readonly raw: string }

/** How a call is answered. What follows from the call happens all the same, except after `refuse` and `exit`. */
export type FakeAnswer =
  | "answer"
  | "never"
  | { readonly afterMs: number }
  | { readonly refuse: string; readonly code?: number }
  /** This very result: also of a call that it does not know otherwise, such as `model/list`. */
  | { readonly result: unknown }
  /** The process ends without an answer or, `after`, right behind it: nothing else follows. */
  | { readonly exit: number; readonly after?: boolean }

export interface FakeAgentScript {
  /** Before anything is read. */
  readonly start?: readonly FakeStep[]
  /** By method, for example `turn/start`. Of a list, one for each call, the last for all that follow. */
  readonly answers?: Readonly<Record<string, FakeAnswer | readonly FakeAnswer[]>>
  /** What happens in each turn of the process, whatever its thread; the last for all that follow. */
  readonly turns?: readonly (readonly FakeStep[])[]
  /** Answers `turn/interrupt` and goes on. */
  readonly ignoreInterrupt?: boolean
  /** Goes on after SIGTERM, and says so on stderr; else it ends with code 0, as Codex. */
  readonly ignoreSigterm?: boolean
  /** Goes on when its standard input ends, and says so on stderr; else it ends with code 0, as Codex. */
  readonly ignoreStdinEnd?: boolean
  /** Absolute path of a file for what happens to it, for {@link readFakeAgentLog}; several processes may share one. */
  readonly log?: string
  /** It ends by itself after this time, even if it ignores signals, ms. Default: two minutes. */
  readonly lifetimeMs?: number
}

export interface FakeAgent {
  /** The program: this Node. */
  readonly command: string
  /** Arguments that come before any other, the script included. */
  readonly args: readonly string[]
}

/** Absolute path of the program, for configurations that give the script in the environment. */
export const fakeAgentProgram: string = join(packageRoot, "programs", "fake-agent.mjs")

/** Name of the environment variable that holds the script (JSON text) where no argument does. */
export const fakeAgentVariable = "THREADFOLD_FAKE_AGENT"

/** How to start the agent with this script. Further arguments, such as `app-server`, are ignored. */
export const fakeAgent = (script: FakeAgentScript = {}): FakeAgent => ({
  command: process.execPath,
  args: [fakeAgentProgram, `--script=${JSON.stringify(script)}`],
})

/** What a fake agent's log tells, in order. */
export type FakeAgentEntry =
  | { readonly is: "start"; readonly pid: number }
  /** A message came in on standard input; `method` is null for the answer to a question. */
  | { readonly is: "received"; readonly pid: number; readonly method: string | null; readonly message: unknown }
  | { readonly is: "spawned"; readonly pid: number; readonly child: number }
  | { readonly is: "sigterm"; readonly pid: number }
  | { readonly is: "stdin-end"; readonly pid: number }
  /** It ended by itself; a signal leaves no such line. */
  | { readonly is: "exit"; readonly pid: number; readonly code: number }

const entryOf = (value: unknown): readonly FakeAgentEntry[] => {
  const pid = number(get(value, "pid")) ?? 0
  const message = get(value, "received")
  if (message !== undefined) return [{ is: "received", pid, method: text(get(message, "method")), message }]
  switch (text(get(value, "event"))) {
    case "start":
      return [{ is: "start", pid }]
    case "spawned":
      return [{ is: "spawned", pid, child: number(get(value, "child")) ?? 0 }]
    case "SIGTERM":
      return [{ is: "sigterm", pid }]
    case "stdin-end":
      return [{ is: "stdin-end", pid }]
    case "exit":
      return [{ is: "exit", pid, code: number(get(value, "code")) ?? 0 }]
    default:
      return []
  }
}

/** Reads the log of a script; nothing where no agent has written to it yet. A line that is being written is left out. */
export const readFakeAgentLog = (file: string): readonly FakeAgentEntry[] => {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1)
  return lines.flatMap((line) => entryOf(JSON.parse(line)))
}
