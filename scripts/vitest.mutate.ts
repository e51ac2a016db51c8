/** The tests of the workflow's rules alone: what a mutant of them has to fail. */
import { defineConfig } from "vitest/config"
import { root } from "./tools.mjs"
import { sources } from "./vitest.package.js"

export default defineConfig({ root, ...sources, test: { include: ["packages/core/src/workflow/*.test.ts"] } })
