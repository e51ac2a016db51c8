/** The thread that reads earlier moments of threads: it folds, checks hashes and encodes answers, so that the main thread does not. */
import { parentPort, workerData } from "node:worker_threads"
import { MomentQueue } from "./MomentQueue.js"
import { MomentReader } from "./MomentReader.js"
import type { FromMomentThread, MomentThreadData, ToMomentThread } from "./momentProtocol.js"

// Both ends are of one build.
const data: MomentThreadData = workerData
const send = (message: FromMomentThread): void => parentPort?.postMessage(message)
const queue = new MomentQueue(() => new MomentReader({ ...data, clock: Date.now }), send)

parentPort?.on("message", (message: ToMomentThread) => {
  queue.take(message)
})
