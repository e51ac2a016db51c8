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

it.scoped("the bare server has a transaction for each push, with the event's row in it", () =>
  Effect.gen(function* () {
    const captured = yield* capturePushes(yield* directory, 7, makeAdapters(2), ["some ", "words "])
    // The two that open the sessions go before.
    expect(captured).toHaveLength(2 + 7)
    for (const transaction of captured) {
      expect(transaction.filter(({ sql }) => /INSERT INTO events\b/.test(sql))).toHaveLength(1)
    }
  }),
)
