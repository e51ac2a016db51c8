/** Writers under test, on SQLite and in memory, and words for what they are fed. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ProviderEvent } from "@threadfold/contracts"
import { type Fold, mintId } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import { type LogDriver, memoryDriver, openSqlite } from "@threadfold/event-log"
import { putNewDatabase } from "@threadfold/event-log/fixtures"
import { type ProjectionStore, SqlStore } from "@threadfold/projections"
import { Effect, Exit, Scope } from "effect"
import {
  databaseGroups,
  type EventDraft,
  makeWriter,
  memoryWork,
  type Submission,
  sha256,
  type Writer,
} from "../src/index.js"
import { noSpace } from "../src/purge/index.js"
import { startUpkeep, type Upkeep } from "../src/upkeep/index.js"
import { sqliteWork } from "../src/work/SqliteWork.js"
import type { WorkStore } from "../src/work/WorkStore.js"
import type { WriterSetup } from "../src/writer/index.js"

export const t0 = 1_795_150_511_000
/** A UUIDv7 for a label, the same in every run. */
export const id = (label: string): string => mintId(sha256, t0, label)

/** A database under test: its parts, a writer on it, and a second writer as after a restart. */
export interface Bench {
  readonly driver: LogDriver
  readonly store: ProjectionStore
  readonly work: WorkStore
  readonly writer: Writer
  readonly restart: (fold?: Fold) => Writer
  readonly close: () => void
}

const bench = (driver: LogDriver, store: ProjectionStore, work: WorkStore, close: () => void, fold?: Fold): Bench => {
  const restart = (other?: Fold): Writer =>
    makeWriter({ driver, store, work, clock: () => t0 + 60_000, ...(other === undefined ? {} : { fold: other }) })
  return { driver, store, work, writer: restart(fold), restart, close }
}

export const inMemory = (fold?: Fold): Bench => {
  const driver = memoryDriver()
  const store = new MapStore()
  const work = memoryWork()
  // One transaction for both, as they have it in SQLite.
  const joined: LogDriver = {
    ...driver,
    transaction: (body) => driver.transaction(() => store.atomically(() => work.atomically(body))),
  }
  return bench(joined, store, work, () => undefined, fold)
}

const onSqlite = (fold?: Fold): Bench => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-engine-"))
  const scope = Effect.runSync(Scope.make())
  const file = join(directory, "threadfold.db")
  putNewDatabase(file, databaseGroups)
  const opened = Effect.runSync(Scope.extend(openSqlite({ file, migrations: databaseGroups }), scope))
  return bench(
    opened.driver,
    new SqlStore(opened.handle),
    sqliteWork(opened.handle),
    () => {
      Effect.runSync(Scope.close(scope, Exit.void))
      rmSync(directory, { recursive: true, force: true })
    },
    fold,
  )
}

/** A driver whose commits fail as SQLite's do on a full disk, until there is room. */
export const onFullDisk = (driver: LogDriver): { readonly driver: LogDriver; readonly hasRoom: () => void } => {
  let isFull = true
  const transaction: LogDriver["transaction"] = (body) =>
    driver.transaction(() => {
      const result = body()
      if (isFull) throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" })
      return result
    })
  return {
    driver: { ...driver, transaction },
    hasRoom: () => {
      isFull = false
    },
  }
}

/** Name → how to make one. */
export const databases: readonly (readonly [string, (fold?: Fold) => Bench])[] = [
  ["in memory", inMemory],
  ["on SQLite", onSqlite],
]

/** A thread that numbers its own events. */
export class FakeSource {
  seq = 0
  readonly streamId: string
  readonly sessionId: string
  constructor(
    readonly name: string,
    session = "s1",
  ) {
    this.streamId = id(`thread ${name}`)
    this.sessionId = id(`session ${name} ${session}`)
  }
  draft(
    type: string,
    payload: unknown,
    native?: ProviderEvent["native"],
    more: Partial<EventDraft["event"]> = {},
  ): EventDraft {
    this.seq += 1
    return {
      to: { streamId: this.streamId },
      sessionId: this.sessionId,
      actor: "provider",
      event: { type, payload, native: native ?? null, channel: "agent", seq: this.seq, at: t0 + this.seq, ...more },
    }
  }
  start(mode: "managed" | "imported" | "attached" = "managed"): EventDraft {
    return this.draft("session.started", { provider: "codex", mode })
  }
  turn(native: string): EventDraft {
    return this.draft("turn.started", {}, { turnId: native })
  }
  item(turn: string, native: string): EventDraft {
    return this.draft("item.started", { kind: "agent_message" }, { turnId: turn, itemId: native })
  }
  delta(turn: string, item: string, delta: string): EventDraft {
    return this.draft("content.delta", { stream: "text", delta }, { turnId: turn, itemId: item })
  }
  complete(turn: string): EventDraft {
    return this.draft("turn.completed", { outcome: "completed" }, { turnId: turn })
  }
}

/** The upkeep of a database under test. What it offers is committed at once. */
export const upkeepOf = (
  { writer, ...setup }: WriterSetup & { readonly writer?: Writer },
  busy: () => boolean,
  onRefolded: (streamIds: readonly string[]) => void = () => undefined,
): Upkeep =>
  startUpkeep(setup, {
    busy,
    onRefolded,
    offer: (submission, done) => {
      const [outcome] = (writer ?? makeWriter(setup)).process([submission])
      if (outcome !== undefined) done(outcome)
    },
    space: noSpace,
  })

export const submit = (...drafts: readonly EventDraft[]): Submission => ({ drafts })
