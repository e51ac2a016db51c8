/**
 * `threadfold bench import`: what an import of session files costs, beside a bare loop that writes the same rows of all tables in the same
 * transactions. CPU time is told, too: a busy machine cannot falsify it.
 */
import { join } from "node:path"
import type { EngineWriter, Submission } from "@threadfold/engine"
import { type LogDriver, type SqliteDatabase, sqliteDriver } from "@threadfold/event-log"
import { type ImportOutcome, importThrough, type Recognized } from "@threadfold/imports"
import { Effect } from "effect"
import type { BenchError } from "./BenchError.js"
import { engineOn, openDatabase } from "./throughput/engineOn.js"
import { measured, type Taken } from "./throughput/Meter.js"
import { Capture, prepareReplay } from "./throughput/RawLoop.js"
import { workplace } from "./workplace.js"

/** One way to write the rows. */
export interface ImportFigures {
  readonly ms: number
  readonly cpuMs: number
  readonly linesPerSecond: number
  readonly linesPerCpuSecond: number
}

export interface BenchImportReport {
  readonly files: number
  readonly lines: number
  readonly events: number
  readonly transactions: number
  /** Reading, translating and writing; compiling the program's code is part of it, its start is not. */
  readonly import: ImportFigures
  /** A bare loop that writes the same rows of all tables in the same transactions. */
  readonly rawLoop: ImportFigures
  /** CPU time of the import as a multiple of the loop's. */
  readonly cpuRatio: number
}

/** A writer in this thread on a new database, as an import without a server has it. */
const writerOn = (directory: string, driverOf: (database: SqliteDatabase) => LogDriver) =>
  Effect.map(
    engineOn(directory, driverOf),
    ({ driver, loop }): EngineWriter => ({
      submit: (submission: Submission) =>
        Effect.async((resume) =>
          loop.offer(submission, (outcome) =>
            resume(outcome.ok ? Effect.succeed(outcome) : Effect.fail(outcome.error)),
          ),
        ),
      getMeta: (key: string) => Effect.sync(() => driver.getMeta(key)),
    }),
  )

const importAll = (writer: EngineWriter, recognized: readonly Recognized[]) =>
  Effect.forEach(recognized, (one) => importThrough(writer, one))

const rounded = (value: number, digits = 0): number => Number(value.toFixed(digits))

const figures = ({ cpuMicros, micros }: Taken, lines: number): ImportFigures => ({
  ms: rounded(micros / 1_000),
  cpuMs: rounded(cpuMicros / 1_000),
  linesPerSecond: rounded((lines * 1e6) / micros),
  linesPerCpuSecond: rounded((lines * 1e6) / cpuMicros),
})

/** Imports the files into databases that go away. */
export const benchImport = (recognized: readonly Recognized[]): Effect.Effect<BenchImportReport, BenchError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* workplace
      const writer = yield* writerOn(join(directory, "import"), ({ driver }) => driver)
      let outcomes: readonly ImportOutcome[] = []
      const importing = Effect.map(importAll(writer, recognized), (done) => {
        outcomes = done
      })
      const imported = yield* measured(importing)

      const capture = new Capture()
      const watched = yield* writerOn(join(directory, "captured"), ({ handle }) => {
        capture.watch(handle)
        return sqliteDriver(handle)
      })
      yield* importAll(watched, recognized)
      const captured = capture.take()
      const replay = prepareReplay((yield* openDatabase(join(directory, "raw"))).handle, captured)
      const raw = yield* measured(Effect.sync(replay))

      const sum = (of: (outcome: ImportOutcome) => number): number =>
        outcomes.reduce((total, outcome) => total + of(outcome), 0)
      const lines = sum((outcome) => outcome.lines)
      return {
        files: recognized.length,
        lines,
        events: sum((outcome) => outcome.events),
        transactions: captured.length,
        import: figures(imported, lines),
        rawLoop: figures(raw, lines),
        cpuRatio: rounded(imported.cpuMicros / raw.cpuMicros, 2),
      }
    }),
  )
