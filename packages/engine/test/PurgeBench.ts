/** Purges under test: a database file that is opened again and again, the steps of the writer's upkeep by hand, and what is in the files. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inflateRawSync } from "node:zlib"
import { Command } from "@threadfold/contracts"
import { openSqlite, readWholeBlock, type SqliteDatabase, verifyDigests } from "@threadfold/event-log"
import { hashStream, SqlStore, verify } from "@threadfold/projections"
import type Sqlite from "better-sqlite3"
import { Effect, Exit, Schema, Scope } from "effect"
import { afterEach, expect } from "vitest"
import { noSpace, type PurgeAnswer, Purging, Sealing, type SealingOptions } from "../src/purge/index.js"
import { sqliteWork } from "../src/work/SqliteWork.js"
import type { WorkStore } from "../src/work/WorkStore.js"
import { databaseGroups, eventSourceOf, makeWriter, spaceOf, type Writer } from "../src/writer/index.js"
import { type Bench, id, t0 } from "./support.js"

const decodeCommand = Schema.decodeUnknownSync(Command)

/** A database that is open, as a process has it. */
export interface Opened {
  readonly database: SqliteDatabase
  readonly store: SqlStore
  readonly work: WorkStore
  readonly writer: Writer
  readonly purging: Purging
  readonly sealing: Sealing
  /** Ends the process. */
  readonly close: () => void
}

/** A data directory. */
export class PurgeBench {
  readonly directory = mkdtempSync(join(tmpdir(), "threadfold-purge-"))
  readonly file = join(this.directory, "threadfold.db")

  open(): Opened {
    const scope = Effect.runSync(Scope.make())
    const database = Effect.runSync(Scope.extend(openSqlite({ file: this.file, migrations: databaseGroups }), scope))
    const setup = {
      driver: database.driver,
      store: new SqlStore(database.handle),
      work: sqliteWork(database.handle),
      clock: () => t0 + 60_000,
    }
    const writer = makeWriter(setup)
    const offer: SealingOptions["offer"] = (submission, done) => {
      const [outcome] = writer.process([submission])
      if (outcome !== undefined) done(outcome)
    }
    const purging = new Purging({ ...setup, space: spaceOf(database), offer, wake: () => undefined })
    const sealing = new Sealing({
      ...setup,
      offer,
      refold: (_streamId, done) => done(null),
      wake: () => undefined,
    })
    return { database, ...setup, writer, purging, sealing, close: () => Effect.runSync(Scope.close(scope, Exit.void)) }
  }

  /** A copy of what is on the disk now: what a kill at this moment leaves. */
  killed(): PurgeBench {
    const copy = new PurgeBench()
    for (const name of ["threadfold.db", "threadfold.db-wal"]) {
      if (existsSync(join(this.directory, name))) copyFileSync(join(this.directory, name), join(copy.directory, name))
    }
    return copy
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Asks for a purge, and takes every step until its tombstone is committed or it is refused. */
export const sealed = (
  { sealing }: Pick<Opened, "sealing">,
  threadId: string,
  ifVersion: number | null = null,
): PurgeAnswer => {
  const answers: PurgeAnswer[] = []
  sealing.demand({ threadId, commandId: id(`purge ${threadId}`), ifVersion }, (answer) => answers.push(answer))
  for (let steps = 0; answers.length === 0 && steps < 10_000; steps++) sealing.step()
  const [answer] = answers
  if (answer === undefined) throw new Error("no answer")
  return answer
}

/** Takes at most `limit` steps of purges; whether all of them are over. */
export const stepped = ({ purging }: Pick<Opened, "purging">, limit = 10_000): boolean => {
  for (let steps = 0; steps < limit; steps++) if (purging.step() !== true) return true
  return false
}

/** Files of the directory whose bytes hold a text, as they are or in a body that was packed. */
export const filesWith = ({ directory }: PurgeBench, text: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .filter((name) => readFileSync(join(directory, name)).includes(text))

/** Tables whose packed bodies hold a text. */
export const packedWith = (handle: Sqlite.Database, text: string): readonly string[] => {
  const found: string[] = []
  for (const { body } of handle.prepare<[], { body: Buffer }>("SELECT body FROM native_blocks").all()) {
    if ([...readWholeBlock(body).values()].some((one) => one.includes(text))) found.push("native_blocks")
  }
  for (const { body } of handle.prepare<[], { body: Buffer }>("SELECT body FROM blobs WHERE packed = 1").all()) {
    if (inflateRawSync(body).includes(text)) found.push("blobs")
  }
  return found
}

/** Whether the log is what its digests say, bytes included, and the rows are what it leads to. */
export const proven = ({ database, store }: Opened) => ({
  log: verifyDigests(database.handle, { bytes: true }).findings,
  rows: verify({ source: eventSourceOf(database.driver), store, readTransaction: (body) => body() }).differences,
})

/** The data directories of a file of tests: each goes with its test. */
export const directories = () => {
  const benches: PurgeBench[] = []
  afterEach(() => {
    for (const bench of benches.splice(0)) bench.dispose()
  })
  const kept = (bench: PurgeBench): PurgeBench => {
    benches.push(bench)
    return bench
  }
  return {
    directory: () => kept(new PurgeBench()),
    /** Kills the process after each step of its purges until they are over. What is there then, and after how many kills before that. */
    killedStepByStep: (bench: PurgeBench, opened: Opened) => {
      let now = { bench, opened }
      for (let kills = 0; kills < 100; kills++) {
        const isOver = stepped(now.opened, 1)
        // What is on the disk now is what a kill leaves.
        const killed = kept(now.bench.killed())
        now.opened.close()
        now = { bench: killed, opened: killed.open() }
        expect(proven(now.opened)).toEqual({ log: [], rows: [] })
        if (isOver) return { ...now, kills }
      }
      throw new Error("it did not end")
    },
  }
}

/** The hash of a thread's rows. */
export const hashOf = ({ store }: Opened, threadId: string): string => hashStream(store.rowsOf(threadId))

/** Ends whatever lives in a thread, as its commands do. */
export const ended = ({ store, writer }: Bench, threadId: string): void => {
  const give = (name: string, command: object) =>
    writer.process([
      {
        drafts: [],
        command: {
          commandId: id(`${name} ${threadId}`),
          to: { streamId: threadId },
          command: decodeCommand({ threadId, ...command }),
          at: t0,
        },
      },
    ])
  const { sessionId = null } = store.whole("threads", [threadId]) ?? {}
  if (sessionId !== null) {
    give("reconcile", { type: "session.reconcile", sessionId, liveness: "gone", reason: "the test ends" })
  }
  for (const { row, table } of store.rowsOf(threadId)) {
    if (table === "turns" && "turnId" in row && row.status === "requested") {
      give(`interrupt ${String(row.turnId)}`, { type: "turn.interrupt", turnId: row.turnId })
    }
  }
}

/** Purges a thread of a database under test, to its end. */
export const purged = ({ writer, ...setup }: Bench, threadId: string): PurgeAnswer => {
  const clock = () => t0
  const offer: SealingOptions["offer"] = (submission, done) => {
    const [outcome] = writer.process([submission])
    if (outcome !== undefined) done(outcome)
  }
  const sealing = new Sealing({
    ...setup,
    clock,
    offer,
    refold: (_streamId, done) => done(null),
    wake: () => undefined,
  })
  const answer = sealed({ sealing }, threadId)
  stepped({ purging: new Purging({ ...setup, clock, space: noSpace, offer, wake: () => undefined }) })
  return answer
}

/** What is known of a stream: its events, their bodies, its rows. */
export const lookAt = ({ driver, store }: Bench, streamId: string) => {
  const events = driver.readStream(streamId, 0, 10_000)
  return {
    events,
    bodies: events.map(({ sequence }) => driver.readNative(sequence)),
    hash: hashStream(store.rowsOf(streamId)),
  }
}
