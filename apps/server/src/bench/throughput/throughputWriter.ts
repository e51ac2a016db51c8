/**
 * The process of `Writers.ts`: one kind of writer that takes a load a chunk at a time and says what each chunk took. Argument: its
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

const tell = (said: FromWriter): void => void process.send?.(said)

/** The next word of the benchmark; it is gone where its channel is closed. */
const asked = Effect.async<ToWriter>((resume) => {
  const said = (word: ToWriter): void => {
    process.off("message", said).off("disconnect", gone)
    resume(Effect.succeed(word))
  }
  const gone = (): void => said("stop")
  process.on("message", said).on("disconnect", gone)
})

const load = chunksOf(submissions(workload))

/** Takes a chunk whenever it is asked to, until it is told to stop or has no more. */
const takeTurns = (take: (chunk: Chunk) => Effect.Effect<readonly Taken[]>) =>
  Effect.gen(function* () {
    while ((yield* asked) === "next") {
      const { done, value } = load.next()
      if (done === true) tell({ kind: "taken", events: 0, taken: [] })
      else tell({ kind: "taken", events: value.events, taken: yield* take(value) })
    }
  })

/** The engine; `digests`: whether it writes its chain of digests. */
const engine = (digests: boolean) =>
  Effect.gen(function* () {
    const { database, loop } = yield* engineOn(directory, ({ driver, guard, handle }) =>
      digests ? driver : sqliteDriver(handle, { guard, digests }),
    )
    yield* takeTurns((chunk) =>
      Effect.map(Effect.zipRight(settleYoung, measured(commitAll(loop, chunk))), (taken) => [taken]),
    )
    tell({ kind: "stopped", synchronous: Number(database.handle.pragma("synchronous", { simple: true })) })
    database.handle.pragma("wal_checkpoint(TRUNCATE)")
  })

/** The two bare loops: of all rows, and of the event rows only. An engine beside them, which nobody measures, says the rows. */
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
      yield* settleYoung
      return yield* Effect.forEach(replays, (replay) => measured(Effect.sync(replay)))
    }),
  )
  tell({ kind: "stopped", synchronous: Number(all.pragma("synchronous", { simple: true })) })
})

void Effect.runPromise(
  Effect.scoped(kind === "bare" ? bareLoops : engine(kind === "engine")).pipe(
    Effect.ensuring(Effect.sync(() => process.disconnect?.())),
  ),
)
