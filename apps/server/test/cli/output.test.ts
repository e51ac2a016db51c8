/** Standard output of the built program that takes nothing, or takes no more. */
import { spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { ProblemDetails } from "@threadfold/contracts/problem"
import { Schema } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { type Ended, ended, program, temporary } from "./program.js"

const decodeProblem = Schema.decodeUnknownSync(Schema.parseJson(ProblemDetails))

/** Runs the program with its output led by the shell, such as `> /dev/full`; its exit code is the program's own. */
const runLed = (args: readonly string[], output: string): Promise<Ended> => {
  const script = `exec 3>&1; { "$@"; echo $? >&3; } ${output}; exec 3>&-`
  const child = spawn("sh", ["-c", script, "sh", process.execPath, program, ...args])
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  return ended(child)
}

/** An address at which an adapter check finds a server. */
const anyServer = (): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer((_, response) => response.end())
    onTestFinished(() => {
      server.close()
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(typeof address === "object" ? `http://127.0.0.1:${address?.port}` : "")
    })
  })

describe.skipIf(process.platform !== "linux")("output that cannot be written", () => {
  it("is told as a full disk, with exit code 3, by every kind of page", async () => {
    const pages = [["--help"], ["--version"], ["threads", "--help"], ["completions", "bash"], ["doctor"]]
    const ends = await Promise.all(pages.map((page) => runLed(page, "> /dev/full")))
    for (const { stderr, stdout } of ends) {
      expect(stdout).toBe("3\n")
      expect(stderr).toContain("standard output")
      expect(stderr).toContain("Make room")
    }
  })

  it("is told as JSON where JSON was asked for", async () => {
    const { stderr, stdout } = await runLed(["doctor", "--json"], "> /dev/full")
    expect([stdout, decodeProblem(stderr).type]).toEqual(["3\n", "urn:threadfold:problem:disk-full"])
  })

  it("is told where a file takes a part of it", async () => {
    const folder = join(temporary(), "small")
    mkdirSync(folder)
    // One block of a file is all that the shell allows.
    const limited = `trap '' XFSZ; ulimit -f 1; exec "$@" > "${folder}/page"`
    const { code, stderr } = await ended(
      spawn("sh", ["-c", limited, "sh", process.execPath, program, "completions", "bash"]),
    )
    expect(code).toBe(3)
    expect(stderr).toContain("standard output")
  })

  it("is no reason to complain where its reader has gone; a finding keeps its exit code", async () => {
    const gone = await runLed(["completions", "bash"], "| true")
    expect([gone.stdout, gone.stderr]).toEqual(["0\n", ""])
    const finding = await runLed(["adapter-check", await anyServer(), "--for", "1s", "--json"], "| true")
    expect(finding.stdout).toBe("1\n")
  })
})
