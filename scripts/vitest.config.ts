/**
 * All packages' tests as one project: a few workers take the files one by one and keep what they have loaded from file to
 * file (loading the libraries anew for each of two hundred files took longer than the tests). No test may leave anything
 * behind in a module; `it.layer` of `@effect/vitest` does (apps/server/test/http/support/sharing.ts has another way).
 */
import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { packages, root } from "./tools.mjs"
import { sharing, sources, testFiles } from "./vitest.package.js"

/**
 * Files and folders that take long, because they run whole programs. They go first: the last file is then a short one. A file's
 * length, by which Vitest orders the others, says nothing of the first two, of which each takes a minute of a worker.
 */
const long = [
  "/apps/server/test/page/",
  "/apps/server/test/cli/package.test.ts",
  "/apps/server/test/cli/",
  "/apps/server/test/agents/",
  "/packages/orchestrator/",
  "/apps/server/",
]

const rank = ({ moduleId }: TestSpecification): number => {
  const place = long.findIndex((folder) => moduleId.includes(folder))
  return place === -1 ? long.length : place
}

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

const folders = packages.filter(({ manifest }) => manifest.scripts?.test !== undefined).map(({ folder }) => folder)

/** One more than the cores: a third of the time a worker waits for a program, a disk or a clock. */
const workers = Math.min(6, availableParallelism() + 1)

export default defineConfig({
  root,
  ...sources,
  test: {
    ...sharing,
    include: folders.flatMap((folder) => testFiles.map((files) => `${folder}/${files}`)),
    maxWorkers: workers,
    // As many: the pool that ends a worker in a run may fail the run (vitest issue 8564).
    minWorkers: workers,
    sequence: { sequencer: LongFirst },
  },
})
