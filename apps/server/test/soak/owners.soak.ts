/**
 * Scenario 12 at full size, `ROUNDS` times: eight servers start on one directory at the same instant, by two paths; the
 * one that serves is fed a tool output of 20 MB while eight importers try to write; then it is killed.
 */
import { statSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { CheckReport, VerifyReport } from "@threadfold/contracts"
import { recordings } from "@threadfold/testkit"
import { expect, it } from "vitest"
import { built, document, temporary } from "../cli/program.js"
import { attach, push, type RunningServer, serve } from "../cli/server.js"

const rounds = Number(process.env.ROUNDS ?? 20)
const contenders = 8
/** Pieces of the tool output, and bytes of each. */
const pieces = 320
const pieceBytes = 64 * 1024
/** The write-ahead log shrinks to this; one transaction may pass it for a moment. */
const walCap = 2 * 64 * 1024 * 1024

const sessionOf = (round: number): string => `01990000-0000-7000-8000-${String(round + 1).padStart(12, "0")}`

/** A command that prints 20 MB. */
const toolOutput = async (server: RunningServer, round: number): Promise<void> => {
  const session = sessionOf(round)
  await attach(server, session, `native-${round}`)
  const native = { turnId: "t", itemId: "i" }
  const event = (seq: number, type: string, payload: object) => ({
    type,
    native,
    payload,
    channel: "adapter:test",
    seq,
    at: 1_760_000_000_000 + seq,
  })
  await push(server, session, [event(1, "turn.started", {}), event(2, "item.started", { kind: "command" })])
  const delta = "x".repeat(pieceBytes)
  for (let piece = 0; piece < pieces; piece += 8) {
    const lines = Array.from({ length: 8 }, (_, n) =>
      event(3 + piece + n, "content.delta", { stream: "output", delta }),
    )
    for (const { status } of await push(server, session, lines)) expect(status).toBe("appended")
  }
}

it("has one owner, whoever comes, and loses nothing when it is killed", async () => {
  const parent = temporary()
  const [directory, link] = [join(parent, "data"), join(parent, "link")]
  for (let round = 0; round < rounds; round++) {
    if (round === 1) symlinkSync(directory, link)
    const paths = Array.from({ length: contenders }, (_, n) => (round > 0 && n % 2 === 1 ? link : directory))
    const started = await Promise.allSettled(paths.map((path) => serve(path)))
    const serving = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))
    for (const one of started) if (one.status === "rejected") expect(String(one.reason)).toContain("ended with 3")
    expect(serving).toHaveLength(1)
    for (const server of serving) {
      const writers = recordings
        .slice(0, contenders)
        .map(({ path }) => built(["import", "codex-app-server", path, "--data-dir", directory, "--json"]))
      await toolOutput(server, round)
      const runs = await Promise.all(writers)
      // They write through the one that serves, some at a time: the others are told to wait, and change nothing.
      for (const { code, stderr, stdout } of runs) {
        if (code === 0) expect(stdout).not.toBe("")
        else expect([code, stdout, stderr]).toEqual([3, "", expect.stringContaining("too-many-requests")])
        expect(stderr).not.toMatch(/locked|SQLITE_BUSY/)
      }
      expect(runs.some(({ code }) => code === 0)).toBe(true)
      expect(statSync(join(directory, "threadfold.db-wal")).size).toBeLessThan(walCap)
      server.child.kill("SIGKILL")
      await server.ended
    }
    const where = ["--db", join(directory, "threadfold.db")]
    expect((await document(VerifyReport, ["verify", ...where])).ok).toBe(true)
    expect((await document(CheckReport, ["check", ...where])).ok).toBe(true)
    console.log(`round ${round + 1} of ${rounds}`)
  }
})
