/**
 * The keys of browsers that may sign in without a link: their public halves, in a file of the data directory. They are bound to the
 * server's token: with another token there are none.
 */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto"
import { join } from "node:path"
import { PageKey, type PagePublicKey } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { writeWhole } from "@threadfold/event-log"
import { Effect, Either, Option, Schema } from "effect"
import { writeProblem } from "../../offline/databaseProblem.js"
import { readOwnFile } from "../security/ownFile.js"

/** Keys at a time. The one that was not used for longest gives way. */
export const mostKeys = 32

/** Where the keys of a data directory lie. */
export const pageKeysFile = (dataDir: string): string => join(dataDir, "page-keys.json")

const StoredKey = Schema.Struct({ ...PageKey.fields, x: Schema.String, y: Schema.String })
type StoredKey = typeof StoredKey.Type

const StoredKeys = Schema.parseJson(Schema.Struct({ tokenDigest: Schema.String, keys: Schema.Array(StoredKey) }))

const digestOf = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex")

/** The id of a key: its thumbprint (RFC 7638), so that one key has one id however often its link is opened. */
const thumbprint = ({ x, y }: Pick<StoredKey, "x" | "y">): string =>
  digestOf(JSON.stringify({ crv: "P-256", kty: "EC", x, y }))

const keyObject = ({ x, y }: Pick<StoredKey, "x" | "y">): KeyObject =>
  createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } })

/** Whether the key has signed this text: ECDSA with SHA-256, both numbers one after the other. */
export const hasSigned = (key: Pick<StoredKey, "x" | "y">, text: string, signature: string): boolean =>
  verify(
    "sha256",
    Buffer.from(text, "utf8"),
    { key: keyObject(key), dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  )

export interface PageKeys {
  readonly all: () => readonly StoredKey[]
  readonly find: (keyId: string) => StoredKey | null
  /** Keeps a key: its id, and that of the key that gave way to it, or null. */
  readonly keep: (
    publicKey: PagePublicKey,
    label: string,
    now: number,
  ) => Effect.Effect<{ readonly keyId: string; readonly ended: string | null }, Problem>
  /** Notes that a key was used. */
  readonly used: (keyId: string, now: number) => Effect.Effect<void, Problem>
  /** Removes a key. It is gone from memory even where the file cannot be written. */
  readonly remove: (keyId: string) => Effect.Effect<void, Problem>
}

/** The keys that a file holds for a token. A file that is not safe, or no such file at all, holds none. */
const read = (file: string, tokenDigest: string): Either.Either<readonly StoredKey[], string> => {
  try {
    const found = readOwnFile(file)
    if (found.is === "none") return Either.right([])
    if (found.is === "spoiled") return Either.left(found.why)
    const stored = Schema.decodeUnknownOption(StoredKeys)(found.text)
    if (Option.isNone(stored)) return Either.left("it held no keys")
    return Either.right(stored.value.tokenDigest === tokenDigest ? stored.value.keys : [])
  } catch (error) {
    return Either.left(error instanceof Error ? error.message : String(error))
  }
}

/** Whether this can be the public half of a key: it is a point of the curve. */
export const isPoint = (publicKey: PagePublicKey): boolean => {
  try {
    keyObject(publicKey)
    return true
  } catch {
    return false
  }
}

/** The keys of a data directory, under the server's token. The caller owns the directory. */
export const openPageKeys = (dataDir: string, token: string): Effect.Effect<PageKeys> =>
  Effect.gen(function* () {
    const file = pageKeysFile(dataDir)
    const tokenDigest = digestOf(token)
    const found = read(file, tokenDigest)
    if (Either.isLeft(found)) {
      yield* Effect.logWarning(`the keys of browsers in ${file} are not used: ${found.left}. Pages need a new link.`)
    }
    let keys: ReadonlyMap<string, StoredKey> = new Map(Either.getOrElse(found, () => []).map((key) => [key.keyId, key]))

    /** Puts keys into the file, and then in the place of those in memory. */
    const write = (next: ReadonlyMap<string, StoredKey>, durable: boolean) =>
      Effect.try({
        try: () => {
          writeWhole(file, `${JSON.stringify({ tokenDigest, keys: [...next.values()] })}\n`, { durable })
          keys = next
        },
        catch: (error) => writeProblem(file, error),
      })

    /** The key that was not used for longest, where there is no place for another one. */
    const leastUsed = (): StoredKey | null =>
      keys.size < mostKeys ? null : [...keys.values()].reduce((a, b) => (b.lastUsedAt < a.lastUsedAt ? b : a))

    return {
      all: () => [...keys.values()],
      find: (keyId) => keys.get(keyId) ?? null,
      keep: (publicKey, label, now) =>
        Effect.suspend(() => {
          const { x, y } = publicKey
          const keyId = thumbprint(publicKey)
          const ended = keys.has(keyId) ? null : (leastUsed()?.keyId ?? null)
          const createdAt = keys.get(keyId)?.createdAt ?? now
          const next = new Map([...keys].filter(([other]) => other !== ended))
          next.set(keyId, { keyId, label, createdAt, lastUsedAt: now, x, y })
          return Effect.as(write(next, true), { keyId, ended })
        }),
      used: (keyId, now) =>
        Effect.suspend(() => {
          const key = keys.get(keyId)
          return key === undefined ? Effect.void : write(new Map(keys).set(keyId, { ...key, lastUsedAt: now }), false)
        }),
      remove: (keyId) =>
        Effect.suspend(() => {
          const left = new Map([...keys].filter(([other]) => other !== keyId))
          keys = left
          return write(left, true)
        }),
    }
  })
