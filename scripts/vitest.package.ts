/** What the tests of every package need; each package's own `vitest.config.ts` is this, and `npm test` runs all by it. */
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

/** Sources of every workspace package are read, so that a change needs no build before its test. */
export const sources = { resolve: { conditions: ["source"] }, ssr: { resolve: { conditions: ["source"] } } }

/** A package's files with tests, in its folder. */
export const testFiles = ["src/**/*.test.ts", "test/**/*.test.ts"]

/**
 * Files that share a worker keep what is loaded: no test may leave anything behind in a module. Time limits are against tests
 * that hang, and count on a machine whose cores are busy with other work.
 */
export const sharing = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  teardownTimeout: 60_000,
  isolate: false,
  setupFiles: ["./blocking.ts", "./patience.ts", "../packages/testkit/test/seeds.ts"].map((file) =>
    fileURLToPath(new URL(file, import.meta.url)),
  ),
}

export default defineConfig({ ...sources, test: { ...sharing, include: testFiles } })
