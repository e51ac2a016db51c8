/**
 * A thread under test: events go through `resolve` and `fold` as in the engine, changes are applied to plain Maps that
 * this file interprets itself, so that the fold is not tested by the interpreters of another package.
 */
import { createHash } from "node:crypto"
import {
  type AnomalyReason,
  blankEnvelope,
  type EntityIdName,
  type EventEnvelope,
  type EventType,
  type NativeRef,
  type PayloadOf,
  type Rows,
  type TableName,
  tables,
} from "@threadfold/contracts"
import {
  type Change,
  type Fold,
  type FoldState,
  fold,
  initialState,
  mintId,
  type RowSource,
  resolve,
  type ThreadRows,
} from "../src/index.js"

export const digest = (text: string): Uint8Array => createHash("sha256").update(text).digest()
const t0 = 1_795_150_511_000
/** A UUIDv7 for a label, the same in every run. */
export const id = (label: string): string => mintId(digest, t0, label)
/** A native UUID (strong) for a label. */
export const strong = (label: string): string => mintId(digest, t0, `native ${label}`)

type Row = Readonly<Record<string, unknown>>

/** A row as the fold finds it: without its heavy columns. */
const light = <N extends TableName>(table: N, row: Rows[N]): Rows[N] => {
  const { columns } = tables[table]
  return Object.fromEntries(Object.entries(row).filter(([name]) => columns[name]?.heavy !== true)) as unknown as Rows[N]
}

/** Rows in Maps: key text → row. */
export class MemoryRows implements RowSource {
  readonly rows = new Map<TableName, Map<string, Row>>()
  private tableOf(table: TableName): Map<string, Row> {
    const known = this.rows.get(table)
    if (known !== undefined) return known
    const fresh = new Map<string, Row>()
    this.rows.set(table, fresh)
    return fresh
  }
  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      switch (change.op) {
        case "put": {
          const row: Row = { ...change.row }
          const key = JSON.stringify(tables[change.table].key.map((column) => row[column]))
          const table = this.tableOf(change.table)
          table.set(key, { ...table.get(key), ...row })
          break
        }
        case "delete":
          this.tableOf(change.table).delete(JSON.stringify(change.key))
          break
        case "append-chunk": {
          const key = JSON.stringify([change.row.itemId, change.row.ordinal])
          const before = this.tableOf("item_chunks").get(key)
          const earlier = typeof before?.text === "string" ? before.text : ""
          const text = earlier.slice(0, earlier.length - (change.drop ?? 0)) + change.row.text
          this.tableOf("item_chunks").set(key, { ...change.row, text })
          break
        }
        case "clear-chunks":
          for (const [key, row] of this.tableOf("item_chunks")) {
            if (row.itemId === change.itemId) this.tableOf("item_chunks").delete(key)
          }
          break
        case "anomaly": {
          const key = JSON.stringify([change.threadId, change.subject, change.reason])
          const before = this.tableOf("anomalies").get(key)
          this.tableOf("anomalies").set(key, {
            threadId: change.threadId,
            subject: change.subject,
            reason: change.reason,
            count: (typeof before?.count === "number" ? before.count : 0) + 1,
            firstSequence: before?.firstSequence ?? change.sequence,
            lastSequence: change.sequence,
            detail: change.detail,
          })
        }
      }
    }
  }
  all<N extends TableName>(table: N): readonly Rows[N][] {
    // The fold's changes are typed by table, and nothing else is ever stored here.
    return [...this.tableOf(table).values()] as unknown as readonly Rows[N][]
  }
  find: RowSource["find"] = <N extends TableName>(
    table: N,
    lookup: string,
    values: readonly (string | number | null)[],
  ): Rows[N] | null => {
    // As in SQL, an unknown value equals nothing.
    if (values.includes(null)) return null
    if (lookup === "key") {
      const row = this.tableOf(table).get(JSON.stringify(values))
      return (row ?? null) as unknown as Rows[N] | null
    }
    const columns = tables[table].lookups[lookup]
    if (columns === undefined) throw new Error(`no look-up ${lookup} in ${table}`)
    const matches = this.all(table).filter((row) =>
      columns.every((column, index) => (row as unknown as Row)[column] === values[index]),
    )
    return matches.at(-1) ?? null
  }
  /** The rows as the fold finds them. */
  readonly source: RowSource = {
    find: (table, lookup, values) => {
      // A client that holds a part of the rows could not tell that there is none.
      if (lookup === "key" && values.some((value) => (value ?? null) === null))
        throw new Error(`a look-up in ${table} by no key`)
      const row = this.find(table, lookup, values)
      return row === null ? null : light(table, row)
    },
    whole: (table, key) => this.whole(table, key),
    list: (table, name, values) => this.list(table, name, values).map((row) => light(table, row)),
  }
  whole: RowSource["whole"] = (table, key) => this.find(table, "key", key)
  list: RowSource["list"] = <N extends TableName>(
    table: N,
    name: string,
    values: readonly (string | number | null)[],
  ): readonly Rows[N][] => {
    const list = tables[table].lists[name]
    if (list === undefined) throw new Error(`no list ${name} in ${table}`)
    const found = this.all(table).filter((one) => {
      const row = one as unknown as Row
      return (
        Object.entries(list.where).every(([column, allowed]) => allowed.some((value) => value === row[column])) &&
        list.columns.every((column, index) => row[column] === values[index])
      )
    })
    return found
  }
  /** The rows of one stream. */
  of(streamId: string): ThreadRows {
    return {
      all: (table) =>
        this.all(table).filter(
          (row) =>
            ("threadId" in row && row.threadId === streamId) ||
            ("connectionId" in row && !("threadId" in row) && row.connectionId === streamId),
        ),
    }
  }
}

export interface Options {
  readonly session?: string | null
  readonly channel?: string
  readonly seq?: number
  readonly native?: NativeRef
  readonly ids?: Partial<Pick<EventEnvelope, EntityIdName>>
  readonly actor?: EventEnvelope["actor"]
  readonly commandId?: string
  readonly v?: number
  /** Source clock, ms since the epoch. */
  readonly at?: number
  /** True: the ids are those that a log of an older version has, and are not resolved. */
  readonly asRecorded?: boolean
}

export class Scenario {
  state: FoldState
  readonly rows = new MemoryRows()
  readonly log: EventEnvelope[] = []
  readonly states: FoldState[] = []
  private readonly seqs = new Map<string, number>()
  constructor(
    readonly threadId: string = id("thread"),
    private readonly foldWith: Fold = fold,
  ) {
    this.state = initialState(threadId)
  }

  /** Sends an event of a session (by label; null: one of our own, without a session). */
  send<T extends EventType>(type: T, payload: PayloadOf<T>, options: Options = {}): this {
    return this.sendRaw(type, payload, options)
  }

  sendRaw(type: string, payload: unknown, options: Options = {}): this {
    const label = options.session === undefined ? "s1" : options.session
    const sessionId = label === null ? null : id(`session ${label}`)
    const channel = label === null ? null : (options.channel ?? "agent")
    const next = (this.seqs.get(`${label}/${channel}`) ?? 0) + 1
    const seq = label === null ? null : (options.seq ?? next)
    if (seq !== null) this.seqs.set(`${label}/${channel}`, Math.max(seq, next - 1))
    const sequence = this.log.length + 1
    const event: EventEnvelope = {
      ...blankEnvelope,
      sequence,
      streamId: this.threadId,
      streamVersion: sequence,
      eventId: id(`event ${sequence}`),
      type,
      v: options.v ?? 1,
      sessionId,
      channel,
      seq,
      at: options.at ?? t0 + sequence,
      recordedAt: t0 + 1000 + sequence,
      actor: options.actor ?? (label === null ? "orchestrator" : "provider"),
      commandId: options.commandId ?? null,
      ...options.ids,
      native: options.native ?? null,
      payload,
    }
    return options.asRecorded === true ? this.take(event) : this.append(event)
  }

  append(event: EventEnvelope): this {
    return this.take({ ...event, ...resolve(this.state, event, this.rows.source, digest) })
  }

  private take(resolved: EventEnvelope): this {
    this.log.push(resolved)
    const result = this.foldWith(this.state, resolved, this.rows.source)
    this.rows.apply(result.changes)
    this.state = result.state
    this.states.push(result.state)
    return this
  }

  // Words for what most tests need.
  start(session = "s1"): this {
    return this.send(
      "session.started",
      { provider: "codex", mode: "managed", usageMode: "cumulative-thread" },
      { session },
    )
  }
  turn(native: string, session = "s1", more: PayloadOf<"turn.started"> = {}): this {
    return this.send("turn.started", more, { session, native: { turnId: native } })
  }
  complete(native: string, outcome: PayloadOf<"turn.completed">["outcome"] = "completed", session = "s1"): this {
    return this.send("turn.completed", { outcome }, { session, native: { turnId: native } })
  }
  status(state: PayloadOf<"session.state.changed">["state"], session = "s1"): this {
    return this.send("session.state.changed", { state }, { session })
  }
  item(native: string, turn: string, more: Partial<PayloadOf<"item.started">> = {}, session = "s1"): this {
    return this.send(
      "item.started",
      { kind: "agent_message", ...more },
      { session, native: { turnId: turn, itemId: native } },
    )
  }
  delta(native: string, turn: string, delta: string, session = "s1"): this {
    return this.send("content.delta", { stream: "text", delta }, { session, native: { turnId: turn, itemId: native } })
  }

  // Words for what they look at.
  turnRow(native: string) {
    return this.rows
      .all("turns")
      .filter((turn) => turn.nativeTurnId === native)
      .at(-1)
  }
  itemRow(native: string) {
    return this.rows
      .all("items")
      .filter((item) => item.nativeItemId === native)
      .at(-1)
  }
  /** The text a reader would see: the final one, else the joined chunks. */
  textOf(native: string): string | null {
    const item = this.itemRow(native)
    if (item === undefined) return null
    if (item.hasFinal === 1) return item.text ?? null
    const chunks = this.rows.all("item_chunks").filter((chunk) => chunk.itemId === item.itemId)
    return chunks.length === 0 ? null : chunks.map((chunk) => chunk.text).join("")
  }
  get session() {
    return this.state.session
  }
  reasons(): readonly AnomalyReason[] {
    return this.rows.all("anomalies").map((row) => row.reason)
  }
  /** The anomalies as `reason subject`, with ` (detail)` where there is one. */
  anomalies(): readonly string[] {
    return this.rows
      .all("anomalies")
      .map(({ detail, reason, subject }) => `${reason} ${subject}${detail === null ? "" : ` (${detail})`}`)
  }
}
