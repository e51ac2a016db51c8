import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { capturePushes, makeAdapters } from "./pushes.js"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-pushes-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

it.scoped("the bare server has a transaction for each push, with the event's row in it, and commits as durably", () =>
  Effect.gen(function* () {
    const [one, other] = makeAdapters(2)
    if (one === undefined || other === undefined) throw new Error("there are two")
    const order = [one, one, one, other, one, other, other]
    const planned = yield* capturePushes(yield* directory, [one, other], order, ["some ", "words "])
    expect(planned.openings).toHaveLength(2)
    expect(planned.pushes).toHaveLength(order.length)
    const sources = planned.pushes.map((transaction) => {
      const events = transaction.filter(({ sql }) => /INSERT INTO events\b/.test(sql))
      expect(events).toHaveLength(1)
      return events
        .flatMap(({ values }) => values.flat())
        .find((value) => order.some(({ sessionId }) => sessionId === value))
    })
    expect(sources).toEqual(order.map(({ sessionId }) => sessionId))
    expect(Object.fromEntries(planned.settings)).toMatchObject({ journal_mode: "wal", synchronous: "2" })
  }),
)
