/**
 * The rows of every thread are wrong, events keep arriving, and the rebuild's server is killed early and again near the end: readers
 * see old rows or new ones, nothing that was acknowledged is lost, no agent is called, and what comes out is what a cold rebuild makes.
 */
import { join } from "node:path"
import { RebuildReport, VerifyReport } from "@threadfold/contracts"
import { RebuildView, ThreadPage } from "@threadfold/contracts/api"
import Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { document, temporary } from "../cli/program.js"
import { attach, push, type RunningServer, serve } from "../cli/server.js"

const quiet = 8
const busy = 4
const sessionOf = (n: number): string => `01990000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`

/** Turn `n` of a session: it starts, its message is told in pieces, and it ends. */
const pieces = 60
const perTurn = pieces + 4
const turn = (n: number): readonly object[] => {
  const native = { turnId: `turn-${n}` }
  const item = { ...native, itemId: `item-${n}` }
  const numbered = [
    { type: "turn.started", payload: {}, native },
    { type: "item.started", payload: { kind: "agent_message" }, native: item },
    ...Array.from({ length: pieces }, (_, piece) => ({
      type: "content.delta",
      payload: { stream: "text", delta: `piece ${piece} ` },
      native: item,
    })),
    { type: "item.completed", payload: { kind: "agent_message" }, native: item },
    { type: "turn.completed", payload: { outcome: "completed" }, native },
  ]
  return numbered.map((event, index) => ({
    ...event,
    channel: "adapter:test",
    seq: n * perTurn + index + 1,
    at: 1_700_000_000_000 + n * perTurn + index,
  }))
}

const view = async (server: RunningServer): Promise<RebuildView | null> => {
  const answer = await server.call("/v1/projections/rebuild")
  return answer.status === 404 ? null : Schema.decodeUnknownSync(Schema.parseJson(RebuildView))(await answer.text())
}
const begin = async (server: RunningServer, resume: boolean): Promise<void> => {
  const headers = { "content-type": "application/json" }
  const answer = await server.call("/v1/projections/rebuild", {
    method: "POST",
    headers,
    body: JSON.stringify({ resume }),
  })
  expect([answer.status, answer.status === 202 ? "" : await answer.text()]).toEqual([202, ""])
}

it("is resumed after two kills, beside events that arrive", async () => {
  const directory = join(temporary(), "data")
  const file = join(directory, "threadfold.db")
  const on = <A>(body: (handle: Sqlite.Database) => A): A => {
    const handle = new Sqlite(file)
    try {
      return body(handle)
    } finally {
      handle.close()
    }
  }
  let server = await serve(directory)
  const sessions = Array.from({ length: quiet + busy }, (_, n) => sessionOf(n + 1))
  const acknowledged = new Map(sessions.map((id) => [id, 0]))
  let turns = 0
  /** One more turn of some sessions. */
  const arrive = async (ids: readonly string[]): Promise<void> => {
    turns += 1
    for (const id of ids) {
      const next = (acknowledged.get(id) ?? 0) / perTurn
      await push(server, id, turn(next))
      acknowledged.set(id, (next + 1) * perTurn)
    }
  }
  for (const [n, id] of sessions.entries()) await attach(server, id, `native ${n}`)
  for (let n = 0; n < 12; n++) await arrive(sessions)
  const threads = on((handle) =>
    handle.prepare<[], string>("SELECT thread_id FROM threads ORDER BY thread_id").pluck().all(),
  )
  const effects = () => on((handle) => handle.prepare("SELECT count(*) FROM effects").pluck().get())

  // What another fold would have made: in one transaction, so that a reader may see all of it in a thread, or nothing.
  const wrong = "UPDATE turns SET cause = 'planted'; UPDATE threads SET title = 'planted'"
  on((handle) => handle.exec(`BEGIN; ${wrong}; COMMIT`))
  const still = threads.filter((id) =>
    on(
      (handle) =>
        handle
          .prepare("SELECT count(*) FROM sessions WHERE thread_id = ? AND session_id > ?")
          .pluck()
          .get(id, sessionOf(busy)) === 1,
    ),
  )
  expect(still).toHaveLength(quiet)
  const looked = { planted: 0, right: 0 }
  const look = async (): Promise<void> => {
    for (const id of still) {
      const text = await (await server.call(`/v1/threads/${id}`)).text()
      const { thread, turns } = Schema.decodeUnknownSync(Schema.parseJson(ThreadPage))(text)
      const isPlanted = thread.title === "planted"
      expect([id, ...new Set(turns.map(({ cause }) => cause === "planted"))]).toEqual([id, isPlanted])
      looked[isPlanted ? "planted" : "right"] += 1
    }
  }

  /** Lets events arrive and readers look until so much of the work is done, or all of it. */
  const until = async (share: number): Promise<void> => {
    for (;;) {
      const now = await view(server)
      if (now !== null && (now.state !== "running" || now.events >= share * (now.totalEvents ?? 0))) return
      await arrive(sessions.slice(0, busy))
      await look()
    }
  }
  const kill = async (): Promise<void> => {
    server.child.kill("SIGKILL")
    await server.ended
    server = await serve(directory)
    const left = await view(server)
    expect(left?.state ?? "interrupted").toBe("interrupted")
    // The leases of the sessions go on: the same adapters push.
    await look()
  }

  await look()
  expect(looked).toEqual({ planted: quiet, right: 0 })
  await begin(server, false)
  await until(0.3)
  await kill()
  await begin(server, true)
  await until(0.99)
  await kill()
  // A point that is gone is no point at the beginning of the log: the rebuild begins anew, and finds what is done.
  on((handle) => handle.exec("DELETE FROM projection_meta WHERE key = 'rebuild'"))
  await begin(server, true)
  await until(Number.POSITIVE_INFINITY)
  expect(await view(server)).toMatchObject({ state: "completed", report: { ok: true, refused: [] } })
  looked.planted = 0
  await look()
  expect(looked.planted).toBe(0)
  expect(effects()).toBe(0)
  server.child.stdin?.end()
  expect(await server.ended).toBe(0)

  for (const [id, count] of acknowledged) {
    const stored = on((handle) =>
      handle.prepare("SELECT count(*) FROM events WHERE session_id = ? AND channel = 'adapter:test'").pluck().get(id),
    )
    expect([id, stored]).toEqual([id, count])
  }
  const where = ["--data-dir", directory]
  const live = await document(VerifyReport, ["verify", ...where])
  expect(live).toMatchObject({ ok: true, differences: [], stale: [] })
  expect((await document(RebuildReport, ["rebuild", ...where])).hash).toBe(live.hash)
  expect(turns).toBeGreaterThan(12)
})
