/** `adapter-check` of the built program: an adapter without a flaw passes everything, one with a flaw fails that one check. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { AdapterReport } from "@threadfold/contracts"
import { Effect, Schema } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { openAdapterCheck } from "../../src/adapter-check/openAdapterCheck.js"
import { type Ended, ended, problemOf, start, temporary, threadfold } from "./program.js"
import { attach, push, serveHere } from "./server.js"
import { type AdapterOptions, type Flaw, TestAdapter } from "./TestAdapter.js"

const decodeReport = Schema.decodeUnknownSync(Schema.parseJson(AdapterReport), { onExcessProperty: "error" })

interface Running {
  readonly url: string
  /** Of a server of its own; null: the token of the server that was named. */
  readonly tokenFile: string | null
  /** Ends the check, by SIGINT or by the signals that are named. */
  readonly stop: (...signals: readonly NodeJS.Signals[]) => Promise<Ended>
}

/** Starts a check, and waits for the address of its proxy. */
const startCheck = (args: readonly string[]): Promise<Running> =>
  new Promise((resolve, reject) => {
    const child = start(["adapter-check", "--json", ...args])
    const end = ended(child)
    end.then(({ code, stderr }) => reject(new Error(`the check ended with ${code}: ${stderr}`)))
    if (child.stderr === null) return reject(new Error("no standard error"))
    let url = ""
    createInterface({ input: child.stderr }).on("line", (line) => {
      const [, name, value = ""] = /^ {2}(url|token) +(.*)$/.exec(line) ?? []
      if (name === "url") url = value
      if (name !== "token") return
      const tokenFile = value.startsWith("in ") ? value.slice(3) : null
      const stop = (...signals: readonly NodeJS.Signals[]) => {
        for (const signal of signals.length === 0 ? (["SIGINT"] as const) : signals) child.kill(signal)
        return end
      }
      resolve({ url, tokenFile, stop })
    })
  })

/** A call through the proxy; `fetch` says that it takes compressed answers. */
const callThrough = (url: string, token: string, path: string, init: RequestInit): Promise<Response> =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...Object.fromEntries(new Headers(init.headers)) },
  })

const adapter = (options: AdapterOptions): TestAdapter => {
  const made = new TestAdapter(options)
  onTestFinished(() => made.stop())
  return made
}

const failuresOf = ({ checks }: AdapterReport): readonly string[] =>
  checks.flatMap(({ check, status }) => (status === "failed" ? [check] : []))
const failed = (stdout: string): readonly string[] => failuresOf(decodeReport(stdout))

/** The lease of an adapter whose flaw is not about leases, ms: too long to lapse on a busy machine, or to be made to lapse by the check. */
const longLeaseMs = 300_000

/** How an adapter shows a flaw that is about leases: its lease, and how long it has nothing to push, ms. */
const leases: Partial<Record<Flaw, { readonly leaseMs: number; readonly idleMs: number }>> = {
  "lease-renewed": { leaseMs: 3_000, idleMs: 4_000 },
  "lease-lapse": { leaseMs: 6_000, idleMs: 0 },
}

/**
 * The checks that each adapter with a flaw fails. All run at the same time, before one server, each through a check of its own in
 * this process.
 */
const failures = async (flaws: readonly Flaw[], faults: "all" | "none") => {
  const server = await serveHere(join(temporary(), "data"))
  const checked = (flaw: Flaw) =>
    Effect.gen(function* () {
      const upstream = new URL(server.url)
      const { report, url } = yield* openAdapterCheck({ upstream, faults: faults === "all", port: 0 })
      const { idleMs, leaseMs } = leases[flaw] ?? { leaseMs: longLeaseMs, idleMs: 0 }
      const flawed = adapter({ url, token: server.token, nativeThreadId: flaw, leaseMs, flaw })
      yield* Effect.promise(() => flawed.converse(faults === "all" ? 4 : 1, idleMs))
      return [flaw, failuresOf(yield* report)] as const
    }).pipe(Effect.scoped)
  return Object.fromEntries(await Effect.runPromise(Effect.forEach(flaws, checked, { concurrency: "unbounded" })))
}

/** Each of them fails the check of its name, and no other one. */
const only = (flaws: readonly Flaw[]) => Object.fromEntries(flaws.map((flaw) => [flaw, [flaw]]))

describe("adapter-check", () => {
  it("passes an adapter without a flaw in everything, before a server of its own", async () => {
    const { stop, tokenFile, url } = await startCheck([])
    const token = readFileSync(tokenFile ?? "", "utf8").trim()
    await adapter({ url, token, nativeThreadId: "good", leaseMs: 6_000, flaw: null }).converse(4, 6_200)
    const { code, stdout } = await stop()
    const report = decodeReport(stdout)
    expect(report.checks.filter(({ status }) => status !== "passed")).toEqual([])
    expect([code, report.ok, report.sessions]).toEqual([0, true, 2])
    // The data directory of its own server is gone.
    expect(existsSync(tokenFile ?? "")).toBe(false)
  })

  it("leaves no data directory behind where a second signal ends it at once", async () => {
    const { stop, tokenFile } = await startCheck([])
    expect(existsSync(tokenFile ?? "")).toBe(true)
    await stop("SIGINT", "SIGTERM")
    expect(existsSync(dirname(dirname(tokenFile ?? "")))).toBe(false)
  })

  it("fails exactly the check that an adapter breaks by itself", async () => {
    const flaws = [
      "session-open",
      "lease-renewed",
      "turn-ends",
      "items-closed",
      "session-ended",
      "media-type",
      "line-valid",
      "seq-gapless",
    ] as const
    expect(await failures(flaws, "none")).toEqual(only(flaws))
  })

  it("fails exactly the check that an adapter breaks after a fault", async () => {
    const flaws = ["seq-content", "lost-answer", "too-many-requests", "unavailable", "lease-lapse"] as const
    expect(await failures(flaws, "all")).toEqual(only(flaws))
  })

  it("reads the answer to a long push of an adapter that takes compressed answers", async () => {
    const server = await serveHere(join(temporary(), "data"))
    const { stop, url } = await startCheck([server.url, "--faults", "none"])
    const through = {
      ...server,
      call: (path: string, init: RequestInit = {}) => callThrough(url, server.token, path, init),
    }
    const session = "019aa000-0000-7000-8000-000000000001"
    await attach(through, session, "long")
    const unknown = Array.from({ length: 2_000 }, (_, index) => ({
      type: "turn.started",
      channel: "agent",
      seq: index + 1,
    }))
    await push(through, session, unknown)
    const { code, stdout } = await stop()
    expect([code, failed(stdout)]).toEqual([1, expect.arrayContaining(["line-valid"])])
  })

  it("says that the server went away, and does not blame the adapter", async () => {
    const server = await serveHere(join(temporary(), "data"))
    const { stop, url } = await startCheck([server.url, "--faults", "none"])
    await server.stop()
    await callThrough(url, server.token, "/v1/sessions/s", { method: "PUT", body: "{}" }).catch(() => null)
    const { code, stderr, stdout } = await stop()
    expect([code, failed(stdout)]).toEqual([3, []])
    expect(stdout).toContain("The server went away.")
    expect(stderr).toContain("went away during the check")
  })

  it("says that nothing was opened where no adapter calls, and ends after the time it is given", async () => {
    const server = await serveHere(join(temporary(), "data"))
    const { code, stderr, stdout } = await threadfold(["adapter-check", server.url, "--for", "1s"])
    expect(code).toBe(1)
    expect(stderr).toContain("Let the adapter call this address:")
    expect(stdout).toContain("no session was opened")
    expect(stdout).toContain("Push at least 9 times, with --faults all.")
  })

  it("tells a wrong call from a server that is not there", async () => {
    const wrong = await threadfold(["adapter-check", "--for", "soon"])
    expect([wrong.code, wrong.stdout]).toEqual([2, ""])
    expect(wrong.stderr).toContain("--for takes a time such as 30s, 5m or 1h")
    const noAddress = await threadfold(["adapter-check", "here"])
    expect(noAddress.code).toBe(2)
    expect(noAddress.stderr).toContain("URL is an address that begins with http://")
    const gone = await threadfold(["adapter-check", "http://127.0.0.1:9", "--json"])
    expect([gone.code, problemOf(gone).type]).toEqual([3, "urn:threadfold:problem:server-not-running"])
  })
})
