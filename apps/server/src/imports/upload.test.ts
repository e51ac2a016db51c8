/** Uploads as they arrive: what is imported is the whole of a body. */
import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import { tmpdir } from "node:os"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { type BodyFile, receiveBody } from "./upload.js"

const limits = { bytes: 1000, silentMs: 60_000, minFreeBytes: 0 }

/** A file whose disk takes the first piece at once and holds the second one back. */
const slowFile = Effect.gen(function* () {
  const isReached = yield* Deferred.make<void>()
  const mayGoOn = yield* Deferred.make<void>()
  const written: string[] = []
  let writes = 0
  const file: BodyFile = {
    write: async (piece: Buffer, from: number) => {
      if (++writes === 2) {
        Deferred.unsafeDone(isReached, Effect.void)
        await Effect.runPromise(Deferred.await(mayGoOn))
      }
      written.push(piece.toString("utf8", from))
      return { bytesWritten: piece.length - from }
    },
  }
  return { file, isReached, mayGoOn, written }
})

it.effect("a body whose end arrives before its last piece is written is whole all the same", () =>
  Effect.gen(function* () {
    const { file, isReached, mayGoOn, written } = yield* slowFile
    const message = new IncomingMessage(new Socket())
    for (const piece of ["one ", "two", null]) message.push(piece)
    const hasEnded = yield* Deferred.make<void>()
    message.on("end", () => Deferred.unsafeDone(hasEnded, Effect.void))
    const receiving = yield* Effect.fork(receiveBody(message, file, tmpdir(), limits))
    yield* Deferred.await(isReached)
    yield* Deferred.await(hasEnded)
    message.emit("close")
    yield* Effect.yieldNow()
    expect(receiving.unsafePoll()).toBe(null)
    yield* Deferred.succeed(mayGoOn, undefined)
    yield* Fiber.join(receiving)
    expect(written.join("")).toBe("one two")
  }),
)
