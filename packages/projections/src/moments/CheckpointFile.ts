/**
 * The checkpoints of one thread: a database file of its own (or memory) with the versions of the thread's rows, and per checkpoint
 * the open state and a hash of all that it added. It may be dropped at any time; a file that is not what it was made as is refused
 * when it is opened.
 */
import { createHash, type Hash } from "node:crypto"
import { closeSync, openSync } from "node:fs"
import { tableNames } from "@threadfold/contracts"
import type { Change, FoldState } from "@threadfold/core"
import { decodeState, encodeState } from "@threadfold/core"
import { layout } from "@threadfold/core/model"
import Sqlite from "better-sqlite3"
import { Projections } from "../queries/Projections.js"
import { readSqlInside } from "../queries/ReadSql.js"
import { SqlStore } from "../SqlStore.js"
import { sqlName } from "../SqlText.js"
import { raisedBy, type Tops } from "./tops.js"
import { VersionWriter } from "./VersionWriter.js"
import { stillHolds, versionSchema, versionTable } from "./versionSchema.js"

/** Form of the file; another form is another number. */
const form = 1

/** What the fold made of the events of a checkpoint. */
export interface Folded {
  readonly state: FoldState
  /** Netted. */
  readonly changes: readonly Change[]
}

/** What a file belongs to. One of another thread, log or fold is dropped. */
export interface CheckpointIdentity {
  readonly logId: string
  readonly threadId: string
  readonly foldVersion: number
}

const identityText = ({ foldVersion, logId, threadId }: CheckpointIdentity): string => {
  const schema = createHash("sha256").update(versionSchema.join("\n")).digest("hex")
  return JSON.stringify({ form, logId, threadId, foldVersion, schema })
}

/** A thread after one of its events. */
export interface Checkpoint {
  /** 1, 2, 3 …; 0: before the first event. */
  readonly number: number
  readonly streamVersion: number
  /** Sequence and id of that event; 0 and "" before the first one. */
  readonly sequence: number
  readonly eventId: string
}

interface Stored extends Checkpoint {
  readonly state: string
  readonly tops: string
  readonly hash: string
}

/** The file is not what it was made as. */
export class CheckpointsDamaged extends Error {}

/** Rows that the check of a file reads between two pauses. */
const rowsPerPause = 2_000

const stored =
  "SELECT number, stream_version AS streamVersion, sequence, event_id AS eventId, state, tops, hash FROM checkpoint"

/** What a hash takes of a version, and of the end of one. */
const versionLine = (table: string, values: readonly unknown[]): string => `${table} ${JSON.stringify(values)}\n`
const endLine = (table: string, id: number): string => `${table} -${id}\n`

const sealed = (hash: Hash, { eventId, number, sequence, state, streamVersion, tops }: Omit<Stored, "hash">): string =>
  hash.update(JSON.stringify([number, streamVersion, sequence, eventId, state, tops])).digest("hex")

export class CheckpointFile {
  /** Rows as the views show them, for the fold. */
  readonly store: SqlStore
  /** The queries of the read side, over the same. */
  readonly queries: ReturnType<typeof Projections.over>
  private readonly writer: VersionWriter
  private readonly statements
  private tops: Tops = {}
  /** The moment that the views show in a transaction that is never committed; null: none. */
  private shown: number | null = null

  private constructor(
    private readonly handle: Sqlite.Database,
    readonly identity: CheckpointIdentity,
  ) {
    this.store = new SqlStore(handle)
    this.writer = new VersionWriter(handle)
    this.queries = Projections.over(readSqlInside(handle, (table) => this.tops[table] ?? null))
    this.statements = {
      begin: handle.prepare("BEGIN"),
      commit: handle.prepare("COMMIT"),
      rollback: handle.prepare("ROLLBACK"),
      show: handle.prepare<[number, number]>("UPDATE moment SET step = ?, sequence = ?"),
      showAs: handle.prepare<[number]>("UPDATE moment SET sequence = ?"),
      at: handle.prepare<[number], Stored>(`${stored} WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1`),
      add: handle.prepare<unknown[]>("INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?, ?, ?)"),
      bytes: handle
        .prepare<[], number>("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        .pluck(),
      newest: tableNames.map((table) =>
        handle.prepare<[], number>(`SELECT coalesce(max(id), 0) FROM ${versionTable(table)}`).pluck(),
      ),
      added: tableNames.map((table) =>
        handle.prepare<[number], readonly unknown[]>(`${versionColumns(table)} WHERE id > ? ORDER BY id`).raw(),
      ),
    }
  }

  /** Opens or makes a file; null: in memory. Throws `CheckpointsDamaged`, and what SQLite throws. */
  static open(file: string | null, identity: CheckpointIdentity): CheckpointFile {
    if (file !== null) closeSync(openSync(file, "a", 0o600))
    const handle = new Sqlite(file ?? ":memory:")
    try {
      // The owner of the data directory is the only one who opens it. A lost commit is made again: nothing waits for the disk.
      handle.pragma("locking_mode = EXCLUSIVE")
      handle.pragma("journal_mode = WAL")
      handle.pragma("synchronous = OFF")
      handle.pragma("cache_size = -8000")
      const isNew = handle.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined
      if (isNew) make(handle, identity)
      else if (handle.prepare("SELECT identity FROM about").pluck().get() !== identityText(identity)) {
        throw new CheckpointsDamaged("it belongs to another thread, log or fold")
      }
      return new CheckpointFile(handle, identity)
    } catch (error) {
      handle.close()
      throw error
    }
  }

  close(): void {
    this.handle.close()
  }

  get bytes(): number {
    return this.statements.bytes.get() ?? 0
  }

  get isInMemory(): boolean {
    return this.handle.memory
  }

  get isOpen(): boolean {
    return this.handle.open
  }

  /** The newest checkpoint that is not after a sequence; where there is none, number 0, without a state. */
  newestUntil(sequence: number): Checkpoint & { readonly state: FoldState | null } {
    const found = this.statements.at.get(sequence)
    return found === undefined
      ? { number: 0, streamVersion: 0, sequence: 0, eventId: "", state: null }
      : { ...found, state: decodeState(found.state) }
  }

  /** Adds a checkpoint. `fold` reads the rows of the one before through `store`, and gives the state and the netted changes. */
  extend(from: Checkpoint, fold: () => Omit<Checkpoint, "number"> & Folded): Checkpoint {
    this.hide()
    this.statements.begin.run()
    try {
      this.statements.show.run(2 * from.number, from.sequence)
      const made = this.add(from, fold())
      this.statements.commit.run()
      return made
    } catch (error) {
      if (this.handle.inTransaction) this.statements.rollback.run()
      throw error
    }
  }

  private add(
    from: Checkpoint,
    { changes, eventId, sequence, state, streamVersion }: Omit<Checkpoint, "number"> & Folded,
  ) {
    const number = from.number + 1
    const newest = this.statements.newest.map((statement) => statement.get() ?? 0)
    this.writer.apply(changes, 2 * number)
    const hash = createHash("sha256")
    const ended = this.writer.takeEnded()
    for (const [at, table] of tableNames.entries()) {
      for (const values of this.statements.added[at]?.iterate(newest[at] ?? 0) ?? []) {
        hash.update(versionLine(table, values))
      }
      for (const id of [...(ended.get(table) ?? [])].sort((a, b) => a - b)) hash.update(endLine(table, id))
    }
    const tops = JSON.stringify(raisedBy(this.topsOf(from), changes))
    const whole = { number, streamVersion, sequence, eventId, state: encodeState(state), tops }
    this.statements.add.run(number, streamVersion, sequence, eventId, whole.state, tops, sealed(hash, whole))
    return { number, streamVersion, sequence, eventId }
  }

  private topsOf({ sequence }: Checkpoint): Tops {
    const found = this.statements.at.get(sequence)
    return found === undefined ? {} : JSON.parse(found.tops)
  }

  /** Shows the rows of a checkpoint, in a transaction that is never committed. */
  showCheckpoint(checkpoint: Checkpoint): void {
    this.hide()
    this.statements.begin.run()
    this.tops = this.topsOf(checkpoint)
    this.statements.show.run(2 * checkpoint.number, checkpoint.sequence)
  }

  /** Puts what came after that checkpoint on top of it. */
  addAbove(checkpoint: Checkpoint, changes: readonly Change[]): void {
    const step = 2 * checkpoint.number + 1
    this.writer.apply(changes, step)
    this.writer.takeEnded()
    this.tops = raisedBy(this.tops, changes)
    this.statements.show.run(step, checkpoint.sequence)
  }

  /** From here on the views show a moment: the answers are true for this sequence of the log. */
  showAs(sequence: number): void {
    this.statements.showAs.run(sequence)
    this.shown = sequence
  }

  /** Whether the views show the moment of this sequence. */
  shows(sequence: number): boolean {
    return this.shown === sequence
  }

  hide(): void {
    this.shown = null
    if (this.handle.inTransaction) this.statements.rollback.run()
  }

  /** Compares all that the file holds with the hashes of its checkpoints, with pauses. Throws `CheckpointsDamaged`. */
  *check(): Generator<void, void> {
    this.hide()
    const hashes = new Map<number, Hash>()
    const at = (step: number): Hash => {
      const known = hashes.get(step)
      if (known !== undefined) return known
      const made = createHash("sha256")
      hashes.set(step, made)
      return made
    }
    for (const table of tableNames) {
      const page = this.handle
        .prepare<[number, number], readonly unknown[]>(`${versionColumns(table)} WHERE id > ? ORDER BY id LIMIT ?`)
        .raw()
      yield* this.paged(page, (values) => at(Number(values[1])).update(versionLine(table, values)))
      const ended = this.handle
        .prepare<[number, number], readonly unknown[]>(
          `SELECT id, until_step FROM ${versionTable(table)} WHERE until_step <> ${stillHolds} AND id > ? ORDER BY id LIMIT ?`,
        )
        .raw()
      yield* this.paged(ended, ([id, until]) => at(Number(until)).update(endLine(table, Number(id))))
    }
    let number = 0
    for (const each of this.handle.prepare<[], Stored>(`${stored} ORDER BY number`).iterate()) {
      number += 1
      const step = 2 * number
      if (each.number !== number || sealed(at(step), each) !== each.hash) {
        throw new CheckpointsDamaged(`checkpoint ${number} is not what it was made as`)
      }
      hashes.delete(step)
    }
    if (hashes.size > 0) throw new CheckpointsDamaged("it holds versions of no checkpoint")
  }

  private *paged(
    page: Sqlite.Statement<[number, number], readonly unknown[]>,
    take: (values: readonly unknown[]) => void,
  ): Generator<void, void> {
    for (let last = 0; ; ) {
      const rows = page.all(last, rowsPerPause)
      for (const values of rows) take(values)
      if (rows.length < rowsPerPause) return
      last = Number(rows.at(-1)?.[0])
      yield
    }
  }
}

/** A version as the hashes take it: until when it holds is in the line of its end. */
const versionColumns = (table: (typeof tableNames)[number]): string => {
  const columns = layout(table).columns.map(({ name }) => `"${sqlName(name)}"`)
  return `SELECT id, from_step, ${columns.join(", ")} FROM ${versionTable(table)}`
}

const make = (handle: Sqlite.Database, identity: CheckpointIdentity): void => {
  handle.transaction(() => {
    for (const statement of versionSchema) handle.exec(statement)
    handle.prepare("INSERT INTO about VALUES (?)").run(identityText(identity))
  })()
}
