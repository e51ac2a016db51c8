#!/usr/bin/env node
/** The program `threadfold`. */
import "./heap.js"
import "./modulePaths.js"

// Loaded afterwards: imports of this file would be run before it.
const [{ main }, { runProgram }] = await Promise.all([import("./cli/main.js"), import("./cli/signals.js")])
runProgram(main(process.argv))
