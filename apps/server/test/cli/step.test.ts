/** `threadfold step` by the built program: its lines, and its keys in a pseudo-terminal. */
import { spawn, spawnSync } from "node:child_process"
import { EventEnvelope } from "@threadfold/contracts"
import { stuckStates, stuckThreadId } from "@threadfold/testkit"
import { Schema } from "effect"
import { expect, it, onTestFinished } from "vitest"
import { makeStuckDatabase } from "../stuck/StuckDatabase.js"
import { ended, program, threadfold } from "./program.js"

const state = stuckStates.find(({ name }) => name === "late-start-reopens-ended-turn")
if (state === undefined) throw new Error("the stuck state is not there")
const threadId = stuckThreadId(state)

const database = async (): Promise<string> => {
  const library = await makeStuckDatabase(state)
  onTestFinished(() => library.close())
  return library.file
}

const decodeEvent = Schema.decodeUnknownSync(Schema.parseJson(EventEnvelope))

const Step = Schema.parseJson(
  Schema.Struct({
    event: EventEnvelope,
    changes: Schema.Array(Schema.Struct({ row: Schema.String, change: Schema.String })),
    anomalies: Schema.Array(Schema.Struct({ reason: Schema.String })),
  }),
)

it("prints the steps where no terminal is, at most as many as it is asked for", async () => {
  const db = await database()
  const events = await threadfold(["events", threadId, "--db", db, "--json"])
  const ids = events.stdout
    .trimEnd()
    .split("\n")
    .map((line) => decodeEvent(line).eventId)
  const { code, stdout } = await threadfold(["step", threadId, "--db", db, "--from", "2", "--json"])
  // An event is named by its id as well, and a thread with --thread.
  const named = await threadfold(["step", "--thread", threadId, "--db", db, "--from", ids[1] ?? "", "--json"])
  expect([named.code, named.stdout]).toEqual([0, stdout])
  const steps = stdout
    .trimEnd()
    .split("\n")
    .map((line) => Schema.decodeUnknownSync(Step)(line))
  expect([code, steps.map(({ event }) => event.type)]).toEqual([0, ["turn.started", "turn.completed", "turn.started"]])
  expect(steps[0]?.changes.some(({ change, row }) => change === "added" && row.startsWith("turns/"))).toBe(true)
  // With our fold the second start changes nothing of the turn.
  expect(steps[2]?.changes.some(({ row }) => row.startsWith("turns/"))).toBe(false)
})

// util-linux has `script` with -c; without it there is no pseudo-terminal to run in, and the lines above are what is tested.
const hasScript = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0

it.skipIf(!hasScript)("takes keys in a terminal until one ends it", async () => {
  const line = `${process.execPath} ${program} step ${threadId} --db ${await database()}`
  const child = spawn("script", ["-qec", line, "/dev/null"], { env: { ...process.env, NO_COLOR: "1", TERM: "xterm" } })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  child.stdin.write("tneGq")
  const { code, stdout } = await ended(child)
  expect(code).toBe(0)
  const screens = stdout.split("\u001B[2J").slice(1)
  const heads = screens.map((screen) => /^\d+ {2}\S+ \S+ {2}(\S+)/.exec(screen)?.[1])
  expect(heads).toEqual(["session.started", "turn.started", "turn.completed", "turn.completed", "turn.started"])
  expect(screens[3]).toContain('"type": "turn.completed"')
})
