/** Where a command finds its data: a file, a data directory, or the server that owns the directory. */
import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { databaseFile, type OwnerRecord, ownerOf, type StorageError } from "@threadfold/event-log"
import { Effect, Option } from "effect"
import { readDiscovery } from "../http/Discovery.js"
import { NoDatabaseIn } from "./dataDirectory.js"

/** The server of a data directory. */
export interface Server {
  readonly url: string
  readonly token: string
}

export type Place =
  /** A file that an option names: to be left as it is. */
  | { readonly kind: "file"; readonly file: string }
  /** A data directory that no process owns. */
  | { readonly kind: "directory"; readonly directory: string; readonly file: string }
  /** One that a live process owns; `server` is null for one that serves nothing, such as a running import. */
  | {
      readonly kind: "owned"
      readonly directory: string
      readonly file: string
      readonly owner: OwnerRecord | null
      readonly server: Server | null
    }

/** The server that a discovery file names, if it is the owner's own; a file that a killed server left behind names no server. */
const serverOf = (directory: string, owner: OwnerRecord | null): Server | null => {
  try {
    const found = readDiscovery(directory)
    if (found === null || found.pid !== owner?.pid) return null
    return { url: found.url, token: readFileSync(resolve(directory, found.tokenFile), "utf8").trim() }
  } catch {
    return null
  }
}

/** Looks at a data directory. */
const directoryPlace = (directory: string): Effect.Effect<Place, NoDatabaseIn | StorageError> =>
  Effect.flatMap(ownerOf(directory), (status): Effect.Effect<Place, NoDatabaseIn> => {
    const file = databaseFile(directory)
    if (status.owned) {
      const server = serverOf(directory, status.owner)
      return Effect.succeed({ kind: "owned", directory, file, owner: status.owner, server })
    }
    return existsSync(file) ? Effect.succeed({ kind: "directory", directory, file }) : new NoDatabaseIn({ directory })
  })

/** The place of a command. */
export const placeOf = (named: {
  /** `--db`. */
  readonly db: Option.Option<string>
  readonly directory: string
}): Effect.Effect<Place, NoDatabaseIn | StorageError> =>
  Option.match(named.db, {
    onSome: (file) => Effect.succeed({ kind: "file", file: resolve(file) }),
    onNone: () => directoryPlace(named.directory),
  })
