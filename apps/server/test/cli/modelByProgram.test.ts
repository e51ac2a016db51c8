/** The snapshot, the changes and the reducer through the built server, whose writer is a thread of its own. */
import { join } from "node:path"
import { connect, viewOf } from "@threadfold/client"
import { SessionView } from "@threadfold/contracts"
import { RowsSnapshot, ThreadPage } from "@threadfold/contracts/api"
import { keyOf, layouts } from "@threadfold/core/model"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { temporary } from "./program.js"
import { attach, push, serve } from "./server.js"

const sessionId = "019aa000-0000-7000-8000-000000000001"
const turns = 20

const turn = (n: number) => {
  const native = { turnId: `turn-${n}`, itemId: `item-${n}` }
  const said = [
    { type: "turn.started", native: { turnId: native.turnId }, payload: {} },
    { type: "item.started", native, payload: { kind: "agent_message" } },
    { type: "content.delta", native, payload: { stream: "text", delta: `answer ${n}` } },
    ...(n % 2 === 0
      ? [
          {
            type: "item.completed",
            native,
            payload: { kind: "agent_message", status: "completed", text: `final ${n}` },
          },
        ]
      : []),
    { type: "turn.completed", native: { turnId: native.turnId }, payload: { outcome: "completed" } },
  ]
  return said.map((one, index) => ({
    ...one,
    channel: "adapter:test",
    seq: 5 * (n - 1) + index + 1,
    at: 1_700_000_000_000 + n,
  }))
}

describe("a copy of rows", () => {
  it("is kept by changes, and by the reducer, as the server has them", async () => {
    const server = await serve(join(temporary(), "data"))
    await attach(server, sessionId, "native-1")
    const read = async <A, I>(schema: Schema.Schema<A, I>, path: string): Promise<A> =>
      Schema.decodeUnknownSync(Schema.parseJson(schema))(await (await server.call(path)).text())
    const { threadId } = await read(SessionView, `/v1/sessions/${sessionId}`)
    const snapshot = () => read(RowsSnapshot, `/v1/threads/${threadId}/snapshot?limit=500`)
    const client = connect(server)

    const rows = new Map<string, unknown>()
    const keyText = (table: string, key: readonly unknown[]) => JSON.stringify([table, ...key])
    const load = ({ rows: tables }: RowsSnapshot) => {
      for (const [table, of] of layouts) {
        for (const row of tables[table] ?? []) rows.set(keyText(table, keyOf(of, row)), row)
      }
      return rows
    }
    const changes = client.changes({ threadId })[Symbol.asyncIterator]()
    expect((await changes.next()).value).toMatchObject({ kind: "synced" })
    load(await snapshot())
    const states = client.followThread(threadId, { limit: 3 })[Symbol.asyncIterator]()
    let state = (await states.next()).value?.state
    for (let n = 1; n <= turns; n++) await push(server, sessionId, turn(n))

    const last = await snapshot()
    for (;;) {
      const { value } = await changes.next()
      if (value?.kind !== "changes") continue
      for (const change of value.changes) {
        const text = keyText(change.table, change.key)
        if ("row" in change) rows.set(text, change.row)
        else for (const key of [...rows.keys()]) if (key.startsWith(text.slice(0, -1))) rows.delete(key)
      }
      if (value.sequence >= last.sequence) break
    }
    const held = new Map(rows)
    rows.clear()
    expect(held).toEqual(load(last))

    while (state !== undefined && state.sequence < last.sequence) state = (await states.next()).value?.state
    const page = await read(ThreadPage, `/v1/threads/${threadId}?limit=500`)
    const { more: _, ...shown } = page
    expect(state === undefined ? null : JSON.parse(JSON.stringify(viewOf(state)))).toEqual(
      JSON.parse(JSON.stringify(shown)),
    )
    await changes.return?.()
    await states.return?.()
    server.child.stdin?.end()
    expect(await server.ended).toBe(0)
  })
})
