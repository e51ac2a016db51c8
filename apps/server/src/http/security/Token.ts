/** The bearer token of a data directory: 32 random bytes, readable by the owner alone, made at the first start. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { chmodSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts"
import { Effect } from "effect"

/** Where the token of a data directory lies. */
export const tokenFile = (dataDir: string): string => join(dataDir, "token")

/** 32 bytes as base64url. */
const wellFormed = /^[A-Za-z0-9_-]{43}$/

const read = (file: string): string | null => {
  try {
    const token = readFileSync(file, "utf8").trim()
    return wellFormed.test(token) ? token : null
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null
    throw error
  }
}

/**
 * The token of a data directory, made where there is none (or none that could be guessed at only). The caller owns the
 * directory. Fails with `storage-failed`.
 */
export const loadToken = (dataDir: string): Effect.Effect<string, Problem> =>
  Effect.try({
    try: () => {
      const file = tokenFile(dataDir)
      const known = read(file)
      if (known !== null) {
        chmodSync(file, 0o600)
        return known
      }
      const token = randomBytes(32).toString("base64url")
      writeFileSync(file, `${token}\n`, { mode: 0o600 })
      chmodSync(file, 0o600)
      return token
    },
    catch: (error) =>
      new Problem({
        slug: "storage-failed",
        detail: `The token in ${dataDir} cannot be kept: ${error instanceof Error ? error.message : String(error)}.`,
      }),
  })

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Compares in a time that tells nothing about where, or whether by length, the two differ. */
export const tokenMatcher = (token: string): ((candidate: string) => boolean) => {
  const expected = digest(token)
  return (candidate) => timingSafeEqual(digest(candidate), expected)
}

/** The token of an `Authorization` header, or null where there is none of the right form. */
export const bearerOf = (header: string | undefined): string | null => {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header ?? "")
  return match?.[1] ?? null
}
