/** A client that follows a thread by the reducer, and is compared with the server's rows after every event. */
import { type Applied, applyEvent, stateOf, type ThreadState, viewOf } from "@threadfold/client"
import { type EventEnvelope, isTableName, tableNames } from "@threadfold/contracts"
import { cells, keyOf, layout } from "@threadfold/core/model"
import { expect } from "vitest"
import { nameOf, type Served } from "./Served.js"

/** JSON values: what crosses the wire. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** Compares texts first: almost always they are equal, and a comparison of values takes a hundred times as long. */
const expectSame = (found: unknown, expected: unknown, expectedText: string): void => {
  if (JSON.stringify(found) !== expectedText) expect(plain(found)).toEqual(plain(expected))
}

export class Follower {
  /** How often the snapshot had to be read again. */
  reloads = 0
  /** Events that were applied. */
  applied = 0

  private constructor(
    private readonly served: Served,
    private readonly limit: number,
    private state: ThreadState,
  ) {}

  static async begin(served: Served, threadId: string, limit: number): Promise<Follower> {
    return new Follower(served, limit, stateOf(await served.snapshot(threadId, limit)))
  }

  get threadId(): string {
    return this.state.threadId
  }

  /** Goes on by an event that the server has just taken, and compares what it changed. */
  async follow(event: EventEnvelope): Promise<void> {
    const result: Applied = applyEvent(this.state, event)
    if (event.streamId !== this.state.threadId) {
      expect(result.kind).toBe("ignored")
      return
    }
    if (result.kind === "reload") {
      expect(result.reason).toBe("row-not-held")
      this.reloads += 1
      this.state = stateOf(await this.served.snapshot(this.state.threadId, this.limit))
      return
    }
    expect(result.kind).toBe("applied")
    this.applied += 1
    this.state = result.state
    if (result.kind !== "applied") return
    for (const change of result.changes) {
      if (!isTableName(change.table)) throw new Error(`a table of the name ${change.table}`)
      const row = this.served.store.whole(change.table, change.key)
      expectSame("row" in change ? change.row : null, row, JSON.stringify(row))
    }
    // The same event again, and an earlier state with it: nothing is changed in place.
    expect(applyEvent(this.state, event).kind).toBe("ignored")
  }

  /** Every row that is held is the server's, and no row of the server's is taken for one that does not exist. */
  compare(): void {
    const { rows, threadId } = this.state
    const server = this.served.rowsOf(threadId)
    for (const [name, { key, row, table, text }] of server.byName) {
      const held = rows.get(table, key)
      if (held !== null) expectSame(held, row, text)
      else if (rows.isAbsent(table, key)) expect.fail(`${name} is taken for a row that does not exist`)
    }
    for (const { row, table } of rows.inOrder()) {
      const name = nameOf(table, keyOf(layout(table), cells(row)))
      if (!server.byName.has(name)) expect.fail(`${name} is held, and the server has no such row`)
    }
    if (tableNames.every((table) => rows.isWhole(table) || table === "item_chunks" || table === "inference_items")) {
      expectSame({ ...viewOf(this.state), sequence: 0 }, server.view, server.viewText)
    }
    expect(this.state.open?.streamVersion).toBe(server.streamVersion)
  }
}
