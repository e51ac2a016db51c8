/** The server that owns a data directory already, as its files say: `server.json` names it, and it answers to the directory's token. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { authorization, type Connection } from "../Connection.js"
import type { Handshake } from "./Backend.js"

const Discovery = Schema.parseJson(
  Schema.Struct({ url: Schema.String, pid: Schema.Number, version: Schema.String, tokenFile: Schema.String }),
)

/** How long it may take to answer, ms. */
const answerMs = 5_000

/** Whether a server is there and lets us in. */
const answers = (connection: Connection): Effect.Effect<boolean> =>
  Effect.tryPromise((signal) => fetch(`${connection.url}/readyz`, { headers: authorization(connection), signal })).pipe(
    Effect.map(({ ok }) => ok),
    Effect.timeout(answerMs),
    Effect.orElseSucceed(() => false),
  )

const read = (path: string) => Effect.tryPromise(() => readFile(path, "utf8"))

/** The server of a data directory; null: there is none that answers. */
export const foundServer = (dataDir: string): Effect.Effect<Handshake | null> =>
  Effect.gen(function* () {
    const { tokenFile, ...server } = yield* Effect.flatMap(
      read(join(dataDir, "server.json")),
      Schema.decodeUnknown(Discovery),
    )
    const found = { ...server, token: (yield* read(tokenFile)).trim() }
    return (yield* answers(found)) ? found : null
  }).pipe(Effect.orElseSucceed(() => null))

/** Looks at a server again and again; done when it has not answered twice in a row. */
export const untilGone = (connection: Connection, everyMs: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let missed = 0; missed < 2; ) {
      yield* Effect.sleep(everyMs)
      missed = (yield* answers(connection)) ? 0 : missed + 1
    }
  })
