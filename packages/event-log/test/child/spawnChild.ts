/** Real child processes that run this package's sources. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface, type Interface } from "node:readline"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { buildSync } from "esbuild"
import { childBundle } from "../../src/testing/childBundle.js"

/** A running child and its output, line by line. */
export interface Child {
  readonly process: ChildProcess
  readonly lines: Interface
  /** What it wrote to stderr, once it is gone. */
  readonly errors: Promise<string>
  /** Ends when it is gone, however it went. */
  readonly gone: Promise<unknown>
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Each child as one text, which it gets on its standard input. */
const texts = new Map(
  ["append", "own"].map((script) => {
    const { outputFiles } = buildSync({
      ...childBundle,
      entryPoints: [path(`${script}.mjs`)],
      write: false,
    })
    return [script, outputFiles[0]?.text ?? ""]
  }),
)

/** Starts one of the scripts beside this file. */
export const spawnChild = (script: "append" | "own", argument: string): Child => {
  const child = spawn(process.execPath, ["--input-type=module", "-", argument], {
    // Where native modules are found.
    cwd: path("../.."),
    stdio: ["pipe", "pipe", "pipe"],
  })
  child.stdin.on("error", () => undefined).end(texts.get(script))
  return {
    process: child,
    lines: createInterface({ input: child.stdout }),
    errors: text(child.stderr),
    gone: once(child, "close"),
  }
}
