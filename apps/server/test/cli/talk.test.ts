/** `threadfold talk` of the built program, with a realtime model of ours on loopback: what it says, and with which code it ends. */
import type { ChildProcess } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type RealtimeServer, realtimeServer } from "@threadfold/testkit"
import { Effect, Exit, Schema, Scope } from "effect"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { type Ended, ended, start, temporary } from "./program.js"
import { serve } from "./server.js"

const realtime = async (): Promise<RealtimeServer> => {
  const scope = await Effect.runPromise(Scope.make())
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(Scope.extend(realtimeServer, scope))
}

const open = async () => {
  const voice = await realtime()
  const directory = join(temporary(), "data")
  mkdirSync(directory, { mode: 0o700 })
  const agents = { mine: { kind: "codex", command: "no-such-agent" } }
  const model = { baseUrl: voice.baseUrl, apiKeyEnv: "KEY_OF_THE_VOICE" }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents, realtime: model }))
  const server = await serve(directory, [], { KEY_OF_THE_VOICE: "mock-key" })
  const call = (path: string, body: object) =>
    server.call(path, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": path },
      body: JSON.stringify(body),
    })
  const made = await (await call("/v1/threads", { agent: "mine" })).text()
  const { threadId } = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({ threadId: Schema.String })))(made)
  const talk = (...more: readonly string[]) =>
    start(["talk", threadId, "--transport", "direct", "--data-dir", directory, ...more])
  /** The runs of the thread as they are told, oldest first. */
  const closes = async (): Promise<readonly unknown[]> => {
    const page: unknown = await (await server.call(`/v1/threads/${threadId}/events?types=realtime.closed`)).json()
    const { items } = Schema.decodeUnknownSync(
      Schema.Struct({ items: Schema.Array(Schema.Struct({ payload: Schema.Struct({ reason: Schema.String }) })) }),
    )(page)
    return items.map(({ payload }) => payload.reason)
  }
  /** Waits until the runs have ended so: a command may be over before its close is in the log. */
  const closed = (...reasons: readonly string[]) => vi.waitFor(async () => expect(await closes()).toEqual(reasons))
  const socket = (ordinal: number) => Effect.runPromise(voice.socket(ordinal))
  return { server, talk, closed, socket }
}

/** Waits until a child has said something. */
const says = (stream: ChildProcess["stdout"], text: string): Promise<void> =>
  new Promise((resolve) => {
    let said = ""
    stream?.on("data", (piece: Buffer | string) => {
      said += String(piece)
      if (said.includes(text)) resolve()
    })
  })

describe("threadfold talk", () => {
  it("says a line, writes the answer, and ends with its input, with Ctrl-C, and when another one takes its place", async () => {
    const { closed, server, socket, talk } = await open()

    const piped = talk()
    const pipedEnd = ended(piped)
    piped.stdin?.end("hello\n")
    const one = await socket(1)
    await Effect.runPromise(one.until(({ texts }) => texts.includes("hello")))
    one.speaks("good morning")
    expect(await pipedEnd).toMatchObject({ code: 0, stdout: "assistant: good morning\n" })
    await closed("requested")

    const stopped = talk()
    const stoppedEnd = ended(stopped)
    await says(stopped.stderr, "is live")
    stopped.kill("SIGINT")
    expect(await stoppedEnd).toMatchObject({ code: 130, stdout: "" })
    await closed("requested", "requested")

    const first = talk()
    const firstEnd: Promise<Ended> = ended(first)
    await says(first.stderr, "is live")
    const second = talk("--json")
    const secondEnd = ended(second)
    const three = await socket(4)
    expect(await firstEnd).toMatchObject({ code: 1, stdout: "" })
    // The end of the first leaves the second alone.
    second.stdin?.write("still here\n")
    await Effect.runPromise(three.until(({ texts }) => texts.includes("still here")))
    three.speaks("so am I")
    second.stdin?.end()
    const { code, stdout } = await secondEnd
    expect([code, stdout]).toEqual([0, expect.stringContaining('"so am I"')])
    await closed("requested", "requested", "replaced", "requested")

    const last = talk()
    const lastEnd = ended(last)
    await says(last.stderr, "is live")
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
    // It hears the close, where that is still sent, or finds no server any more.
    expect([1, 3]).toContain((await lastEnd).code)
    const none = talk()
    expect(await ended(none)).toMatchObject({ code: 3, stdout: "" })
  })
})
