/** Reads `threadfold.json`. An error names the field, never a value: values may be secret. */
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { firstIssue, issueText } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Effect, Either, type ParseResult, Schema } from "effect"
import { ConfigFile } from "./ConfigFile.js"

/** Where the configuration of a data directory lies, unless another file is named. */
export const configFileOf = (dataDir: string): string => join(dataDir, "threadfold.json")

const invalid = (file: string, what: string) =>
  new Problem({ slug: "invalid-configuration", detail: `${file}: ${what}.` })

/** Where the text stops being JSON. The rest of the parser's message is left out: it quotes the text, which may hold a secret. */
const placeOf = (error: unknown, text: string): string => {
  const position = Number(/at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1] ?? Number.NaN)
  if (Number.isNaN(position)) return ""
  const before = text.slice(0, position).split("\n")
  return ` (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`
}

/** The value of a text. A member called `__proto__` is refused: the decoder would lose it without a word. */
const parse = (text: string): Either.Either<unknown, string> => {
  let isTaken = true
  const value: unknown = JSON.parse(text, (name, member: unknown) => {
    if (name === "__proto__") isTaken = false
    return member
  })
  return isTaken ? Either.right(value) : Either.left('the name "__proto__" is not taken')
}

/** The first thing that is wrong, without the value that is. */
const firstWrong = (error: ParseResult.ParseError): string => {
  const { message, place } = firstIssue(error)
  return issueText({ place, message: message.split(", actual ", 1)[0] ?? "" })
}

const decode = Schema.decodeUnknownEither(ConfigFile, { onExcessProperty: "error" })

/** A configuration and the file it comes from. */
export interface FoundConfig {
  /** Absolute path; null: there is none, the defaults hold. */
  readonly file: string | null
  readonly config: ConfigFile
}

/**
 * The configuration in the file that an option names, else that of the data directory, else the defaults. Fails with
 * `invalid-configuration`.
 */
export const readConfig = (dataDir: string, named: string | null): Effect.Effect<FoundConfig, Problem> =>
  Effect.gen(function* () {
    const file = resolve(named ?? configFileOf(dataDir))
    if (named === null && !existsSync(file)) return { file: null, config: {} }
    const text = yield* Effect.try({
      try: () => readFileSync(file, "utf8"),
      catch: (error) =>
        invalid(
          file,
          `it cannot be read (${error instanceof Error && "code" in error ? error.code : "unknown error"})`,
        ),
    })
    const parsed = yield* Effect.try({
      try: () => parse(text),
      catch: (error) => invalid(file, `it is no JSON${placeOf(error, text)}`),
    })
    const value = yield* Effect.mapError(parsed, (what) => invalid(file, what))
    const config = yield* Effect.mapError(decode(value), (error) => invalid(file, firstWrong(error)))
    return { file, config }
  })
