/** The discovery file: how other programs of the same user find the server of a data directory. */
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts"
import { Effect, Option, Schema, type Scope } from "effect"

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

/** Keeps the discovery file for the life of the scope. Fails with `storage-failed`. */
export const announce = (dataDir: string, record: DiscoveryRecord): Effect.Effect<void, Problem, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        // Whole or not at all: a reader never meets half a record.
        const file = discoveryFile(dataDir)
        const draft = `${file}.${record.pid}`
        writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 })
        chmodSync(draft, 0o600)
        renameSync(draft, file)
      },
      catch: (error) =>
        new Problem({
          slug: "storage-failed",
          detail: `${discoveryFile(dataDir)}: ${error instanceof Error ? error.message : String(error)}.`,
        }),
    }),
    () => Effect.sync(() => rmSync(discoveryFile(dataDir), { force: true })),
  )
