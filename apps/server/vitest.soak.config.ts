import { defineConfig } from "vitest/config"

// What goes on for long and is no part of `npm test`: `npm run soak`.
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: { include: ["test/soak/**/*.soak.ts"], testTimeout: 1_800_000 },
})
