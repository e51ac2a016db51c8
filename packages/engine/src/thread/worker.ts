/** The writer thread. It owns the database's handle; nothing here waits inside a transaction. */
import { parentPort, workerData } from "node:worker_threads"
import { OpenError, openSqlite } from "@threadfold/event-log"
import { Effect, Exit, Schema, Scope } from "effect"
import { type Submission, streamsOf } from "../Submission.js"
import { inBackground, startUpkeep } from "../upkeep/index.js"
import { CommitLoop, databaseGroups, makeWriter, sqliteSetup } from "../writer/index.js"
import { toSent } from "./SentOutcome.js"
import { type FromWriter, type ToWriter, WriterThreadOptions } from "./WriterThread.js"

/** How long the writer must have been idle before it packs native bodies, ms, and how many it packs at a time. */
const PACK_AFTER_MS = 1000
const PACK_AT_A_TIME = 256

const { disk = {}, file, stallAfterCommitMs = 0 } = Schema.decodeUnknownSync(WriterThreadOptions)(workerData)

const encodeOpenError = Schema.encodeSync(OpenError)

const pause = new Int32Array(new SharedArrayBuffer(4))

const send = (message: FromWriter): void => parentPort?.postMessage(message)

const main = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const database = yield* Scope.extend(openSqlite({ file, owner: "held", migrations: databaseGroups, disk }), scope)
  const setup = sqliteSetup(database, { clock: () => Date.now() })
  const writer = makeWriter(setup)
  const packWork = { step: () => database.driver.compressNative(PACK_AT_A_TIME) > 0 }
  // The number of each queued submission.
  const ids = new Map<Submission, number>()
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
      send({
        kind: "committed",
        head: writer.head,
        streamIds: [...streamsOf(outcomes)],
        changed: writer.changed.take(),
        outcomes: outcomes.flatMap((outcome, index) => {
          const submission = batch[index]
          const id = submission === undefined ? undefined : ids.get(submission)
          if (submission === undefined || id === undefined) return []
          ids.delete(submission)
          return [{ id, outcome: toSent(outcome) }]
        }),
      })
      stopPacking()
      stopPacking = pack()
    },
  })
  const busy = (): boolean => loop.busy
  const pack = (): (() => void) => inBackground(packWork, busy, PACK_AFTER_MS)
  let stopPacking = pack()
  const stopUpkeep = startUpkeep(setup, busy, (streamIds) => {
    writer.refolded(streamIds)
    send({ kind: "committed", head: writer.head, streamIds: [], changed: writer.changed.take(), outcomes: [] })
  })
  parentPort?.on("message", (message: ToWriter) => {
    switch (message.kind) {
      case "submit":
        for (const { id, submission } of message.submissions) {
          ids.set(submission, id)
          loop.offer(submission, () => undefined)
        }
        return
      case "meta":
        return send({ kind: "meta", id: message.id, value: database.driver.getMeta(message.key) })
      case "watch":
        writer.changed.watch(message.on)
        return send({ kind: "watching", id: message.id, head: writer.head })
      case "stop":
        loop.drain()
        stopPacking()
        stopUpkeep()
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
