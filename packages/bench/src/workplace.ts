/** Where a benchmark keeps its databases. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StorageFailed } from "@threadfold/event-log"
import { Effect } from "effect"

/** A directory that goes with the scope. */
export const workplace = Effect.acquireRelease(
  Effect.try({
    try: () => mkdtempSync(join(tmpdir(), "threadfold-bench-")),
    catch: (error) => new StorageFailed({ message: `${String(error)}.` }),
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
)
