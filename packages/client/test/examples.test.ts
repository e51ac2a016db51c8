/** The examples against the built server, with a scripted agent: what a reader copies works. */
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Connection } from "@threadfold/client"
import { fakeAgent } from "@threadfold/testkit"
import { build } from "esbuild"
import { Window } from "happy-dom"
import { createElement } from "react"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { talk } from "../examples/plain/terminal.ts"
import { App } from "../examples/react/App.tsx"

const program = fileURLToPath(new URL("../../../apps/server/dist/threadfold.js", import.meta.url))
const place = mkdtempSync(join(tmpdir(), "threadfold-examples-"))
let connection: Connection
let stop: () => Promise<void>

beforeAll(async () => {
  if (!existsSync(program)) throw new Error(`${program} is not there: build first (npm run build)`)
  const directory = join(place, "data")
  mkdirSync(directory, { mode: 0o700 })
  const script = { turns: [[{ say: "First I look. ", deltas: 3 }, { ask: "command" as const }, { say: "Done." }]] }
  const agents = { fake: { kind: "codex", ...fakeAgent(script) } }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents }))
  const child = spawn(process.execPath, [program, "serve", "--desktop", "--data-dir", directory], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  let said = ""
  child.stderr.on("data", (piece: Buffer) => {
    said = `${said}${piece.toString()}`.slice(-5_000)
  })
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  stop = () => {
    child.stdin.end()
    return ended
  }
  connection = await new Promise<Connection>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)))
  })
})
afterAll(async () => {
  await stop()
  rmSync(place, { recursive: true, force: true })
})

describe("the examples", () => {
  it("talk in a terminal: what the agent says, its question, and the end", async () => {
    let said = ""
    const questions: string[] = []
    const outcome = await talk(
      connection,
      { agent: "fake", cwd: place, text: "Do it" },
      {
        say: (piece) => {
          said += piece
        },
        ask: async (question) => {
          questions.push(question)
          return "accept"
        },
      },
    )
    expect([outcome, said, questions.length]).toEqual(["completed", "First I look. Done.", 1])
  })

  it("show a page of React: a message is sent, its question answered, and the thread is in the list", async () => {
    const window = new Window({ url: "http://localhost:5173" })
    vi.stubGlobal("window", window)
    vi.stubGlobal("document", window.document)
    vi.stubGlobal("navigator", window.navigator)
    const { createRoot } = await import("react-dom/client")
    const container = window.document.createElement("div")
    window.document.body.append(container)
    const root = createRoot(container as unknown as HTMLElement)
    root.render(createElement(App, { agent: "fake", connection, cwd: place }))
    const page = () => container.textContent ?? ""
    const buttonOf = (text: string) =>
      [...container.querySelectorAll("button")].find((one) => one.textContent?.startsWith(text))
    const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 600_000, interval: 20 })

    await until(() => container.querySelector("input") !== null)
    const input = container.querySelector("input")
    if (input === null) throw new Error("no input")
    Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, "value")?.set?.call(input, "Hello")
    input.dispatchEvent(new window.Event("input", { bubbles: true }))
    await until(() => buttonOf("Send")?.disabled === false)
    buttonOf("Send")?.click()
    await until(() => buttonOf("Accept: ") !== undefined)
    expect(page()).toContain("First I look.")
    await until(() => page().includes("(1 waiting)"))
    buttonOf("Accept: ")?.click()
    await until(() => page().includes("Done.") && page().includes("(0 waiting)"))
    await until(() => buttonOf("Hello: ") !== undefined)
    root.unmount()
    await window.happyDOM.close()
    vi.unstubAllGlobals()
  })

  it("make the bundles of an Electron app: main process, preload script and page", async () => {
    const file = (name: string) => fileURLToPath(new URL(`../examples/electron/${name}`, import.meta.url))
    const bundle = (name: string, platform: "browser" | "node") =>
      build({
        entryPoints: [file(name)],
        bundle: true,
        write: false,
        platform,
        format: platform === "node" ? "cjs" : "iife",
        external: ["electron"],
        jsx: "automatic",
        conditions: ["source"],
        logLevel: "silent",
      })
    for (const [name, platform] of [
      ["main.ts", "node"],
      ["preload.ts", "node"],
      ["renderer.tsx", "browser"],
    ] as const) {
      const { errors, outputFiles } = await bundle(name, platform)
      expect([name, errors, outputFiles[0]?.text.includes("threadfold")]).toEqual([name, [], true])
    }
  })
})
