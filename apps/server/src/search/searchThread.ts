/** The thread that keeps the search index and adds tokens up: what takes longer than the main thread may. */
import { parentPort, workerData } from "node:worker_threads"
import type { FromSearchThread, SearchThreadData, ToSearchThread } from "./SearchQuestions.js"
import { SearchQuestions } from "./SearchQuestions.js"

// Both ends are of one build.
const { directory }: SearchThreadData = workerData
const send = (message: FromSearchThread): void => parentPort?.postMessage(message)
const questions = new SearchQuestions({ directory, now: () => performance.now(), onDemand: false }, send)

parentPort?.on("message", (message: ToSearchThread) => {
  questions.take(message)
})
