import { defineConfig } from "vitest/config"
import { sources } from "../../scripts/vitest.package.js"

// What goes on for long and is no part of `npm test`: `npm run soak`.
export default defineConfig({ ...sources, test: { include: ["test/soak/**/*.soak.ts"], testTimeout: 1_800_000 } })
