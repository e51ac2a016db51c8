/**
 * The built program on a platform that is not supported: Node is told that it runs on one, at its start, or in a process that takes
 * one command line after the other.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { CheckReport, Stats } from "@threadfold/contracts"
import { databaseFile } from "@threadfold/event-log"
import { recording } from "@threadfold/testkit"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { commandLines } from "./commandLines.js"
import { built, problemOf, temporary, threadfold } from "./program.js"

const script = 'Object.defineProperty(process, "platform", { value: "sunos" })'
const elsewhere = { env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` } }

const runElsewhere = commandLines({ TEST_PLATFORM: "sunos" })

const plain = recording("codex-01-plain").path

describe("on a platform that is not supported", () => {
  it("no data directory is opened or made, and the exit code is 3", async () => {
    const directory = join(temporary(), "data")
    const calls = [["serve", "--port", "0"], ["import", "codex-app-server", plain], ["rebuild"]]
    const runs = [
      ...calls.map((command) => ({ command, by: runElsewhere })),
      { command: ["serve", "--port", "0"], by: (args: readonly string[]) => built(args, elsewhere) },
    ]
    for (const { by, command } of runs) {
      const run = await by([...command, "--data-dir", directory])
      expect([command[0], run.code, run.stdout]).toEqual([command[0], 3, ""])
      expect(run.stderr).toContain("sunos")
      expect(existsSync(directory)).toBe(false)
    }
    const elsewhereTo = join(temporary(), "salvaged.db")
    for (const command of [
      ["salvage", "--db", plain, elsewhereTo],
      ["bench", "open", "--size", "10"],
      ["adapter-check"],
    ]) {
      const run = await runElsewhere(command)
      expect([command[0], run.code, run.stdout]).toEqual([command[0], 3, ""])
      expect(run.stderr).toContain("Data directories are not written on sunos")
      expect(existsSync(elsewhereTo)).toBe(false)
    }
    const refused = await runElsewhere(["rebuild", "--data-dir", directory, "--json"])
    expect(problemOf(refused)).toMatchObject({ type: "urn:threadfold:problem:platform-unsupported" })
  })

  it("a copy of a database can be looked at, and doctor says what is wrong", async () => {
    const directory = join(temporary(), "data")
    expect((await threadfold(["import", "codex-app-server", plain, "--data-dir", directory])).code).toBe(0)
    const look = async <A, I>(schema: Schema.Schema<A, I>, command: string): Promise<A> => {
      const { code, stderr, stdout } = await runElsewhere([command, "--db", databaseFile(directory), "--json"])
      // A slow machine shows how far it is.
      expect([stderr.replace(/^\d+ events checked\n/gm, ""), code]).toEqual(["", 0])
      return Schema.decodeUnknownSync(Schema.parseJson(schema))(stdout)
    }
    expect((await look(Stats, "stats")).events).toBeGreaterThan(0)
    expect((await look(CheckReport, "check")).ok).toBe(true)
    const doctor = await runElsewhere(["doctor", "--data-dir", directory])
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toMatch(/platform.*sunos is not supported/)
  })
})
