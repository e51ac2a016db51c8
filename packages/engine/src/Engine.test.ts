import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { openSqlite } from "@threadfold/event-log"
import { childBundle } from "@threadfold/event-log/testing"
import { Effect } from "effect"
import { build } from "esbuild"
import { story } from "../test/commandSession.js"
import { id } from "../test/support.js"
import { Engine } from "./Engine.js"
import { databaseGroups } from "./writer/sqlite.js"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-engine-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
)
const inProcess = Effect.flatMap(directory, (made) =>
  Effect.provide(story, Engine.layerInProcess({ file: join(made, "threadfold.db") })),
)

describe("an engine answers the sender of a command with", () => {
  it.scoped("what it led to, the same to a retry, and why it is refused", () =>
    Effect.gen(function* () {
      const result = yield* inProcess
      const receipt = { commandId: id("command send"), threadId: id("thread x"), messageId: null, sequence: 2 }
      expect(result).toMatchObject({
        created: { head: 1, receipt: { commandId: id("command create"), sequence: 1 }, effects: [] },
        sent: {
          head: 2,
          statuses: ["appended"],
          receipt,
          effects: [{ kind: "turn.start", status: "pending", payload: { text: "hällo 🧵", settings: { model: "m" } } }],
        },
        again: { head: 2, statuses: [], receipt, effects: [] },
        other: { refused: { _tag: "CommandConflict" } },
        refused: { refused: { _tag: "CommandRefused", reason: "turn-active" } },
        leased: { receipt: null, effects: [], statuses: [] },
        late: { refused: { _tag: "EffectConflict" } },
        interrupted: { effects: [{ kind: "turn.interrupt" }] },
      })
    }),
  )

  it.scoped("the same from a writer thread, also by a port of its own, and an error when it has ended", () =>
    Effect.gen(function* () {
      const here = yield* inProcess
      const made = yield* directory
      const files = ["first", "second"].map((name) => join(made, name, "threadfold.db"))
      // The caller owns the directories, and has made the databases.
      for (const file of files) {
        mkdirSync(dirname(file))
        yield* Effect.scoped(openSqlite({ file, migrations: databaseGroups }))
      }
      const built = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(fileURLToPath(new URL("../node_modules/.child-", import.meta.url)))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
      )
      yield* Effect.promise(() =>
        build({
          ...childBundle,
          entryPoints: {
            child: fileURLToPath(new URL("../test/child/worker.mjs", import.meta.url)),
            worker: fileURLToPath(new URL("thread/worker.ts", import.meta.url)),
          },
          outdir: built,
          splitting: true,
        }),
      )
      const run = promisify(execFile)(process.execPath, [join(built, "child.js"), ...files], { timeout: 600_000 })
      const { stdout } = yield* Effect.promise(() => run)
      const ended = { _tag: "EngineStopped", message: "the writer thread has ended" }
      expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify([here, here, [ended, ended]])))
    }),
  )
})
