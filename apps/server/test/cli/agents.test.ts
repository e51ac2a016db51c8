/** Agents on the command line, from configuration to a finished turn, with a scripted agent. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Receipt, RequestDetail, ThreadSnapshot, TurnDetail, VerifyReport } from "@threadfold/contracts"
import { AgentDetail, AgentModels, EventPage, ReaperFindings } from "@threadfold/contracts/api"
import { type FakeAgentScript, fakeAgent } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it, vi } from "vitest"
import { DoctorReport } from "../../src/doctor/Report.js"
import { refused } from "./inProcess.js"
import { document, ended, problemOf, start, temporary, threadfold } from "./program.js"
import { attach, push, type ServerHere, serveHere } from "./server.js"

const secret = "sk-0123456789-very-secret"

/** A data directory whose one agent follows a script. */
const directoryWith = (script: FakeAgentScript, more: object = {}): string => {
  const directory = join(temporary(), "data")
  mkdirSync(directory, { mode: 0o700 })
  const agent = { kind: "codex", ...fakeAgent(script), env: { API_TOKEN: secret } }
  writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents: { fake: agent }, ...more }))
  return directory
}

const served = async (script: FakeAgentScript) => {
  const directory = directoryWith(script)
  const server = await serveHere(directory)
  return { server, where: ["--data-dir", directory] }
}

const stopped = async (server: ServerHere, where: readonly string[]) => {
  await server.stop()
  expect((await document(VerifyReport, ["verify", ...where])).ok).toBe(true)
}

const Answered = Schema.Struct({
  ...Receipt.fields,
  turn: Schema.NullOr(TurnDetail),
  text: Schema.String,
})
const Turns = Schema.Struct({ items: Schema.Array(Schema.Struct({ outcome: Schema.NullOr(Schema.String) })) })
const Requests = Schema.Struct({ requests: Schema.Array(RequestDetail) })

/** Until a child has said something on standard error. */
const says = (child: ReturnType<typeof start>, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = ""
    child.stderr?.on("data", (piece: Buffer) => {
      heard += piece.toString()
      if (heard.includes(text)) resolve(heard)
    })
    child.once("close", (code) => reject(new Error(`it ended with ${code} and never said ${text}: ${heard}`)))
  })

describe("agents", () => {
  it("are listed with what there is of each, tell their lists for a refresh, and take what is chosen for a thread", async () => {
    const { server, where } = await served({ turns: [[{ say: "One" }], [{ say: "Two" }]] })
    expect((await threadfold(["agents", ...where])).stdout).toMatch(/^AGENT.*\nfake +codex/)
    const one = await document(AgentDetail, ["agents", "fake", ...where])
    expect(one).toMatchObject({ running: false, installation: { status: "ok", configured: true }, signedIn: null })
    const refusal = async (args: readonly string[]) => problemOf(await threadfold([...args, "--json", ...where])).type
    expect(await refusal(["agents", "fake", "commands"])).toContain(":unsupported")
    const models = await document(AgentModels, ["agents", "fake", "models", ...where])
    expect(models).toEqual({ agent: "fake", asOf: null, items: [], omitted: 0 })
    const first = await document(Answered, ["send", "--wait", "One", ...where])
    const chosen = ["--model", "other", "--effort", "high", "--sandbox", "read-only"]
    expect((await threadfold(["configure", first.threadId, ...chosen, ...where])).code).toBe(0)
    expect(await refusal(["configure", first.threadId, "--mode", "sometimes"])).toContain(":value-not-offered")
    await document(Answered, ["send", "--wait", "--thread", first.threadId, "Two", ...where])
    const { session, thread } = await document(ThreadSnapshot, ["thread", first.threadId, ...where])
    expect(thread).toMatchObject({ model: "other", settings: { effort: "high", sandbox: "read-only" } })
    expect(session).toMatchObject({ model: "other", config: { chosen: { model: "other", effort: "high" } } })
    await stopped(server, where)
  })

  it("may say half of a pair of surrogates everywhere: every answer is JSON that every reader takes", async () => {
    const half = "a \ud800 b"
    const model = { model: half, id: half, displayName: half, description: half, supportedReasoningEfforts: [] }
    const { server, where } = await served({
      answers: { "model/list": { result: { data: [model], nextCursor: null } } },
      turns: [[{ say: half }]],
    })
    const said = await document(Answered, ["send", "--wait", "One", ...where])
    expect(said.text).toBe("a \ufffd b")
    const models = await (await server.call("/v1/agents/fake/models?refresh=true")).text()
    expect(JSON.parse(models).items).toMatchObject([{ model: "a \ufffd b", title: "a \ufffd b" }])
    for (const path of [`threads/${said.threadId}`, "items", `threads/${said.threadId}/snapshot`, "events", "agents"]) {
      const texts: string[] = []
      JSON.parse(await (await server.call(`/v1/${path}`)).text(), (name, value: unknown) => {
        texts.push(name, ...(typeof value === "string" ? [value] : []))
        return value
      })
      const isSaid = texts.includes("a \ufffd b") || path === "agents"
      expect([path, texts.filter((text) => !text.isWellFormed()), isSaid]).toEqual([path, [], true])
    }
    await stopped(server, where)
  })
})

describe("send", () => {
  it("prints the answer as it comes, goes on in the same thread, and ends with the turn", async () => {
    const { server, where } = await served({
      turns: [[{ say: "Hello!", deltas: 3 }], [{ say: "One" }, { say: "Two" }]],
    })
    const first = await threadfold(["send", "--wait", "--title", "Mine", "Say hello", ...where])
    expect([first.code, first.stdout]).toEqual([0, "Hello!\n"])
    expect(first.stderr).toMatch(/^thread {3}[0-9a-f-]{36}\nturn {5}[0-9a-f-]{36}\ncompleted/)
    const threadId = /thread {3}(\S+)/.exec(first.stderr)?.[1] ?? ""
    const second = await document(Answered, ["send", "--wait", "--thread", threadId.slice(0, 18), "More", ...where])
    expect([second.threadId, second.text]).toEqual([threadId, "One\n\nTwo"])
    expect(second.turn).toMatchObject({ turnId: second.turnId, outcome: "completed", settled: true })
    const thread = await document(ThreadSnapshot, ["thread", threadId, ...where])
    expect(thread.thread).toMatchObject({ title: "Mine", agent: "fake", cwd: process.cwd() })
    expect(thread.turns.map(({ outcome }) => outcome)).toEqual(["completed", "completed"])
    expect(JSON.stringify(thread)).not.toContain(secret)
    await stopped(server, where)
  })

  it("says what the agent asks, and goes on when it is answered elsewhere", async () => {
    const { server, where } = await served({ turns: [[{ ask: "command" }, { say: "Done" }]] })
    const sending = start(["send", "--wait", "Do it", ...where])
    const whole = ended(sending)
    const heard = await says(sending, "threadfold answer")
    const { requests } = await document(Requests, ["requests", ...where])
    const requestId = requests[0]?.requestId ?? ""
    expect(heard).toContain(requestId)
    const page = await threadfold(["requests", ...where])
    expect(page.stdout).toContain("accept, cancel")
    const answer = await document(Receipt, ["answer", requestId.slice(0, 20), "accept", ...where])
    expect(answer.turnId).toBe(requests[0]?.turnId)
    expect(await whole).toMatchObject({ code: 0, stdout: "Done\n" })
    expect((await document(Requests, ["requests", ...where])).requests).toEqual([])
    const again = await threadfold(["answer", requestId, "decline", "--json", ...where])
    expect([again.code, problemOf(again).type]).toEqual([2, "urn:threadfold:problem:request-ended"])
    await stopped(server, where)
  })

  it("ends with 1 when the turn is stopped, and the reaper tells of the agent", async () => {
    const { server, where } = await served({ turns: [[{ hang: true }], [{ say: "Again" }]] })
    const sending = start(["send", "--wait", "Wait for ever", ...where])
    const whole = ended(sending)
    const heard = await says(sending, "turn ")
    const threadId = /thread {3}(\S+)/.exec(heard)?.[1] ?? ""
    // A turn that is stopped before its agent has it is cancelled, and the next one would hang in its place.
    await vi.waitFor(async () => {
      const { turns } = await document(ThreadSnapshot, ["thread", threadId, ...where])
      expect(turns.map(({ status }) => status)).toEqual(["running"])
    })
    const queued = await document(Receipt, ["send", "--thread", threadId, "Next", ...where])
    expect([queued.turnId, queued.messageId === null]).toEqual([null, false])
    const swept = await document(ReaperFindings, ["reaper", "--sweep", ...where])
    expect(swept.items).toMatchObject([{ threadId, decision: "keep" }])
    expect((await threadfold(["reaper", ...where])).stdout).toContain("keep")
    await document(Receipt, ["stop", threadId, "--turn", ...where])
    const end = await whole
    expect([end.code, end.stderr]).toEqual([1, expect.stringContaining("interrupted")])
    // What waits is held after an interrupt, until a command lets it run.
    const held = await threadfold(["thread", threadId, ...where])
    expect(held.stdout).toMatch(/held until `threadfold resume`\n +1\. Next\n/)
    const queue = ["queue", threadId, ...where]
    const later = await document(Receipt, ["send", "--thread", threadId, "Later", ...where])
    await document(Receipt, [...queue, "--promote", later.messageId ?? ""])
    await document(Receipt, [...queue, "--edit", "1", "--text", "Sooner"])
    expect((await threadfold(queue)).stdout).toMatch(/1 +\S+ +\S.* Sooner\n +2 +\S+ +\S.* Next\nHeld/)
    await document(Receipt, [...queue, "--cancel", "1"])
    expect((await threadfold([...queue, "--cancel", "2"])).code).toBe(2)
    expect((await document(Receipt, ["resume", threadId.slice(0, 18), ...where])).threadId).toBe(threadId)
    await vi.waitFor(
      async () => {
        const answer = await server.call(`/v1/threads/${threadId}/turns`)
        const { items } = Schema.decodeUnknownSync(Turns)(await answer.json())
        expect(items.map(({ outcome }) => outcome).sort()).toEqual(["completed", "interrupted"])
      },
      { timeout: 600_000 },
    )
    await document(Receipt, ["stop", threadId, ...where])
    const nothing = await threadfold(["resume", threadId, ...where])
    expect([nothing.code, nothing.stdout]).toEqual([0, `thread   ${threadId}\n`])
    await stopped(server, where)
  })

  it("says what is wrong before anything is sent", async () => {
    const { server, where } = await served({})
    const runs: readonly (readonly [readonly string[], number, string])[] = [
      [["send", "--thread", "01", "--agent", "fake", "x"], 2, "invalid-request"],
      [["send", "--agent", "nobody", "x"], 2, "agent-not-found"],
      [["send", "--thread", "ffffffff", "x"], 2, "thread-not-found"],
      [["answer", "ffffffff", "accept"], 2, "request-not-found"],
      [["answer", "ffffffff", "accept", "--data", "{"], 2, "invalid-request"],
      [["resume", "ffffffff"], 2, "thread-not-found"],
    ]
    for (const [args, code, slug] of runs) {
      const run = await refused([...args, ...where, "--json"])
      expect([args, run.code, problemOf({ ...run, stdout: "" }).type]).toEqual([
        args,
        code,
        `urn:threadfold:problem:${slug}`,
      ])
    }
    await stopped(server, where)
    const alone = await threadfold(["send", "x", ...where, "--json"])
    expect([alone.code, problemOf(alone).type]).toEqual([3, "urn:threadfold:problem:server-not-running"])
    const nowhere = await threadfold(["requests", "--data-dir", join(temporary(), "none")])
    expect([nowhere.code, nowhere.stderr]).toEqual([3, expect.stringContaining("threadfold serve")])
  })
})

describe("doctor", () => {
  const report = async (args: readonly string[]) => {
    const { code, stderr, stdout } = await threadfold(["doctor", "--json", ...args])
    expect([stderr, `${stdout}${stderr}`.includes(secret)]).toEqual(["", false])
    return { code, report: Schema.decodeUnknownSync(Schema.parseJson(DoctorReport))(stdout) }
  }

  it("finds all well, with the version of a program that tells it", async () => {
    const directory = directoryWith({})
    const program = join(directory, "agent.sh")
    writeFileSync(program, "#!/bin/sh\necho agent-cli 1.2.3\n", { mode: 0o755 })
    const config = join(directory, "other.json")
    writeFileSync(config, JSON.stringify({ agents: { one: { kind: "codex", command: "./agent.sh" } } }))
    const { code, report: found } = await report(["--data-dir", directory, "--config", config])
    expect([code, found.ok]).toEqual([0, true])
    expect(found.agents).toMatchObject([{ name: "one", status: "ok", path: program, version: "agent-cli 1.2.3" }])
    expect(found.checks.map(({ status, subject }) => [subject, status])).toEqual(
      ["platform", "node", "database module", "data directory", "database", "configuration"].map((subject) => [
        subject,
        "ok",
      ]),
    )
  })

  it("says what a configured agent misses, and how to get it; none configured is no problem", async () => {
    const directory = join(temporary(), "data")
    mkdirSync(directory, { mode: 0o700 })
    const agents = {
      absent: { kind: "codex", command: "no-such-agent" },
      unset: { kind: "codex", env: { KEY: `\${NOT_SET_ANYWHERE}` } },
    }
    writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents }))
    const broken = await report(["--data-dir", directory])
    expect([broken.code, broken.report.agents.map(({ next, status }) => [status, next])]).toEqual([
      1,
      [
        ["problem", "npm install --global @openai/codex"],
        ["problem", "Set the variable for the server, or change the file."],
      ],
    ])
    writeFileSync(join(directory, "threadfold.json"), `{"agents": {"a": {"kind": "codex", "env": {"K": ${secret}`)
    const invalid = await report(["--data-dir", directory])
    expect(invalid.code).toBe(1)
    const page = await threadfold(["doctor", "--data-dir", directory])
    expect([page.code, page.stdout]).toEqual([1, expect.stringContaining("threadfold.json: it is no JSON")])
    const unused = await report(["--data-dir", join(temporary(), "none")])
    expect([unused.code, unused.report.agents.length > 0]).toEqual([0, true])
  })
})

describe("secrets", () => {
  it("of an agent and of the server come into no event, and every redaction is counted", async () => {
    const text = `It is ${secret}, I say ${secret}.`
    const { server, where } = await served({ turns: [[{ say: text, deltas: 30 }]] })
    const run = await threadfold(["send", "--wait", `What is ${secret}?`, ...where])
    // Where pieces come far apart, up to three letters of a secret are out before the rest of it: so short a beginning says little.
    expect([run.code, run.stdout]).toEqual([
      0,
      expect.stringMatching(/^It is (?:s|sk|sk-)?\[removed\], I say (?:s|sk|sk-)?\[removed\]\.\n$/),
    ])

    const session = "0199cccc-0000-7000-8000-000000000001"
    await attach(server, session, "native")
    const payload = { message: `Bearer ${server.token}` }
    const event = { type: "runtime.warning", channel: "adapter:test", seq: 1, at: 1, payload }
    expect(await push(server, session, [event])).toMatchObject([{ status: "appended" }])

    const page = await (await server.call("/v1/events?native=1&limit=500")).text()
    expect(page).not.toContain(server.token)
    expect(page).toContain("Bearer [removed]")
    // What the user wrote is the user's; what the agent made of it is not recorded with it.
    const { items } = Schema.decodeUnknownSync(Schema.parseJson(EventPage))(page)
    const agents = items.filter(({ actor }) => actor === "provider")
    expect(agents.length).toBeGreaterThan(5)
    expect(JSON.stringify(agents)).not.toContain(secret)

    const counted = /^threadfold_secrets_removed_total (\d+)$/m.exec(await (await server.call("/metrics")).text())
    expect(Number(counted?.[1])).toBeGreaterThanOrEqual(3)
    await stopped(server, where)
  })
})

describe("serve with a configuration", () => {
  it("that is wrong ends before anything is made, and names the field", async () => {
    const parent = temporary()
    const config = join(parent, "agents.json")
    writeFileSync(config, JSON.stringify({ agents: { a: { kind: "codex", env: { KEY: [secret] } } } }))
    const run = await threadfold(["serve", "--config", config, "--data-dir", join(parent, "data")])
    expect([run.code, existsSync(join(parent, "data"))]).toEqual([3, false])
    expect(run.stderr).toContain("agents.a.env.KEY")
    expect(run.stderr).not.toContain(secret)
  })
})
