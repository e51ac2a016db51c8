#!/usr/bin/env node
/** The program `threadfold`. */
import "./heap.js"
import { main } from "./cli/main.js"
import { runProgram } from "./cli/signals.js"

runProgram(main(process.argv))
