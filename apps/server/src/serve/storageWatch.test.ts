/** The warnings in the log while a disk becomes low, full and has room again. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Engine, type EngineService } from "@threadfold/engine"
import { type DiskSpace, databaseFile, judgeSpace } from "@threadfold/event-log"
import { type Duration, Effect, TestClock } from "effect"
import { warnOfStorage } from "./storageWatch.js"

const mebibyte = 1024 ** 2
/** A file system of 1 GiB with so much left: it is low below 100 MiB and full below 50. */
const spaceOf = (freeMebibytes: number): DiskSpace =>
  judgeSpace(
    { bavail: freeMebibytes, blocks: 1024, bsize: mebibyte },
    { warnFreeBytes: 100 * mebibyte, minFreeBytes: 50 * mebibyte },
  )

/** An engine over a real log whose disk has as much room as `disk` says. */
const watched = <A, E>(body: (engine: EngineService, disk: { free: number }) => Effect.Effect<A, E>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-watch-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true })),
      )
      const file = databaseFile(directory)
      return yield* Effect.provide(
        Effect.gen(function* () {
          const disk = { free: 500 }
          const real = yield* Engine
          const storage = Effect.sync(() => ({ lost: null, space: spaceOf(disk.free) }))
          return yield* body({ ...real, storage }, disk)
        }),
        Engine.layerInProcess({ file }),
      )
    }),
  )

/** The warnings in the log, as what they are of. */
const warnings = (engine: EngineService) =>
  Effect.map(engine.log.read({ limit: 100 }), (events) =>
    events.map(({ actor, channel, payload, seq, streamId, type }) => ({
      said: [type, actor, channel, seq],
      details: JSON.parse(payload).details,
      streamId,
    })),
  )

/** Time goes by, and what was given to the writer meanwhile is committed. */
const pass = (engine: EngineService, time: Duration.DurationInput) =>
  Effect.zipRight(TestClock.adjust(time), engine.submit({ drafts: [] }))

const detailsOf = (engine: EngineService) => Effect.map(warnings(engine), (all) => all.map(({ details }) => details))

describe("the watch over the disk", () => {
  it.effect("tells the log once when the disk becomes low, and once when there is room again", () =>
    watched((engine, disk) =>
      Effect.gen(function* () {
        yield* warnOfStorage(engine)
        yield* pass(engine, "5 seconds")
        expect(yield* warnings(engine)).toEqual([])
        disk.free = 90
        yield* pass(engine, "5 seconds")
        disk.free = 80
        yield* pass(engine, "5 seconds")
        disk.free = 200
        yield* pass(engine, "2 minutes")
        const [low, ok, ...others] = yield* warnings(engine)
        expect(others).toEqual([])
        expect(low).toMatchObject({
          details: "disk-low",
          said: ["runtime.warning", "orchestrator", "adapter:threadfold", 1],
        })
        expect(ok).toMatchObject({ details: "disk-ok", streamId: low?.streamId })
        expect(ok?.said[3]).toBe(2)
      }).pipe(Effect.scoped),
    ),
  )

  it.effect("tells a disk that goes up and down around the limit once a minute at most", () =>
    watched((engine, disk) =>
      Effect.gen(function* () {
        yield* warnOfStorage(engine)
        for (let step = 0; step < 15; step++) {
          disk.free = step % 2 === 0 ? 99 : 101
          yield* pass(engine, "10 seconds")
        }
        expect((yield* detailsOf(engine)).length).toBeLessThanOrEqual(6)
      }).pipe(Effect.scoped),
    ),
  )

  it.effect("writes nothing to a full disk, and tells afterwards that there is room again", () =>
    watched((engine, disk) =>
      Effect.gen(function* () {
        yield* warnOfStorage(engine)
        disk.free = 10
        yield* pass(engine, "2 minutes")
        expect(yield* warnings(engine)).toEqual([])
        disk.free = 300
        yield* pass(engine, "2 seconds")
        expect(yield* detailsOf(engine)).toEqual(["disk-ok"])
      }).pipe(Effect.scoped),
    ),
  )

  it.effect("goes on in the same stream after a restart, and repeats nothing", () =>
    watched((engine, disk) =>
      Effect.gen(function* () {
        disk.free = 90
        const run = Effect.scoped(Effect.zipRight(warnOfStorage(engine), pass(engine, "5 seconds")))
        yield* run
        yield* run
        expect(yield* detailsOf(engine)).toEqual(["disk-low"])
        disk.free = 300
        yield* run
        const all = yield* warnings(engine)
        expect(all.map(({ details }) => details)).toEqual(["disk-low", "disk-ok"])
        expect(new Set(all.map(({ streamId }) => streamId)).size).toBe(1)
      }),
    ),
  )
})
