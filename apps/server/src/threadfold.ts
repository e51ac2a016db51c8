#!/usr/bin/env node
/** The program `threadfold`. */
import "./heap.js"
import "./modulePaths.js"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { compiledParts } from "./compiledProgram.js"

// Loaded afterwards: imports of this file would be run before it.
const compiled = compiledParts(dirname(fileURLToPath(import.meta.url)))
const { main, runProgram } = await (compiled === null ? import("./cli/main.js") : compiled.program())
runProgram(main(process.argv))
