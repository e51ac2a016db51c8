/** Projections of one's own: they follow the log, survive a restart, and are what a new fold of the log leads to. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Context, Effect, Layer } from "effect"
import { Engine } from "../Engine.js"
import type { EventDraft } from "../Submission.js"
import { engineOn, eventOf } from "../testing/LogUnderTest.js"
import { type OwnProjection, openOwnProjection, ownProjectionLayer } from "./OwnProjection.js"
import type { OwnProjectionSpec } from "./OwnTables.js"

/** How many warnings each thread has had, and the last of them. */
const warnings: OwnProjectionSpec = {
  name: "warnings",
  version: 1,
  tables: ["CREATE TABLE warnings (stream_id TEXT PRIMARY KEY, count INTEGER NOT NULL, last TEXT NOT NULL)"],
  types: ["runtime.warning"],
  fold: ({ eventId, streamId }, { run }) =>
    run(
      `INSERT INTO warnings VALUES (?, 1, ?)
       ON CONFLICT (stream_id) DO UPDATE SET count = count + 1, last = excluded.last`,
      streamId,
      eventId,
    ),
}

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-own-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
)
const engine = (place: string) => engineOn({ file: join(place, "threadfold.db") })
const append = (...drafts: readonly EventDraft[]) => Effect.flatMap(Engine, ({ submit }) => submit({ drafts }))
const counts = (projection: OwnProjection) =>
  Effect.map(projection.query("SELECT count FROM warnings ORDER BY stream_id"), (rows) =>
    rows.map(({ count }) => count),
  )
/** One run of the program. */
const run = <A, E>(place: string, body: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof engine>>>) =>
  Effect.provide(body, Layer.fresh(engine(place)))
const opened = (place: string, spec = warnings) => openOwnProjection(spec, place)

class Warnings extends Context.Tag("test/Warnings")<Warnings, OwnProjection>() {}

describe("a projection of one's own", () => {
  it.scoped("folds what is there and what comes, and goes on after a restart", () =>
    Effect.gen(function* () {
      const place = yield* directory
      const first = yield* run(
        place,
        Effect.scoped(
          Effect.gen(function* () {
            yield* append(eventOf(1), eventOf(2))
            const projection = yield* opened(place)
            yield* append(eventOf(3), eventOf(4, { stream: 2 }))
            yield* projection.reached(4)
            expect(yield* counts(projection)).toEqual([3, 1])
            return yield* projection.hash
          }),
        ),
      )
      yield* run(
        place,
        Effect.gen(function* () {
          yield* append(eventOf(5))
          const projection = yield* Warnings
          yield* projection.reached(5)
          expect(yield* counts(projection)).toEqual([4, 1])
          expect(yield* projection.hash).not.toBe(first)
          expect(yield* projection.check).toMatchObject({ ok: true, sequence: 5 })
        }).pipe(Effect.provide(ownProjectionLayer(Warnings, warnings, place))),
      )
    }),
  )

  it.scoped("tells that its rows are others than the log leads to, and makes them anew", () =>
    Effect.gen(function* () {
      const place = yield* directory
      yield* run(
        place,
        Effect.scoped(
          Effect.gen(function* () {
            const projection = yield* opened(place)
            yield* append(...Array.from({ length: 600 }, (_, index) => eventOf(index + 1)))
            yield* projection.reached(600)
            const right = yield* projection.hash
            expect(yield* Effect.flip(projection.query("DELETE FROM warnings"))).toMatchObject({
              message: expect.stringContaining("only reads"),
            })
            const handle = new Sqlite(join(place, "own-warnings.db"))
            handle.exec("UPDATE warnings SET count = 7")
            handle.close()
            const wrong = yield* projection.check
            expect([wrong.ok, wrong.expected]).toEqual([false, right])
            yield* projection.rebuild
            expect(yield* projection.check).toEqual({ ok: true, sequence: 600, hash: right, expected: right })
            yield* append(eventOf(601))
            yield* projection.reached(601)
            expect(yield* counts(projection)).toEqual([601])
          }),
        ),
      )
    }),
  )

  it.scoped(
    "stops before the event that its fold throws at, keeps what was before, and goes on once it is mended",
    () =>
      Effect.gen(function* () {
        const place = yield* directory
        const broken: OwnProjectionSpec = {
          ...warnings,
          fold: (event, tables) => {
            if (event.seq === 2) throw new Error("no second one")
            warnings.fold(event, tables)
          },
        }
        yield* run(
          place,
          Effect.scoped(
            Effect.gen(function* () {
              yield* append(eventOf(1))
              const projection = yield* opened(place, broken)
              yield* projection.reached(1)
              yield* append(eventOf(2), eventOf(3))
              const failure = yield* Effect.flip(projection.reached(3))
              expect(failure.message).toContain("no second one")
              expect([yield* projection.position, yield* counts(projection)]).toEqual([1, [1]])
            }),
          ),
        )
        yield* run(
          place,
          Effect.scoped(
            Effect.gen(function* () {
              const projection = yield* opened(place)
              yield* projection.reached(3)
              expect(yield* counts(projection)).toEqual([3])
              expect(yield* Effect.flip(opened(place, { ...warnings, name: "../other" }))).toMatchObject({
                _tag: "OwnProjectionFailed",
              })
            }),
          ),
        )
        // Another version of it begins anew.
        yield* run(
          place,
          Effect.scoped(
            Effect.gen(function* () {
              const projection = yield* opened(place, { ...warnings, version: 2, types: ["turn.started"] })
              yield* projection.reached(3)
              expect(yield* counts(projection)).toEqual([])
            }),
          ),
        )
      }),
  )
})
