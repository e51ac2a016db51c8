/**
 * kill -9 at random points of an ingest: whatever was acknowledged is in the log under the sequence that was told, the
 * next start just works, and the projections are what the log leads to. Once through `serve` as a whole, and, because
 * its start takes a second, more often through the built engine alone. `KILLS` and `SEED` in the environment make it a
 * soak.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { CheckReport, VerifyReport } from "@threadfold/contracts"
import { eventSourceOf } from "@threadfold/engine"
import { sqliteDriver } from "@threadfold/event-log"
import { childBundle } from "@threadfold/event-log/testing"
import { SqlStore, verify } from "@threadfold/projections"
import { isRunning } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { document, temporary } from "./program.js"
import { attach, push, serve } from "./server.js"

const kills = Number(process.env.KILLS ?? 10)
/** How many of them hit a whole server. */
const serverKills = Math.ceil(kills / 10)
const seed = Number(process.env.SEED ?? 7)

/** The child as one file. */
const bundled = mkdtempSync(fileURLToPath(new URL("../../node_modules/.ingest-", import.meta.url)))
const engineProgram = join(bundled, "ingest.mjs")
beforeAll(() =>
  build({
    ...childBundle,
    entryPoints: [fileURLToPath(new URL("./child/ingest.mjs", import.meta.url))],
    outfile: engineProgram,
  }),
)
afterAll(() => rmSync(bundled, { recursive: true, force: true }))

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
const randomOf = (start: number) => {
  let state = start
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A source that tells one turn after the other, and sends again what was not acknowledged. */
interface Source {
  readonly sessionId: string
  readonly threadId: string
  readonly nativeThreadId: string
  /** Number of the last event that was acknowledged. */
  acknowledged: number
  /** Number → sequence in the log, as it was told. */
  readonly told: Map<number, number>
}

/** An event as an adapter sends it. */
interface NumberedEvent {
  readonly seq: number
  readonly [field: string]: unknown
}

const eventsPerTurn = 12
const batch = 10

/** The event with this number: turn started, an item with deltas, turn completed. */
const eventOf = (source: Source, seq: number): NumberedEvent => {
  const turn = Math.floor((seq - 1) / eventsPerTurn)
  const step = (seq - 1) % eventsPerTurn
  const native = { threadId: source.nativeThreadId, turnId: `turn-${turn}` }
  const item = { ...native, itemId: `item-${turn}` }
  const envelope = { channel: "adapter:test", seq, at: 1_760_000_000_000 + seq }
  const kind = { kind: "agent_message", nativeKind: "message" }
  if (step === 0) return { ...envelope, type: "turn.started", native, payload: {} }
  if (step === 1) return { ...envelope, type: "item.started", native: item, payload: kind }
  if (step === eventsPerTurn - 2) {
    return {
      ...envelope,
      type: "item.completed",
      native: item,
      payload: { ...kind, status: "completed", text: `answer ${turn}` },
    }
  }
  if (step === eventsPerTurn - 1)
    return { ...envelope, type: "turn.completed", native, payload: { outcome: "completed" } }
  return { ...envelope, type: "content.delta", native: item, payload: { stream: "text", delta: `word ${seq} ` } }
}

/** What became of one event. */
interface Told {
  readonly seq: number | null
  readonly status: string
  readonly sequence?: number | null | undefined
}

/** A process that takes events. */
interface Ingester {
  readonly child: ChildProcess
  /** Opens the session of a source; again after a restart. */
  readonly open: (source: Source) => Promise<void>
  /** Resolves after the commit; rejects with {@link Gone} where the process has gone. */
  readonly push: (source: Source, events: readonly NumberedEvent[]) => Promise<readonly Told[]>
}

class Gone extends Error {}

const server = async (directory: string): Promise<Ingester> => {
  const running = await serve(directory)
  const gone = (error: unknown): never => {
    // What fetch says of a connection that broke.
    throw error instanceof TypeError ? new Gone() : error
  }
  return {
    child: running.child,
    open: ({ nativeThreadId, sessionId }) => attach(running, sessionId, nativeThreadId),
    push: (source, events) => push(running, source.sessionId, events).catch(gone),
  }
}

const engine = async (directory: string): Promise<Ingester> => {
  const child = spawn(process.execPath, [engineProgram, join(directory, "threadfold.db")], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  const waiting = new Map<
    number,
    { readonly done: (told: readonly Told[]) => void; readonly fail: (error: Error) => void }
  >()
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { error, id, ready, results } = JSON.parse(line)
      if (ready === true) return resolve()
      if (error === undefined) waiting.get(id)?.done(results)
      else waiting.get(id)?.fail(new Error(error))
    })
    child.on("close", (code, signal) => {
      reject(new Error(`the engine ended with ${code ?? signal}`))
      for (const { fail } of waiting.values()) fail(new Gone())
    })
  })
  child.stdin.on("error", () => undefined)
  let next = 0
  const submit = (drafts: readonly object[]) =>
    new Promise<readonly Told[]>((done, fail) => {
      if (child.exitCode !== null || child.signalCode !== null) return fail(new Gone())
      next += 1
      waiting.set(next, { done, fail })
      return child.stdin.write(`${JSON.stringify({ id: next, drafts })}\n`)
    })
  const draftOf = ({ sessionId, threadId }: Source, event: object) => ({
    to: { streamId: threadId },
    sessionId,
    actor: "provider",
    event,
  })
  await ready
  return {
    child,
    open: async (source) => {
      const started = { type: "session.started", channel: null, seq: null, at: 1, eventId: source.sessionId }
      await submit([draftOf(source, { ...started, payload: { provider: "test", mode: "managed" } })])
    },
    push: async (source, events) => {
      const told = await submit(events.map((event) => draftOf(source, event)))
      return told.map((one, index) => ({ ...one, seq: events[index]?.seq ?? null }))
    },
  }
}

/** Pushes batch after batch until the process is gone; tells of every acknowledgement. */
const pump = async (ingester: Ingester, source: Source, onAcknowledged: () => void): Promise<void> => {
  for (;;) {
    const first = source.acknowledged + 1
    const events = Array.from({ length: batch }, (_, index) => eventOf(source, first + index))
    for (const { seq, sequence, status } of await ingester.push(source, events)) {
      if (seq === null || typeof sequence !== "number" || (status !== "appended" && status !== "duplicate")) {
        throw new Error(`event ${seq} became ${status}`)
      }
      source.told.set(seq, sequence)
    }
    source.acknowledged = first + batch - 1
    onAcknowledged()
  }
}

/** Lets the event loop turn so many times. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** What the log holds of every source, and whether the rows are what it leads to. */
const look = (file: string, sources: readonly Source[]): void => {
  const handle = new Sqlite(file, { readonly: true })
  try {
    const stored = handle.prepare<[string], { readonly seq: number; readonly sequence: number }>(
      "SELECT seq, sequence FROM events WHERE session_id = ? AND seq IS NOT NULL ORDER BY sequence",
    )
    for (const { acknowledged, sessionId, told } of sources) {
      const rows = stored.all(sessionId)
      // In order, each once, without a hole: a source sends the next batch when the last one is acknowledged.
      expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_row, index) => index + 1))
      expect(rows.length).toBeGreaterThanOrEqual(acknowledged)
      expect(new Map(rows.slice(0, acknowledged).map(({ seq, sequence }) => [seq, sequence]))).toEqual(told)
    }
    const report = verify({
      source: eventSourceOf(sqliteDriver(handle)),
      store: new SqlStore(handle),
      readTransaction: (body) => handle.transaction(body).deferred(),
    })
    expect([report.ok, report.stale]).toEqual([true, []])
  } finally {
    handle.close()
  }
}

/** Kills so many processes over one directory, each at a point that the seed chooses. */
const killAgainAndAgain = async (start: (directory: string) => Promise<Ingester>, times: number): Promise<void> => {
  const random = randomOf(seed)
  const directory = join(temporary(), "data")
  const file = join(directory, "threadfold.db")
  const sources: readonly Source[] = [1, 2, 3].map((number) => ({
    sessionId: `019aa000-0000-7000-8000-00000000000${number}`,
    threadId: `019aa000-0000-7000-9000-00000000000${number}`,
    nativeThreadId: `native-${number}`,
    acknowledged: 0,
    told: new Map(),
  }))
  const pids: number[] = []
  for (let kill = 0; kill < times; kill++) {
    const ingester = await start(directory)
    const { child } = ingester
    pids.push(child.pid ?? 0)
    const ended = new Promise((resolve) => child.once("close", (_code, signal) => resolve(signal)))
    for (const source of sources) await ingester.open(source)
    let left = Math.floor(random() * 12)
    const beyond = Math.floor(random() * 40)
    let now: () => void = () => undefined
    const reached = new Promise<void>((resolve) => {
      now = resolve
    })
    if (left === 0) now()
    const pumps = sources.map((source) =>
      pump(ingester, source, () => {
        left -= 1
        if (left <= 0) now()
      }).catch((error: unknown) => {
        if (!(error instanceof Gone)) throw error
      }),
    )
    await Promise.race([reached, Promise.all(pumps)])
    await turns(beyond)
    child.kill("SIGKILL")
    await Promise.all(pumps)
    expect(await ended).toBe("SIGKILL")
    look(file, sources)
  }
  const ingester = await start(directory)
  for (const source of sources) {
    await ingester.open(source)
    const [again] = await ingester.push(source, [eventOf(source, 1)])
    const first = source.told.get(1)
    expect(again?.status).toBe(first === undefined ? again?.status : "duplicate")
    expect(again?.sequence).toBe(first ?? again?.sequence)
  }
  const ended = new Promise((resolve) => ingester.child.once("close", resolve))
  ingester.child.kill("SIGKILL")
  await ended
  expect((await document(VerifyReport, ["verify", "--data-dir", directory])).ok).toBe(true)
  expect(await document(CheckReport, ["check", "--data-dir", directory])).toEqual({ ok: true, violations: [] })
  for (const pid of pids) expect(isRunning(pid)).toBe(false)
}

describe(`nothing that was acknowledged is lost (seed ${seed})`, () => {
  it(`by a server killed ${serverKills} times`, { timeout: 600_000 + serverKills * 10_000 }, () =>
    killAgainAndAgain(server, serverKills),
  )
  it(`by an engine killed ${kills - serverKills} times`, { timeout: 600_000 + kills * 5_000 }, () =>
    killAgainAndAgain(engine, kills - serverKills),
  )
})
