import { defineConfig } from "vitest/config"

// Tests read the sources of every workspace package, so that a change needs no build before its test.
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: { include: ["src/**/*.test.ts", "test/**/*.test.ts"], testTimeout: 30_000, isolate: false },
})
