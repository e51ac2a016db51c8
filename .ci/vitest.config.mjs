/**
 * All packages' tests in one run: two workers share the files of all of them, so that neither waits for the other. The
 * packages keep what they have loaded from file to file (`isolate: false` in their own configuration): loading the libraries
 * anew for each of two hundred files took longer than the tests. No test may leave anything behind in a module; `it.layer`
 * of `@effect/vitest` does (apps/server/test/http/support/sharing.ts has another way).
 */
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { packages, root } from "./tools.mjs"

export default defineConfig({
  root,
  test: {
    projects: packages
      .filter(({ manifest }) => manifest.scripts?.test !== undefined)
      .map(({ folder }) => join(root, folder)),
    maxWorkers: 2,
    minWorkers: 1,
  },
})
