import Sqlite from "better-sqlite3"
import { describe, expect, it } from "vitest"
import {
  directories,
  filesWith,
  hashOf,
  type Opened,
  type PurgeBench,
  packedWith,
  proven,
  sealed,
  stepped,
} from "../../test/PurgeBench.js"
import { commandOf, create } from "../../test/submissions.js"
import { FakeSource, id, submit, t0 } from "../../test/support.js"
import type { EventDraft } from "../Submission.js"
import { sampleBlob } from "../testing/BlobStoreContract.js"
import { sampleEffect } from "../testing/WorkStoreContract.js"
import { encodeForkMark } from "../writer/index.js"
import { purgeStateOf } from "./PurgeState.js"
import { purgeSize } from "./purgeSize.js"
import type { PurgeAnswer } from "./Sealing.js"

const marker = "MARKER-7f3a9c51"
const long = (text: string): string => `${text} `.repeat(3_000)

const { directory, killedStepByStep } = directories()

/** The same event as a client's own. */
const asClient = (draft: EventDraft): EventDraft => ({ ...draft, actor: "client" })

/** Everything of a thread that holds words, each with the text in it. */
const spoken = (source: FakeSource, text: string): readonly EventDraft[] => {
  const body = (draft: EventDraft, raw: string): EventDraft => ({ ...draft, event: { ...draft.event, raw } })
  return [
    body(source.start("imported"), `{"line":"${text} start"}`),
    source.draft("thread.started", { title: `title ${text}`, cwd: `/home/${text}`, model: text }),
    source.draft("thread.metadata.updated", { goal: { text } }),
    source.draft("turn.started", { text: `message ${text}` }, { turnId: "t1" }),
    asClient(source.draft("message.queued", { messageId: id(`message ${source.name}`), text: `queued ${text}` })),
    body(source.item("t1", "i1"), `{"line":"${text} item"}`),
    ...Array.from({ length: 150 }, (_, n) =>
      body(source.delta("t1", "i1", `piece ${n} ${text}\n`), `{"delta":"${n} ${text} of ${source.name}"}`),
    ),
    source.draft("item.started", { kind: "command", title: `$ echo ${text}` }, { turnId: "t1", itemId: "i2" }),
    source.draft("content.delta", { stream: "output", delta: `output ${text}` }, { turnId: "t1", itemId: "i2" }),
    body(
      source.draft(
        "item.completed",
        { kind: "command", status: "completed", text: `output ${text}`, data: { command: text, exitCode: 0 } },
        { turnId: "t1", itemId: "i2" },
      ),
      long(`{"output":"${text}"}`),
    ),
    source.draft(
      "request.opened",
      { kind: "command_approval", title: text, data: { arguments: { path: text } } },
      { turnId: "t1", requestId: "r1" },
    ),
    source.draft("request.resolved", { decision: "accept", data: { note: text } }, { turnId: "t1", requestId: "r1" }),
    source.draft("realtime.started", { version: "v2" }, { realtimeId: "v1" }),
    source.draft("realtime.transcript.done", { role: "user", text: `voice ${text}` }, { realtimeId: "v1" }),
    source.draft("turn.plan.updated", { steps: [{ step: text, status: "pending" }] }, { turnId: "t1" }),
    source.draft("runtime.error", { message: text, willRetry: false }),
    source.draft("tomorrow.news", { text }),
    source.complete("t1"),
    source.draft("session.exited", { reason: "exit", code: 0, message: `last words ${text}` }),
  ]
}

/** Events of two threads that take turns, so that their bodies share blocks. */
const interleaved = (a: readonly EventDraft[], b: readonly EventDraft[]): readonly EventDraft[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, n) => [a[n], b[n]]).flatMap((pair) =>
    pair.flatMap((draft) => (draft === undefined ? [] : [draft])),
  )

const renamed = { type: "thread.rename", title: `renamed ${marker}` }
const spokenName = "x"
const gone = new FakeSource(spokenName)

/** A directory with a thread full of the marker, a neighbour of the same form, and what both have in working tables. */
const filled = (): { readonly bench: PurgeBench; readonly gone: FakeSource; readonly kept: FakeSource } => {
  const bench = directory()
  const gone = new FakeSource(spokenName)
  const kept = new FakeSource("neighbour")
  const opened = bench.open()
  const { driver } = opened.database
  const drafts = interleaved(spoken(gone, marker), spoken(kept, "harmless"))
  for (let from = 0; from < drafts.length; from += 7) {
    const [outcome] = opened.writer.process([submit(...drafts.slice(from, from + 7))])
    // Each is stored as what it is: its words then are where such words are kept.
    expect(outcome?.ok === true ? outcome.results.filter(({ status }) => status !== "appended") : outcome).toEqual([])
  }
  // The same long line in both threads: it is stored once, and stays with the other one.
  const shared = long("shared by both")
  for (const source of [gone, kept]) {
    const draft = source.draft("tomorrow.news", { text: "shared" })
    opened.writer.process([submit({ ...draft, event: { ...draft.event, raw: shared } })])
  }
  // An image of this thread alone, and one of both.
  const own = sampleBlob(`image ${marker}`)
  const both = sampleBlob("image of both")
  driver.transaction(() => {
    for (const blob of [own, both]) opened.work.blobs.put(blob, t0)
    opened.work.blobs.refer(gone.streamId, [own.hash, both.hash])
    opened.work.blobs.refer(kept.streamId, [both.hash])
  })
  opened.writer.process([
    commandOf("rename", renamed, "key of rename", "digest of it"),
    commandOf("send", { type: "message.send", text: marker }, "key of refusal", "digest of it"),
  ])
  expect(opened.work.receipt("key of refusal")).toMatchObject({ answer: { refused: { reason: "thread-not-run" } } })
  while (driver.compressNative(1_000) > 0);
  // Bodies that are not packed yet.
  for (const source of [gone, kept]) {
    const draft = source.draft("tomorrow.news", { text: source === gone ? marker : "harmless" })
    opened.writer.process([
      submit({ ...draft, event: { ...draft.event, raw: `late ${source === gone ? marker : "h"}` } }),
    ])
  }
  opened.close()
  return { bench, gone, kept }
}

const bodiesOf = ({ database }: Opened, streamId: string) =>
  database.driver
    .readStream(streamId, 0, 10_000)
    .map(({ sequence }) => [sequence, database.driver.readNative(sequence)] as const)

describe("a purge", () => {
  it("leaves no byte of the thread in any file, and every byte of the others", () => {
    const { bench, gone, kept } = filled()
    expect(filesWith(bench, marker)).toEqual(["threadfold.db"])
    const opened = bench.open()
    const before = {
      hash: hashOf(opened, gone.streamId),
      kept: hashOf(opened, kept.streamId),
      bodies: bodiesOf(opened, kept.streamId),
      events: opened.database.driver.readStream(gone.streamId, 0, 10_000),
      neighbours: opened.database.driver.readStream(kept.streamId, 0, 10_000),
    }
    expect(packedWith(opened.database.handle, marker)).toEqual(expect.arrayContaining(["native_blocks", "blobs"]))
    const size = purgeSize(opened.database.handle, gone.streamId)

    const answer = sealed(opened, gone.streamId)
    if (!answer.ok) throw answer.error
    expect(answer).toMatchObject({
      ok: true,
      purge: { sealedHash: before.hash, finishedAt: null, phase: "connections" },
    })
    expect(stepped(opened)).toBe(true)

    const { driver, handle } = opened.database
    expect(driver.purgeOf(gone.streamId)?.finishedAt).toBe(t0 + 60_000)
    expect(packedWith(handle, marker)).toEqual([])
    expect(filesWith(bench, marker)).toEqual([])
    // Ids, types, times and places stay.
    const events = driver.readStream(gone.streamId, 0, 10_000)
    expect(events.slice(0, -1)).toEqual(before.events.map((event) => ({ ...event, payload: "{}" })))
    expect(events.at(-1)).toMatchObject({ type: "thread.purged", sequence: driver.head() })
    expect([...opened.store.rowsOf(gone.streamId)]).toMatchObject([
      { table: "threads", row: { status: "purged", title: null, cwd: null, firstWords: null, provider: "codex" } },
    ])
    expect(bodiesOf(opened, gone.streamId).every(([, body]) => body === null)).toBe(true)
    // The neighbour has everything, also where a block or a long body was shared.
    expect(bodiesOf(opened, kept.streamId)).toEqual(before.bodies)
    expect(driver.readStream(kept.streamId, 0, 10_000)).toEqual(before.neighbours)
    expect(hashOf(opened, kept.streamId)).toBe(before.kept)
    expect(proven(opened)).toEqual({ log: [], rows: [] })
    expect([`image ${marker}`, "image of both"].map((words) => opened.work.blobs.find(sampleBlob(words).hash))).toEqual(
      [null, expect.objectContaining({ size: "image of both".length })],
    )
    // What was foretold is what went.
    const again = sealed(opened, gone.streamId)
    expect(again).toMatchObject({ ok: true, purge: { removed: size, sealedHash: before.hash } })
    opened.close()
    expect(filesWith(bench, marker)).toEqual([])
  })

  it("goes on after a kill between any two steps, and ends as if there had been none", () => {
    const { bench, gone, kept } = filled()
    const begun = bench.open()
    const before = hashOf(begun, kept.streamId)
    const bodies = bodiesOf(begun, kept.streamId)
    expect(sealed(begun, gone.streamId).ok).toBe(true)
    const left = killedStepByStep(bench, begun)
    expect(left.kills).toBeGreaterThan(5)
    expect(bodiesOf(left.opened, kept.streamId)).toEqual(bodies)
    expect(hashOf(left.opened, kept.streamId)).toBe(before)
    left.opened.close()
    expect(filesWith(left.bench, marker)).toEqual([])
  })

  it("waits for a reader that still needs the write-ahead log, and keeps no other purge waiting", () => {
    const { bench, gone, kept } = filled()
    const opened = bench.open()
    const reader = new Sqlite(bench.file, { readonly: true })
    reader.exec("BEGIN")
    reader.prepare("SELECT count(*) FROM events").get()
    for (const { streamId } of [gone, kept]) expect(sealed(opened, streamId).ok).toBe(true)
    expect(stepped(opened)).toBe(true)
    const phase = (streamId: string) => purgeStateOf(opened.database.driver, streamId)?.phase
    expect([phase(gone.streamId), phase(kept.streamId)]).toEqual(["wal", "wal"])
    expect(filesWith(bench, marker).length).toBeGreaterThan(0)
    reader.exec("COMMIT")
    expect(stepped(opened)).toBe(true)
    expect(filesWith(bench, marker)).toEqual([])
    for (const { streamId } of [gone, kept]) {
      expect(purgeStateOf(opened.database.driver, streamId)?.finishedAt).not.toBeNull()
    }
    reader.close()
    opened.close()
  })

  it("keeps out whatever comes for the thread afterwards, and gives the first answer again", () => {
    const { bench, gone } = filled()
    const opened = bench.open()
    const first = sealed(opened, gone.streamId)
    stepped(opened)
    const head = opened.writer.head
    // The source sends everything again, and more; a client renames; a recording is read in again.
    const again = new FakeSource(spokenName)
    const [sent] = opened.writer.process([submit(...spoken(again, marker))])
    expect(sent?.ok === true ? new Set(sent.results.map(({ problem }) => problem)) : sent).toEqual(
      new Set(["thread-purged"]),
    )
    const refused = opened.writer.process([
      commandOf("later", { type: "thread.rename", title: marker }, "key of later"),
      commandOf("restore", { type: "thread.restore" }),
      { ...submit(...spoken(new FakeSource(spokenName), marker)), refuseLive: true },
      { ...submit(), importing: { streamId: gone.streamId, importId: "i", done: false } },
      { ...submit(), repeated: [gone.streamId] },
    ])
    expect(refused.map((outcome) => (outcome.ok ? outcome : Reflect.get(outcome.error, "reason")))).toEqual(
      Array.from({ length: 5 }, () => "thread-purged"),
    )
    expect(opened.writer.head).toBe(head)
    expect(opened.work.receipt("key of later")).toBeNull()
    // What was accepted before is answered as it was; the same key for something else is a conflict still.
    const [retried, other] = opened.writer.process([
      commandOf("rename again", renamed, "key of rename", "digest of it"),
      commandOf("rename other", renamed, "key of rename", "another digest"),
    ])
    expect(retried).toMatchObject({ ok: true, results: [], receipt: { threadId: gone.streamId } })
    expect(other).toMatchObject({ ok: false, error: { _tag: "CommandConflict" } })
    expect(opened.work.receipt("key of refusal")).toBeNull()
    const second = sealed(opened, gone.streamId)
    expect(second.ok && first.ok && second.purge.eventId === first.purge.eventId).toBe(true)
    expect(proven(opened)).toEqual({ log: [], rows: [] })
    opened.close()
    expect(filesWith(bench, marker)).toEqual([])
  })

  it.each<[string, (opened: Opened) => void, string]>([
    ["there is no such thread", () => undefined, "thread-not-found"],
    ["a session lives", ({ writer }) => void writer.process([submit(gone.start())]), "thread-busy"],
    [
      "a turn waits to start",
      ({ writer }) =>
        void writer.process([commandOf("create", create), commandOf("send", { type: "message.send", text: "a" })]),
      "thread-busy",
    ],
    [
      "a call to an agent is open",
      ({ database: { driver }, work, writer }) => {
        writer.process([commandOf("create", create)])
        driver.transaction(() =>
          work.insertEffect(sampleEffect("effect", { threadId: gone.streamId, kind: "session.stop" })),
        )
      },
      "thread-busy",
    ],
  ])("is refused where %s, and nothing is changed", (_name, prepare, reason) => {
    gone.seq = 0
    const bench = directory()
    const opened = bench.open()
    prepare(opened)
    const { head } = opened.writer
    const answer = sealed(opened, gone.streamId)
    expect(answer.ok ? answer : Reflect.get(answer.error, "reason")).toBe(reason)
    expect(opened.writer.head).toBe(head)
    expect(opened.database.driver.purgeOf(gone.streamId)).toBeNull()
    opened.close()
  })

  it("is refused where the thread is at another version than the one that was named", () => {
    const { bench, gone } = filled()
    const opened = bench.open()
    const { driver } = opened.database
    const version = driver.streamVersion(gone.streamId)
    const reason = (answer: PurgeAnswer) => (answer.ok ? answer : Reflect.get(answer.error, "reason"))
    expect(reason(sealed(opened, gone.streamId, version - 1))).toBe("precondition-failed")
    opened.writer.process([submit(gone.draft("tomorrow.news", { text: "more" }))])
    expect(reason(sealed(opened, gone.streamId, version))).toBe("precondition-failed")
    expect(driver.purgeOf(gone.streamId)).toBeNull()
    expect(sealed(opened, gone.streamId, version + 1)).toMatchObject({ ok: true })
    // Purged before: whatever version is named, the answer is that of the first time.
    expect(sealed(opened, gone.streamId, 1)).toMatchObject({ ok: true })
  })

  it("is refused while a fork of the thread is being copied, and not afterwards", () => {
    const { bench, gone } = filled()
    const fork = id("fork")
    const importId = encodeForkMark({
      kind: "fork",
      fromThreadId: gone.streamId,
      turnId: id("turn"),
      commandId: id("command"),
    })
    const part = { streamId: fork, importId }
    let opened = bench.open()
    opened.writer.process([{ ...submit(), importing: { ...part, done: false } }])
    opened.close()
    opened = bench.open()
    const answer = sealed(opened, gone.streamId)
    expect(answer.ok ? answer : answer.error).toMatchObject({
      reason: "thread-busy",
      message: expect.stringContaining(fork),
    })
    expect(opened.database.driver.purgeOf(gone.streamId)).toBeNull()
    opened.writer.process([{ ...submit(), importing: { ...part, done: true } }])
    expect(sealed(opened, gone.streamId).ok).toBe(true)
    opened.close()
  })

  it("is refused where the thread is being imported", () => {
    const bench = directory()
    const opened = bench.open()
    opened.writer.process([{ ...submit(), importing: { streamId: gone.streamId, importId: "i", done: false } }])
    const answer = sealed(opened, gone.streamId)
    expect(answer.ok ? answer : answer.error._tag).toBe("ThreadIncomplete")
    opened.close()
  })

  it("is taken for none where only its row is forged, or something is put back", () => {
    const { bench, gone, kept } = filled()
    const opened = bench.open()
    expect(sealed(opened, gone.streamId).ok).toBe(true)
    stepped(opened)
    const { handle } = opened.database
    // A payload that is back.
    handle.exec(
      `UPDATE events SET payload = '{"text":"other"}' WHERE stream_id = '${gone.streamId}' AND stream_version = 4`,
    )
    expect(proven(opened).log).toMatchObject([{ part: "payload", streamId: gone.streamId }])
    handle.exec(`UPDATE events SET payload = '{}' WHERE stream_id = '${gone.streamId}' AND stream_version = 4`)
    // Another sealed hash than that of the tombstone.
    handle.exec(`UPDATE purges SET sealed_hash = '${"0".repeat(64)}'`)
    expect(proven(opened).log).toEqual(expect.arrayContaining([expect.objectContaining({ part: "events" })]))
    handle.exec("DELETE FROM purges")
    // A purge of the neighbour that never was.
    handle.exec(`INSERT INTO purges VALUES ('${kept.streamId}', 1, 150, '${"0".repeat(64)}', 'event', 1, '{}', 1)`)
    handle.exec(`UPDATE events SET payload = '{}' WHERE stream_id = '${kept.streamId}' AND stream_version <= 150`)
    const found = proven(opened).log.filter(({ streamId }) => streamId === kept.streamId)
    expect(new Set(found.map(({ part }) => part))).toEqual(new Set(["events", "payload"]))
    opened.close()
  })
})
