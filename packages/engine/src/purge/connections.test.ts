/** What an agent says before its thread has an id goes with the last thread that its connection served. */
import { hashStream, rebuild } from "@threadfold/projections"
import { describe, expect, it } from "vitest"
import { directories, filesWith, type Opened, packedWith, proven, sealed, stepped } from "../../test/PurgeBench.js"
import { FakeSource, id, submit, t0 } from "../../test/support.js"
import type { EventDraft } from "../Submission.js"
import { eventSourceOf } from "../writer/index.js"
import { purgeStateOf } from "./PurgeState.js"

const folder = "/home/MARKER-2b7e15/project"

const { directory, killedStepByStep } = directories()

/** A process of an agent, and what it says by itself. */
class FakeConnection {
  readonly streamId: string
  private seq = 0
  constructor(name: string) {
    this.streamId = id(`connection ${name}`)
  }
  draft(type: string, payload: unknown, raw?: string): EventDraft {
    this.seq += 1
    const numbered = { channel: "agent", seq: this.seq, at: t0 + this.seq }
    return {
      to: { streamId: this.streamId },
      sessionId: null,
      actor: "provider",
      event: { type, payload, native: null, ...numbered, ...(raw === undefined ? {} : { raw }) },
    }
  }
  /** It comes up, for a thread where it is named, and is asked for a session in the folder. */
  opens(cwd: string, threadId?: string): readonly EventDraft[] {
    return [
      this.draft("connection.opened", {
        provider: "codex",
        mode: "managed",
        version: "1.2.3",
        pid: 77,
        command: ["codex", cwd],
        ...(threadId === undefined ? {} : { threadId }),
      }),
      { ...this.draft("session.start-requested", { data: { cwd } }, `{"params":{"cwd":"${cwd}"}}`), actor: "client" },
      this.draft("runtime.warning", { message: `stderr names ${cwd}` }, `{"stderr":"${cwd}"}`),
      this.draft("provider.unmapped", { method: "news", known: false, data: { cwd } }),
    ]
  }
  closes(): EventDraft {
    return this.draft("connection.closed", { reason: "exit", code: 3, message: `last words of ${folder}` })
  }
}

const session = (source: FakeSource, connection: FakeConnection, cwd: string): readonly EventDraft[] => [
  source.draft("session.started", { provider: "codex", mode: "managed", connectionId: connection.streamId, cwd }),
  source.draft("thread.started", { title: "t", cwd }),
  source.draft("session.exited", { reason: "exit", code: 0 }),
]

const take = ({ writer }: Opened, ...drafts: readonly EventDraft[]) => {
  const [outcome] = writer.process([submit(...drafts)])
  return outcome?.ok === true ? outcome.results.map(({ status }) => status) : outcome
}

const purge = (opened: Opened, streamId: string) => {
  const answer = sealed(opened, streamId)
  if (!answer.ok) throw answer.error
}

const isOver = ({ database: { driver } }: Opened, streamId: string) =>
  purgeStateOf(driver, streamId)?.finishedAt !== null

describe("a purge of the only thread of a connection", () => {
  it.each([
    ["while its messages are as they came", 0],
    ["when its messages are packed", 1_000],
  ])("leaves no byte of its folder in any file, %s", (_when, packed) => {
    const bench = directory()
    const opened = bench.open()
    const { driver, handle } = opened.database
    const connection = new FakeConnection("one")
    const gone = new FakeSource("gone")
    take(opened, ...connection.opens(folder), ...session(gone, connection, folder), connection.closes())
    while (driver.compressNative(packed || 1) > 0 && packed > 0);
    const before = opened.store.whole("connections", [connection.streamId])
    const hash = hashStream(opened.store.rowsOf(connection.streamId))
    const events = driver.readStream(connection.streamId, 0, 100)
    expect(filesWith(bench, folder).length + packedWith(handle, folder).length).toBeGreaterThan(0)

    purge(opened, gone.streamId)
    expect(stepped(opened)).toBe(true)
    expect(packedWith(handle, folder)).toEqual([])
    expect(filesWith(bench, folder)).toEqual([])
    expect(isOver(opened, gone.streamId)).toBe(true)
    expect(purgeStateOf(driver, connection.streamId)).toMatchObject({ sealedHash: hash, finishedAt: t0 + 60_000 })
    const left = driver.readStream(connection.streamId, 0, 100)
    expect(left.slice(0, -1)).toEqual(events.map((event) => ({ ...event, payload: "{}" })))
    expect(left.at(-1)).toMatchObject({ type: "connection.purged", actor: "orchestrator" })
    // The row stays, and follows from the tombstone alone.
    const { sequence, streamVersion, ...row } = before ?? {}
    const after = [...opened.store.rowsOf(connection.streamId)]
    expect(after).toMatchObject([{ table: "connections", row }])
    expect(proven(opened)).toEqual({ log: [], rows: [] })
    rebuild({ source: eventSourceOf(driver), store: opened.store })
    expect([...opened.store.rowsOf(connection.streamId)]).toEqual(after)

    // What its source sends again is not kept.
    const again = new FakeConnection("one")
    const head = opened.writer.head
    expect(take(opened, ...again.opens(folder))).toEqual(Array.from({ length: 4 }, () => "invalid"))
    expect(opened.writer.head).toBe(head)
    opened.close()
    expect(filesWith(bench, folder)).toEqual([])
  })

  it("goes on after a kill between any two steps", () => {
    const bench = directory()
    const begun = bench.open()
    const connection = new FakeConnection("one")
    const gone = new FakeSource("gone")
    take(begun, ...connection.opens(folder), ...session(gone, connection, folder), connection.closes())
    purge(begun, gone.streamId)
    const left = killedStepByStep(bench, begun)
    expect(left.kills).toBeGreaterThan(10)
    left.opened.close()
    expect(filesWith(left.bench, folder)).toEqual([])
  })

  it("waits for a connection that closes in a moment, and removes the thread meanwhile", () => {
    const bench = directory()
    const opened = bench.open()
    const { driver } = opened.database
    const connection = new FakeConnection("one")
    const gone = new FakeSource("gone")
    take(opened, ...connection.opens(folder), ...session(gone, connection, folder))
    purge(opened, gone.streamId)
    stepped(opened)
    expect(purgeStateOf(driver, gone.streamId)).toMatchObject({ phase: "wal", connections: 1, finishedAt: null })
    expect(
      driver
        .readStream(gone.streamId, 0, 100)
        .slice(0, -1)
        .every(({ payload }) => payload === "{}"),
    ).toBe(true)
    expect(take(opened, connection.closes())).toEqual(["appended"])
    stepped(opened)
    expect(isOver(opened, gone.streamId)).toBe(true)
    expect(filesWith(bench, folder)).toEqual([])
    opened.close()
  })
})

describe("a purge of one thread of several of a connection", () => {
  it("leaves the connection, until the last of them is purged", () => {
    const bench = directory()
    const opened = bench.open()
    const { driver } = opened.database
    const connection = new FakeConnection("shared")
    const [first, second] = [new FakeSource("first"), new FakeSource("second")]
    take(opened, ...connection.opens(folder), ...session(first, connection, folder))
    take(opened, ...session(second, connection, folder), connection.closes())
    purge(opened, first.streamId)
    stepped(opened)
    expect(isOver(opened, first.streamId)).toBe(true)
    expect(driver.purgeOf(connection.streamId)).toBeNull()
    expect(proven(opened)).toEqual({ log: [], rows: [] })
    purge(opened, second.streamId)
    stepped(opened)
    expect(isOver(opened, connection.streamId)).toBe(true)
    expect(filesWith(bench, folder)).toEqual([])
    expect(proven(opened)).toEqual({ log: [], rows: [] })
    opened.close()
  })
})

describe("a connection on which no session began", () => {
  /** The thread is there, and its agent ended before it opened a session. */
  const failed = (opened: Opened, connection: FakeConnection, of: FakeSource) =>
    take(opened, ...connection.opens(folder, of.streamId), connection.closes())

  it("goes with the thread that it was opened for", () => {
    const bench = directory()
    const opened = bench.open()
    const { driver } = opened.database
    const connections = Array.from({ length: 3 }, (_, n) => new FakeConnection(`failed ${n}`))
    const [gone, kept] = [new FakeSource("gone"), new FakeSource("kept")]
    const last = new FakeConnection("last")
    take(opened, ...last.opens(folder, gone.streamId), ...session(gone, last, folder), last.closes())
    for (const connection of connections) failed(opened, connection, gone)
    const theirs = new FakeConnection("theirs")
    take(opened, ...session(kept, theirs, "/other"))
    take(opened, ...theirs.opens("/other", kept.streamId))
    purge(opened, gone.streamId)
    stepped(opened)
    expect(isOver(opened, gone.streamId)).toBe(true)
    for (const { streamId } of [...connections, last]) expect(driver.purgeOf(streamId)).not.toBeNull()
    expect(driver.purgeOf(theirs.streamId)).toBeNull()
    expect(filesWith(bench, folder)).toEqual([])
    expect(proven(opened)).toEqual({ log: [], rows: [] })
    opened.close()
  })

  it("stays with another thread's purge, though that one had the only session on it", () => {
    const bench = directory()
    const opened = bench.open()
    const { driver } = opened.database
    const shared = new FakeConnection("shared")
    const [opener, other] = [new FakeSource("opener"), new FakeSource("other")]
    take(opened, ...session(opener, new FakeConnection("earlier"), folder))
    take(opened, ...shared.opens(folder, opener.streamId), ...session(other, shared, folder), shared.closes())
    purge(opened, other.streamId)
    stepped(opened)
    expect(isOver(opened, other.streamId)).toBe(true)
    expect(driver.purgeOf(shared.streamId)).toBeNull()
    purge(opened, opener.streamId)
    stepped(opened)
    expect(driver.purgeOf(shared.streamId)).not.toBeNull()
    expect(filesWith(bench, folder)).toEqual([])
    opened.close()
  })

  it("goes on after a kill between any two steps", () => {
    const bench = directory()
    const begun = bench.open()
    const [connection, gone] = [new FakeConnection("one"), new FakeSource("gone")]
    take(begun, ...session(gone, new FakeConnection("earlier"), folder))
    failed(begun, connection, gone)
    purge(begun, gone.streamId)
    const left = killedStepByStep(bench, begun)
    left.opened.close()
    expect(filesWith(left.bench, folder)).toEqual([])
  })
})
