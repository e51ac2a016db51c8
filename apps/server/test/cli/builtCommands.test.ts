/**
 * Every command of the built program, once from end to end: it prints and ends as the sources do in the process of a test, by which
 * the other tests of the command line run them. Most are run one after the other in one process: the start of a process is that of
 * the program, whatever the command.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ImportReport, Receipt } from "@threadfold/contracts"
import { fakeAgent, recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { commandLines } from "./commandLines.js"
import { runHere } from "./inProcess.js"
import { built, document, type Ended, temporary } from "./program.js"
import { serve } from "./server.js"

const recorded = recording("codex-02-approval-untrusted-accept").path

/** A data directory with a recording; a test that writes gets a copy. */
const home = mkdtempSync(join(tmpdir(), "threadfold-built-"))
const original = join(home, "data")
afterAll(() => rmSync(home, { recursive: true, force: true }))
let threadId = ""
beforeAll(async () => {
  const report = await document(ImportReport, ["import", "codex-app-server", recorded, "--data-dir", original])
  threadId = report.threads[0]?.threadId ?? ""
  writeFileSync(join(home, "edits.json"), JSON.stringify([{ op: "drop", sequence: 20 }]))
})

const inOneProcess = commandLines()

/** Command lines that only read. `ID` is the thread, `HOME` the folder of this file. */
const reading = [
  "threads --json",
  "thread ID --json",
  "trace ID --json",
  "at ID --sequence 30 --json",
  "diff ID --from 20 --to 40 --json",
  "bisect ID --where size(turns)>0 --json",
  "explain ID --json",
  "why ID thread#status --json",
  "whatif ID --edits HOME/edits.json --json",
  "step ID --json",
  "events --json",
  "tail --json",
  "tail --except turn.started --json",
  "stats --json",
  "search echo --json",
  "sql SELECT(1) --json",
  "check --json",
  "verify --json",
  "doctor --json",
]

/** Command lines that write. `OUT` is a folder of the run. */
const writing = [
  "import codex-app-server RECORDED --json",
  "rebuild --json",
  "compact --json",
  "export OUT/bundle --json",
  "export --html OUT/page.html --json",
  "backup OUT/backup --json",
  "salvage --db OUT/data/threadfold.db OUT/salvaged.db --json",
]

/** A run without what differs by its nature: where and when it writes, the ids that it makes, and its progress on standard error. */
const settled = ({ code, stdout }: Ended, out: string) => ({
  code,
  stdout: stdout
    .replaceAll(out, "OUT")
    .replace(/"(?:elapsedMs|madeAt|now|hash|fileBytes|logId|pid|availableBytes)":("[^"]*"|[\d.]+)/g, '"-":0'),
})

const argumentsOf = (line: string, names: Readonly<Record<string, string>>): readonly string[] =>
  line.split(" ").map((word) => Object.entries(names).reduce((said, [name, value]) => said.replace(name, value), word))

describe("the built program", () => {
  it.each(reading)("reads as the sources do: %s", async (line) => {
    const args = [...argumentsOf(line, { ID: threadId, HOME: home }), "--data-dir", original]
    const ended = settled(await inOneProcess(args), home)
    expect(ended).toEqual(settled(await runHere(args), home))
    expect([ended.code, ended.stdout === ""]).toEqual([0, false])
  })

  it.each(writing)("writes as the sources do: %s", async (line) => {
    const run = async (by: (args: readonly string[]) => Promise<Ended>) => {
      const out = temporary()
      cpSync(original, join(out, "data"), { recursive: true, preserveTimestamps: true })
      const where = line.includes("--db") ? [] : ["--data-dir", join(out, "data")]
      return settled(await by([...argumentsOf(line, { RECORDED: recorded, OUT: out }), ...where]), out)
    }
    const ended = await run(inOneProcess)
    expect(ended).toEqual(await run(runHere))
    expect([ended.code, ended.stdout === ""]).toEqual([0, false])
  })

  it("restores a backup", async () => {
    const out = temporary()
    expect((await runHere(["backup", join(out, "backup"), "--data-dir", original])).code).toBe(0)
    const args = ["restore-backup", join(out, "backup"), "--data-dir", join(out, "restored"), "--json"]
    expect((await inOneProcess(args)).code).toBe(0)
    const threadsIn = async (directory: string): Promise<unknown> =>
      JSON.parse((await inOneProcess(["threads", "--json", "--data-dir", directory])).stdout).threads
    expect(await threadsIn(join(out, "restored"))).toEqual(await threadsIn(original))
  })

  it("prints completions", async () => {
    const args = ["completions", "bash"]
    expect(await built(args)).toEqual(await runHere(args))
  })

  it("asks of a server what the sources ask of it", async () => {
    const directory = join(temporary(), "data")
    mkdirSync(directory, { mode: 0o700 })
    const agent = {
      kind: "codex",
      ...fakeAgent({ turns: [[{ say: "Hello!" }], [{ ask: "command" }, { hang: true }]] }),
    }
    writeFileSync(join(directory, "threadfold.json"), JSON.stringify({ agents: { fake: agent } }))
    const server = await serve(directory)
    const where = ["--data-dir", directory]
    const untilIdle = async () => {
      const thread = Schema.Struct({ thread: Schema.Struct({ status: Schema.String }) })
      const read = async () => Schema.decodeUnknownSync(thread)(await (await server.call(`/v1/threads/${id}`)).json())
      while ((await read()).thread.status !== "idle");
    }
    const receipt = (...args: readonly string[]) => document(Receipt, [...args, ...where], inOneProcess)
    const said = await inOneProcess(["send", "--wait", "Say hello", ...where])
    expect([said.code, said.stdout]).toEqual([0, "Hello!\n"])
    const id = /thread {3}(\S+)/.exec(said.stderr)?.[1] ?? ""

    const forked = await receipt("fork", id, "--at", /turn {5}(\S+)/.exec(said.stderr)?.[1] ?? "")
    expect(forked.threadId).not.toBe(id)
    await receipt("delete", forked.threadId)
    await receipt("restore", forked.threadId)
    for (const mark of ["pin", "unpin", "read"]) await receipt(mark, forked.threadId)
    const purged = await inOneProcess(["purge", forked.threadId, "--json", ...where])
    expect([purged.code, JSON.parse(purged.stdout)]).toMatchObject([
      0,
      { threadId: forked.threadId, status: "finished" },
    ])

    const more = [
      "configure ID --effort high",
      "compact-thread ID",
      "review ID",
      "rewind ID",
      "folder ID",
      "agents",
      "agents fake",
    ]
    for (const line of more) {
      const ended = await inOneProcess([...argumentsOf(line, { ID: id }), "--json", ...where])
      expect([line, ended.code, ended.stderr]).toEqual([line, 0, ""])
      expect([line, typeof JSON.parse(ended.stdout)]).toEqual([line, "object"])
      await untilIdle()
    }

    const asked = built(["send", "--wait", "--thread", id, "Ask me", ...where])
    let requestId: string | undefined
    const { call } = server
    while (requestId === undefined) {
      const page = Schema.decodeUnknownSync(
        Schema.Struct({ items: Schema.Array(Schema.Struct({ requestId: Schema.String })) }),
      )(await (await call(`/v1/threads/${id}/requests`)).json())
      requestId = page.items[0]?.requestId
    }
    const requests = await inOneProcess(["requests", "--json", ...where])
    expect(requests).toEqual(await runHere(["requests", "--json", ...where]))
    expect(requests.stdout).toContain(requestId)
    const inbox = await inOneProcess(["inbox", "--json", ...where])
    expect(JSON.parse(inbox.stdout)).toMatchObject({ counts: { total: 1 }, items: [{ kind: "request", requestId }] })
    await receipt("answer", requestId, "accept")
    const swept = await inOneProcess(["reaper", "--sweep", "--json", ...where])
    expect([swept.code, JSON.parse(swept.stdout)]).toMatchObject([0, { items: [{ threadId: id, decision: "keep" }] }])
    await receipt("stop", id, "--turn")
    expect((await asked).code).toBe(1)
    await receipt("resume", id)
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
  })

  it("is run here or in a file of its own for each command that it names", async () => {
    const elsewhere = {
      serve: "serve.test.ts",
      replay: "replay.test.ts",
      page: "pageByProgram.test.ts",
      "adapter-check": "adapterCheck.test.ts",
      talk: "talk.test.ts",
      queue: "agents.test.ts",
      retain: "test/http/retention.test.ts",
      bench: "packages/bench, by hand",
    }
    const asked = [
      "restore-backup",
      "completions",
      "send",
      "answer",
      "stop",
      "resume",
      "delete",
      "restore",
      "pin",
      "unpin",
      "read",
      "fork",
      "purge",
      "configure",
      "compact-thread",
      "review",
      "rewind",
      "folder",
      "unattended",
      "stop-task",
      "agents",
    ]
    const known = [...reading, ...writing, ...asked, "requests", "inbox", "reaper", ...Object.keys(elsewhere)]
    const names = new Set(known.map((line) => line.split(" ")[0]))
    const { stdout } = await built(["--help"])
    const named = stdout.matchAll(/^ {2}([a-z-]+)(?: [a-z-]+)? {2,}\S/gm)
    const missing = [...named].map(([, name = ""]) => name).filter((name) => !names.has(name))
    expect(missing).toEqual([])
  })
})
