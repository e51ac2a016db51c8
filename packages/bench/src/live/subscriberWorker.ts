/** The thread of `Subscriber.ts`: a client's stream of all events. */
import { parentPort, workerData } from "node:worker_threads"
import { events } from "@threadfold/client"
import { Effect, Stream } from "effect"
import type { FromSubscriber, SubscriberOptions } from "./Subscriber.js"

const { connection, pieces, threads, warmUp }: SubscriberOptions = workerData

const send = (message: FromSubscriber): void => parentPort?.postMessage(message)
const nowMs = (): number => performance.timeOrigin + performance.now()

/** When the pieces of a delta were sent, ms since the epoch. */
const moments = (payload: unknown): readonly number[] => {
  if (typeof payload !== "object" || payload === null || !("delta" in payload)) return []
  return [...String(payload.delta).matchAll(/(\d+\.\d{3});/g)].map((found) => Number(found[1]))
}

const delays: number[] = []
let run = 0
let come = 0

const read = events(connection, { after: 0 }).pipe(
  Stream.runForEach((message) =>
    Effect.sync(() => {
      const now = nowMs()
      if (message.kind !== "event") return
      if (message.event.type === "turn.started") {
        run += 1
        if (run === threads) send({ kind: "all-run" })
      }
      if (message.event.type !== "content.delta") return
      for (const moment of moments(message.event.payload)) {
        come += 1
        if (come === warmUp) send({ kind: "warm" })
        if (come > warmUp && come <= warmUp + pieces) delays.push(now - moment)
        if (come === warmUp + pieces) send({ kind: "all", delays })
      }
    }),
  ),
)

void Effect.runPromise(read)
