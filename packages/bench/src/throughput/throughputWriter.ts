/**
 * The process of `Writers.ts`: one kind of writer that takes a load a chunk at a time and reports what each chunk took. Argument: its
 * options as JSON. What it needs beside the writing itself (the load, the rows for the bare loop) is made before the clock starts.
 */
import { join } from "node:path"
import { sqliteDriver } from "@threadfold/event-log"
import { Effect } from "effect"
import { submissions } from "../Workload.js"
import { type Chunk, chunksOf, commitAll } from "./chunks.js"
import { engineOn, openDatabase } from "./engineOn.js"
import { measured, settleYoung, type Taken } from "./Meter.js"
import { Capture, prepareReplay } from "./RawLoop.js"
import type { FromWriter, ToWriter, WriterOptions } from "./Writers.js"

const { directory, kind, workload }: WriterOptions = JSON.parse(process.argv[2] ?? "{}")

const send = (message: FromWriter): void => void process.send?.(message)

/** The next word of the benchmark; it is gone where its channel is closed. */
const asked = Effect.async<ToWriter>((resume) => {
  const onMessage = (word: ToWriter): void => {
    process.off("message", onMessage).off("disconnect", gone)
    resume(Effect.succeed(word))
  }
  const gone = (): void => onMessage("stop")
  process.on("message", onMessage).on("disconnect", gone)
})

const load = chunksOf(submissions(workload), settleYoung)

/** Takes a chunk at each request, until a request to stop or the end of the load. */
const takeTurns = (take: (chunk: Chunk) => Effect.Effect<readonly Taken[]>) =>
  Effect.gen(function* () {
    while ((yield* asked) === "next") {
      const { done, value } = load.next()
      if (done === true) send({ kind: "taken", events: 0, taken: [] })
      else send({ kind: "taken", events: value.events, taken: yield* take(value) })
    }
  })

/**
 * The engine, and one without its chain of digests: in one process, because two of them differ by more than what is looked for,
 * however alike they are.
 */
const engines = Effect.gen(function* () {
  const whole = yield* engineOn(join(directory, "whole"), ({ driver }) => driver)
  const plain = yield* engineOn(join(directory, "without-digests"), ({ guard, handle }) =>
    sqliteDriver(handle, { guard, digests: false }),
  )
  let isFirst = false
  yield* takeTurns((chunk) =>
    Effect.gen(function* () {
      isFirst = !isFirst
      // In turns, so that neither of the two is always the first.
      const early = isFirst ? null : yield* measured(commitAll(plain.loop, chunk))
      const taken = yield* measured(commitAll(whole.loop, chunk))
      return [taken, early ?? (yield* measured(commitAll(plain.loop, chunk)))]
    }),
  )
  const { handle } = whole.database
  send({ kind: "stopped", synchronous: Number(handle.pragma("synchronous", { simple: true })) })
  handle.pragma("wal_checkpoint(TRUNCATE)")
})

/** The two bare loops: of all rows, and of the event rows only. An engine beside them, which is not measured, gives the rows. */
const bareLoops = Effect.gen(function* () {
  const capture = new Capture()
  const { loop } = yield* engineOn(join(directory, "captured"), ({ handle }) => {
    capture.watch(handle)
    return sqliteDriver(handle)
  })
  const all = (yield* openDatabase(join(directory, "all"))).handle
  const events = (yield* openDatabase(join(directory, "events"))).handle
  yield* takeTurns((chunk) =>
    Effect.gen(function* () {
      yield* commitAll(loop, chunk)
      const captured = capture.take()
      const replays = [
        prepareReplay(all, captured),
        prepareReplay(events, captured, (sql) => /INSERT INTO events\b/.test(sql)),
      ]
      settleYoung()
      return yield* Effect.forEach(replays, (replay) => measured(Effect.sync(replay)))
    }),
  )
  send({ kind: "stopped", synchronous: Number(all.pragma("synchronous", { simple: true })) })
})

void Effect.runPromise(
  Effect.scoped(kind === "bare" ? bareLoops : engines).pipe(Effect.ensuring(Effect.sync(() => process.disconnect?.()))),
)
