/** The discovery file: how other programs of the same user find the server of a data directory. */
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { Problem } from "@threadfold/contracts/problem"
import { writeWhole } from "@threadfold/event-log"
import { Effect, Option, Schema, type Scope } from "effect"
import { writeProblem } from "../offline/databaseProblem.js"

/** Content of `server.json`. */
export const DiscoveryRecord = Schema.Struct({
  /** Where the server listens, for example `http://127.0.0.1:7420`. */
  url: Schema.String,
  /** Process id of the server. */
  pid: Schema.Number,
  /** Version of the server. */
  version: Schema.String,
  /** Path of the file that holds the token. */
  tokenFile: Schema.String,
})
export type DiscoveryRecord = typeof DiscoveryRecord.Type

/** Where the discovery file of a data directory lies. */
export const discoveryFile = (dataDir: string): string => join(dataDir, "server.json")

const decode = Schema.decodeUnknownOption(Schema.parseJson(DiscoveryRecord))

/** The server of a data directory as its discovery file tells it, or null. A server that was killed leaves its file. */
export const readDiscovery = (dataDir: string): DiscoveryRecord | null => {
  try {
    return Option.getOrNull(decode(readFileSync(discoveryFile(dataDir), "utf8")))
  } catch {
    return null
  }
}

/** Keeps the discovery file for the life of the scope. Fails with `disk-full` or `storage-failed`. */
export const announce = (dataDir: string, record: DiscoveryRecord): Effect.Effect<void, Problem, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => writeWhole(discoveryFile(dataDir), `${JSON.stringify(record)}\n`),
      catch: (error) => writeProblem(discoveryFile(dataDir), error),
    }),
    () => Effect.sync(() => rmSync(discoveryFile(dataDir), { force: true })),
  )
