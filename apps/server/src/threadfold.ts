#!/usr/bin/env node
/** The program `threadfold`. */
import { NodeRuntime } from "@effect/platform-node"
import { Exit } from "effect"
import { main } from "./cli/main.js"

/** What a shell expects of a program that a signal ended: 128 and the number of SIGINT. */
const interrupted = 130

NodeRuntime.runMain(main(process.argv), {
  disableErrorReporting: true,
  teardown: (exit, end) => end(Exit.isSuccess(exit) && typeof exit.value === "number" ? exit.value : interrupted),
})
