/** The writer thread. It owns the database's handle; nothing here waits inside a transaction. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads"
import { AllowedSizes, OpenError, openSqlite } from "@threadfold/event-log"
import { Effect, Exit, Schema, Scope } from "effect"
import { SubmitError } from "../Errors.js"
import { type PurgeAnswer, purgeStateOf } from "../purge/index.js"
import { type Submission, streamsOf } from "../Submission.js"
import { inBackground, type RefoldAnswer, type Step, startUpkeep } from "../upkeep/index.js"
import { CommitLoop, databaseGroups, makeWriter, spaceOf, sqliteSetup, submitErrorOf } from "../writer/index.js"
import { toSent } from "./SentOutcome.js"
import { submissionFromSent } from "./SentSubmission.js"
import type { LineToWriter, NumberedOutcome, WriterToLine } from "./WriterLine.js"
import { type FromWriter, type SentPurge, type ToWriter, WriterThreadOptions } from "./WriterThread.js"

/** How long the writer must have been idle before it packs native bodies, ms, and how many it packs at a time. */
const PACK_AFTER_MS = 1000
const PACK_AT_A_TIME = 256

const {
  disk = {},
  file,
  sizes: shared,
  stallAfterCommitMs = 0,
} = Schema.decodeUnknownSync(WriterThreadOptions)(workerData)

const encodeSubmitError = Schema.encodeSync(SubmitError)
const encodeOpenError = Schema.encodeSync(OpenError)

const pause = new Int32Array(new SharedArrayBuffer(4))

const send = (message: FromWriter): void => parentPort?.postMessage(message)

const main = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const sizes = new AllowedSizes(shared)
  const database = yield* Scope.extend(
    openSqlite({ file, owner: "held", migrations: databaseGroups, disk, sizes }),
    scope,
  )
  const setup = sqliteSetup(database, { clock: () => Date.now() })
  const writer = makeWriter(setup)
  // A commit notes its time and nothing more: a timer for each would cost more than the rest of what follows a commit.
  let committedAt = performance.now()
  let mayPack = true
  const packWork = {
    step: (): Step => {
      if (performance.now() - committedAt < PACK_AFTER_MS) return "later"
      mayPack = database.driver.compressNative(PACK_AT_A_TIME) > 0
      return mayPack
    },
  }
  // The number of each queued submission, and the port of its sender; null: the main thread.
  const senders = new Map<Submission, { readonly id: number; readonly port: MessagePort | null }>()
  const loop = new CommitLoop({
    process: (batch) => {
      const outcomes = writer.process(batch)
      if (stallAfterCommitMs > 0) Atomics.wait(pause, 0, 0, stallAfterCommitMs)
      return outcomes
    },
    defer: setImmediate,
    onCommit: (batch, outcomes) => {
      // Before the acknowledgements, so that a refused caller finds the reason at /readyz.
      if (database.guard.lost !== null) send({ kind: "lost", change: database.guard.lost })
      const own: NumberedOutcome[] = []
      const others: { readonly port: MessagePort; readonly answer: NumberedOutcome }[] = []
      for (const [index, outcome] of outcomes.entries()) {
        const submission = batch[index]
        const sender = submission === undefined ? undefined : senders.get(submission)
        if (submission === undefined || sender === undefined) continue
        senders.delete(submission)
        const answer: NumberedOutcome = [sender.id, toSent(outcome)]
        if (sender.port === null) own.push(answer)
        else others.push({ port: sender.port, answer })
      }
      send({
        kind: "committed",
        head: writer.head,
        streamIds: [...streamsOf(outcomes)],
        changed: writer.changed.take(),
        outcomes: own,
      })
      for (const { answer, port } of others) {
        port.postMessage({ kind: "committed", outcomes: [answer] } satisfies WriterToLine)
      }
      committedAt = performance.now()
      if (mayPack) return
      mayPack = true
      packing.wake()
    },
  })
  const busy = (): boolean => loop.busy
  const packing = inBackground(packWork, busy, PACK_AFTER_MS)
  const upkeep = startUpkeep(setup, {
    busy,
    onRefolded: (streamIds) => {
      writer.refolded(streamIds)
      send({ kind: "committed", head: writer.head, streamIds: [], changed: writer.changed.take(), outcomes: [] })
    },
    offer: (submission, done) => loop.offer(submission, done),
    space: spaceOf(database),
  })
  const failed = (error: SubmitError) => ({ ok: false, error: encodeSubmitError(error) }) as const
  const purged = (id: number, answer: PurgeAnswer): void =>
    send({ kind: "purged", id, answer: answer.ok ? answer : failed(answer.error) })
  const purgeOf = (threadId: string): SentPurge => {
    try {
      return { ok: true, purge: purgeStateOf(database.driver, threadId) }
    } catch (error) {
      return failed(submitErrorOf(error))
    }
  }
  const refolded = (id: number, answer: RefoldAnswer): void =>
    send({ kind: "refolded", id, answer: answer.ok ? answer : failed(answer.error) })
  const receive = (message: LineToWriter, port: MessagePort | null): void => {
    if (message.kind === "meta") {
      const answer = { kind: "meta", id: message.id, value: database.driver.getMeta(message.key) } as const
      return port === null ? send(answer) : port.postMessage(answer satisfies WriterToLine)
    }
    for (const [id, sent] of message.submissions) {
      const submission = submissionFromSent(sent)
      senders.set(submission, { id, port })
      loop.offer(submission, () => undefined)
    }
  }
  parentPort?.on("message", (message: ToWriter) => {
    switch (message.kind) {
      case "submit":
      case "meta":
        return receive(message, null)
      case "connect": {
        const { port } = message
        port.on("message", (line: LineToWriter) => receive(line, port))
        // The main thread alone keeps this one running.
        port.unref()
        return
      }
      case "watch":
        writer.changed.watch(message.on)
        return send({ kind: "watching", id: message.id, head: writer.head })
      case "refold":
        return upkeep.refold(message.streamId, message.table, (answer) => refolded(message.id, answer))
      case "purge":
        return upkeep.purge(message, (answer) => purged(message.id, answer))
      case "purge-of":
        return send({ kind: "purged", id: message.id, answer: purgeOf(message.threadId) })
      case "note-rebuild":
        return upkeep.noteRebuild(message.point, (answer) => refolded(message.id, answer))
      case "stop":
        loop.drain()
        packing.stop()
        upkeep.stop()
        Effect.runSync(Scope.close(scope, Exit.void))
        send({ kind: "stopped" })
        parentPort?.close()
    }
  })
  send({ kind: "ready" })
})

Effect.runPromise(
  Effect.catchAll(main, (error) => Effect.sync(() => send({ kind: "refused", error: encodeOpenError(error) }))),
)
