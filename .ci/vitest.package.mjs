/** What the tests of every package need; each package's own `vitest.config.ts` is this, and `npm test` runs all by it. */
import { defineConfig } from "vitest/config"

/** Sources of every workspace package are read, so that a change needs no build before its test. */
export const sources = { resolve: { conditions: ["source"] }, ssr: { resolve: { conditions: ["source"] } } }

/** A package's files with tests, in its folder. */
export const testFiles = ["src/**/*.test.ts", "test/**/*.test.ts"]

/** Files that share a worker keep what is loaded: no test may leave anything behind in a module. */
export const sharing = { testTimeout: 30_000, isolate: false }

export default defineConfig({ ...sources, test: { ...sharing, include: testFiles } })
