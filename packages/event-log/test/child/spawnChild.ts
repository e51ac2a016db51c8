/** Real child processes that run this package's sources. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface, type Interface } from "node:readline"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"

/** A running child and what it says, line by line. */
export interface Child {
  readonly process: ChildProcess
  readonly lines: Interface
  /** What it wrote to stderr, once it is gone. */
  readonly errors: Promise<string>
  /** Ends when it is gone, however it went. */
  readonly gone: Promise<unknown>
}

/** Starts one of the scripts beside this file. */
export const spawnChild = (script: "append" | "own", argument: string): Child => {
  const path = (name: string) => fileURLToPath(new URL(`./${name}.mjs`, import.meta.url))
  const child = spawn(process.execPath, ["--conditions=source", "--import", path("register"), path(script), argument], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  return {
    process: child,
    lines: createInterface({ input: child.stdout }),
    errors: text(child.stderr),
    gone: once(child, "close"),
  }
}
