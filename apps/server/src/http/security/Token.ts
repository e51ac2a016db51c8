/** The bearer token of a data directory: 32 random bytes, readable by the owner alone, made at the first start. */
import { randomBytes, timingSafeEqual } from "node:crypto"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { writeWhole } from "@threadfold/event-log"
import { Effect } from "effect"
import { readOwnFile } from "./ownFile.js"

/** Where the token of a data directory lies. */
export const tokenFile = (dataDir: string): string => join(dataDir, "token")

/** 32 bytes as base64url. */
const wellFormed = /^[A-Za-z0-9_-]{43}$/

/** What lies where the token should. */
type Found =
  | { readonly is: "none" }
  | { readonly is: "token"; readonly token: string }
  /** Others may know it, or could guess it. */
  | { readonly is: "spoiled"; readonly why: string }

const read = (file: string): Found => {
  const found = readOwnFile(file)
  if (found.is !== "text") return found
  const token = found.text.trim()
  return wellFormed.test(token) ? { is: "token", token } : { is: "spoiled", why: "it held no token" }
}

/** Puts a new token in place, whole and never readable by others. */
const write = (file: string): string => {
  const token = randomBytes(32).toString("base64url")
  writeWhole(file, `${token}\n`)
  return token
}

/**
 * The token of a data directory, made where there is none. One that others could read is replaced, with a warning: clients read
 * the file again. A link in its place is refused. The caller owns the directory. Fails with `storage-failed`.
 */
export const loadToken = (dataDir: string): Effect.Effect<string, Problem> =>
  Effect.gen(function* () {
    const file = tokenFile(dataDir)
    const attempt = <A>(body: () => A) =>
      Effect.try({
        try: body,
        catch: (error) =>
          new Problem({
            slug: "storage-failed",
            detail: `The token file ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
          }),
      })
    const found = yield* attempt(() => read(file))
    if (found.is === "token") return found.token
    const token = yield* attempt(() => write(file))
    if (found.is === "spoiled") {
      yield* Effect.logWarning(
        `the token file ${file} was not safe: ${found.why}. A new token was made; clients must read it again.`,
      )
    }
    return token
  })

/**
 * Compares in a time that tells nothing about where the two differ. Every token has the same number of characters, which is no secret:
 * one of another length is wrong at once.
 */
export const tokenMatcher = (token: string): ((candidate: string) => boolean) => {
  const expected = Buffer.from(token, "latin1")
  return (candidate) =>
    candidate.length === expected.length && timingSafeEqual(Buffer.from(candidate, "latin1"), expected)
}

/** The token of an `Authorization` header, or null where there is none of the right form. */
export const bearerOf = (header: string | undefined): string | null => {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header ?? "")
  return match?.[1] ?? null
}
