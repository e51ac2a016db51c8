/** What a command line does with a conversation as a whole, with a scripted agent. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FolderView, Receipt, ThreadSnapshot, TurnDetail, VerifyReport } from "@threadfold/contracts"
import { EffectView } from "@threadfold/contracts/api"
import { type FakeAgentScript, fakeAgent } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it, vi } from "vitest"
import { document, problemOf, temporary, threadfold } from "./program.js"
import { attach, push, serveHere } from "./server.js"

const Answered = Schema.Struct({ ...Receipt.fields, turn: Schema.NullOr(TurnDetail), text: Schema.String })
const Done = Schema.Struct({ ...Receipt.fields, effects: Schema.Array(EffectView) })

const served = async (script: FakeAgentScript) => {
  const directory = join(temporary(), "data")
  mkdirSync(directory, { mode: 0o700 })
  const agent = { kind: "codex", ...fakeAgent(script) }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents: { fake: agent } }))
  return { server: await serveHere(directory), where: ["--data-dir", directory] }
}

describe("fork --go-on", () => {
  it("has the agent go on in the copy, and the tokens of the origin count there alone", async () => {
    const { server, where } = await served({
      turns: [[{ say: "One" }], [{ say: "Two" }], [{ say: "Otherwise" }], [{ say: "More" }]],
    })
    const first = await document(Answered, ["send", "--wait", "one", ...where])
    const { threadId, turnId } = first
    await document(Answered, ["send", "--wait", "--thread", threadId, "two", ...where])
    const fork = await document(Receipt, ["fork", threadId, "--at", turnId ?? "", "--go-on", ...where])
    for (const said of ["Otherwise", "More"]) {
      expect((await document(Answered, ["send", "--wait", "--thread", fork.threadId, "go on", ...where])).text).toBe(
        said,
      )
    }
    expect(await document(FolderView, ["folder", threadId, ...where])).toMatchObject({
      cwd: process.cwd(),
      exists: true,
    })
    expect((await threadfold(["folder", threadId, ...where])).stdout).toContain(process.cwd())
    const copy = await document(ThreadSnapshot, ["thread", fork.threadId, ...where])
    const origin = await document(ThreadSnapshot, ["thread", threadId, ...where])
    expect(copy.thread).toMatchObject({ agent: "fake", forkedFromThreadId: threadId })
    expect(copy.thread.nativeThreadId).not.toBe(origin.thread.nativeThreadId)
    expect(copy.turns.map(({ usage }) => usage?.totalTokens ?? null)).toEqual([null, 150, 150])
    expect(origin.turns.map(({ usage }) => usage?.totalTokens ?? null)).toEqual([150, 150])
    // A fork without --go-on is there to be read.
    const read = await document(Receipt, ["fork", threadId, "--at", turnId ?? "", ...where])
    const refused = await threadfold(["send", "--thread", read.threadId, "go on", "--json", ...where])
    expect(problemOf(refused).type).toBe("urn:threadfold:problem:thread-read-only")
    await server.stop()
    expect((await document(VerifyReport, ["verify", ...where])).ok).toBe(true)
    expect((await threadfold(["check", ...where])).code).toBe(0)
  })
})

describe("rewind", () => {
  it("takes turns back: rows stay, lists and searches tell, and the log verifies", async () => {
    const { server, where } = await served({
      turns: [[{ say: "Pomegranate" }], [{ say: "Quince" }], [{ say: "Medlar" }]],
    })
    const first = await threadfold(["send", "--wait", "one", ...where])
    const threadId = /thread {3}(\S+)/.exec(first.stderr)?.[1] ?? ""
    const second = await document(Answered, ["send", "--wait", "--thread", threadId, "two", ...where])
    const done = await document(Done, ["rewind", threadId, ...where])
    expect(done).toMatchObject({ turnId: second.turnId, effects: [{ kind: "thread.rewind", status: "delivered" }] })
    const turnsOf = async (query: string): Promise<readonly unknown[]> =>
      JSON.parse(await (await server.call(`/v1/threads/${threadId}/turns?${query}`)).text()).items
    await vi.waitFor(async () => expect(await turnsOf("rewound=true")).toHaveLength(1), { timeout: 600_000 })
    await threadfold(["send", "--wait", "--thread", threadId, "two, otherwise", ...where])
    const { turns } = await document(ThreadSnapshot, ["thread", threadId, ...where])
    expect(turns.map(({ rewound, usage }) => [rewound, usage?.totalTokens])).toEqual([
      [false, 150],
      [true, 150],
      [false, 150],
    ])
    expect(await turnsOf("rewound=false")).toHaveLength(2)
    const found = await threadfold(["search", "Quince", ...where])
    expect(found.stdout).toContain("taken back")
    // Nothing is left that could be taken back beyond the two.
    const tooMany = await threadfold(["rewind", threadId, "--turns", "3", "--json", ...where])
    expect([tooMany.code, problemOf(tooMany).type]).toEqual([2, "urn:threadfold:problem:resource-not-found"])
    const files = await threadfold(["rewind", threadId, "--files", "--json", ...where])
    expect([files.code, problemOf(files).type]).toEqual([2, "urn:threadfold:problem:unsupported"])
    await server.stop()
    expect((await document(VerifyReport, ["verify", ...where])).ok).toBe(true)
    expect((await threadfold(["check", ...where])).code).toBe(0)
  })

  it("ends with 1 where the agent refuses it, and nothing is taken back", async () => {
    const { server, where } = await served({
      turns: [[{ say: "One" }]],
      answers: { "thread/revert": { refuse: "No." } },
    })
    const first = await threadfold(["send", "--wait", "one", ...where])
    const threadId = /thread {3}(\S+)/.exec(first.stderr)?.[1] ?? ""
    const refused = await threadfold(["rewind", threadId, ...where])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("failed, No.")])
    const { turns } = await document(ThreadSnapshot, ["thread", threadId, ...where])
    expect(turns.map(({ rewound }) => rewound)).toEqual([false])
    await server.stop()
  })
})

describe("compact-thread and review", () => {
  it("run in turns of their own, which end like every other one", async () => {
    const { server, where } = await served({ turns: [[{ say: "One" }]] })
    const { threadId } = await document(Answered, ["send", "--wait", "one", ...where])
    for (const [command, ...more] of [["compact-thread"], ["review", "--branch", "main"], ["review"]]) {
      const { turnId } = await document(Done, [command ?? "", threadId, ...more, ...where])
      const answer = await server.call(`/v1/turns/${turnId}?wait=60`)
      const turn = Schema.decodeUnknownSync(Schema.parseJson(TurnDetail))(await answer.text())
      expect([command, turn.outcome, turn.settled]).toEqual([command, "completed", true])
    }
    const refused = await threadfold(["review", threadId, "--branch", "main", "--commit", "abc", ...where])
    expect(refused.code).toBe(2)
    const { items, thread, turns } = await document(ThreadSnapshot, ["thread", threadId, ...where])
    expect([thread.status, turns.length]).toEqual(["idle", 4])
    expect(items.map(({ kind }) => kind)).toContain("compaction")
    await server.stop()
    expect((await document(VerifyReport, ["verify", ...where])).ok).toBe(true)
    expect((await threadfold(["check", ...where])).code).toBe(0)
  })
})

describe("stop-task", () => {
  it("names the tasks that a beginning of an id may mean", async () => {
    const directory = temporary()
    const where = ["--data-dir", directory]
    const server = await serveHere(directory)
    const session = "01990000-0000-7000-8000-000000000001"
    await attach(server, session, "native-1")
    const started = (seq: number) => ({
      type: "task.started",
      channel: "adapter:test",
      seq,
      at: seq,
      native: { taskId: `k${seq}` },
      payload: { kind: "shell" },
    })
    await push(server, session, [started(1), started(2)])
    const { tasks } = await document(ThreadSnapshot, ["thread", "native-1", ...where])
    const ids = tasks.map(({ taskId }) => taskId)
    const refused = await threadfold(["stop-task", "native-1", "--task", "0", "--json", ...where])
    expect([refused.code, problemOf(refused).type]).toEqual([2, "urn:threadfold:problem:invalid-request"])
    expect(ids).toHaveLength(2)
    for (const id of ids) expect(problemOf(refused).detail).toContain(id)
  })
})
