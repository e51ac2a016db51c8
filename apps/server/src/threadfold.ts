#!/usr/bin/env node
/** The program `threadfold`. */
import "./heap.js"
import "./modulePaths.js"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { compiledProgram } from "./compiledProgram.js"

// Loaded afterwards: imports of this file would be run before it.
const { main, runProgram } = compiledProgram(dirname(fileURLToPath(import.meta.url))) ?? (await import("./cli/main.js"))
runProgram(main(process.argv))
