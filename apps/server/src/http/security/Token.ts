/** The bearer token of a data directory: 32 random bytes, readable by the owner alone, made at the first start. */
import { randomBytes, timingSafeEqual } from "node:crypto"
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { writeWhole } from "@threadfold/event-log"
import { Effect } from "effect"

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

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null)

/** Reads the file without following a link. Throws a sentence for what is no file of ours. */
const read = (file: string): Found => {
  let handle: number
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { is: "none" }
    if (codeOf(error) === "ELOOP") throw new Error("it is a link, and where it leads is not ours: remove it")
    throw error
  }
  try {
    const stats = fstatSync(handle)
    if (!stats.isFile()) throw new Error("it is no file: remove it")
    if (process.getuid !== undefined && stats.uid !== process.getuid()) {
      throw new Error(`it belongs to user ${stats.uid}, not to this one: remove it`)
    }
    const token = readFileSync(handle, "utf8").trim()
    if (!wellFormed.test(token)) return { is: "spoiled", why: "it held no token" }
    const mode = stats.mode & 0o777
    return process.platform !== "win32" && (mode & 0o077) !== 0
      ? { is: "spoiled", why: `others could read or change it (mode ${mode.toString(8)})` }
      : { is: "token", token }
  } finally {
    closeSync(handle)
  }
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
