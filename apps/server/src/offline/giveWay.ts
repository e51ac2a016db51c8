/**
 * Lowers a job's thread that works beside a server. It is imported before anything else: to load a job's modules takes as long as the
 * work over a small log, and calls would wait for it.
 */
import { readlinkSync } from "node:fs"
import { setPriority } from "node:os"
import { workerData } from "node:worker_threads"

/** How much lower than the server's threads this one stands for a processor, in steps of `nice`. */
const LOWER = 10

/**
 * Lets the server's threads have the processors first. Linux counts a priority per thread, under the name that it has in /proc;
 * elsewhere the thread stays as it is.
 */
const yieldToServer = (): void => {
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1))
    if (Number.isInteger(thread)) setPriority(thread, LOWER)
  } catch {
    // No such place, or not allowed: the work is right all the same.
  }
}

const data: unknown = workerData
if (typeof data === "object" && data !== null && "beside" in data && data.beside === true) yieldToServer()
