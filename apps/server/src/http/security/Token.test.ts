import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { loadToken, tokenFile } from "./Token.js"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-token-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
)

/** The token of a directory, and what was said aloud. */
const load = (made: string) => {
  const warnings: string[] = []
  const logger = Logger.make(({ logLevel, message }) => warnings.push(`${logLevel.label} ${String(message)}`))
  return loadToken(made).pipe(
    Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
    Effect.map((token) => ({ token, warnings })),
  )
}
const modeOf = (made: string) => lstatSync(tokenFile(made)).mode & 0o777

it.scoped("a token is made once, for its owner alone, and found again in silence", () =>
  Effect.gen(function* () {
    const made = yield* directory
    const first = yield* load(made)
    expect([modeOf(made), first.warnings]).toEqual([0o600, []])
    expect(readFileSync(tokenFile(made), "utf8")).toBe(`${first.token}\n`)
    expect(yield* load(made)).toEqual(first)
  }),
)

it.scoped.each([0o644, 0o640, 0o604, 0o620, 0o660])(
  "a file that others can read or change (%i) is replaced, aloud",
  (mode) =>
    Effect.gen(function* () {
      const made = yield* directory
      const { token } = yield* load(made)
      chmodSync(tokenFile(made), mode)
      const next = yield* load(made)
      expect(next.token).not.toBe(token)
      expect(next.warnings).toEqual([expect.stringContaining("others could read or change it")])
      expect(modeOf(made)).toBe(0o600)
      expect(yield* load(made)).toEqual({ token: next.token, warnings: [] })
    }),
)

it.scoped("a link is refused, wherever it leads, and what it leads to stays as it is", () =>
  Effect.gen(function* () {
    const made = yield* directory
    const { token } = yield* load(made)
    const elsewhere = join(made, "elsewhere")
    writeFileSync(elsewhere, `${token}\n`, { mode: 0o600 })
    for (const target of [elsewhere, join(made, "nowhere")]) {
      rmSync(tokenFile(made))
      symlinkSync(target, tokenFile(made))
      const problem = yield* Effect.flip(load(made))
      expect([problem.slug, problem.detail]).toEqual(["storage-failed", expect.stringContaining("it is a link")])
    }
    expect(readFileSync(elsewhere, "utf8")).toBe(`${token}\n`)
  }),
)

it.scoped("what is no file is refused; a file that holds no token is replaced, aloud", () =>
  Effect.gen(function* () {
    const made = yield* directory
    mkdirSync(tokenFile(made))
    expect((yield* Effect.flip(load(made))).slug).toBe("storage-failed")
    rmSync(tokenFile(made), { recursive: true })
    writeFileSync(tokenFile(made), "guess me", { mode: 0o600 })
    expect((yield* load(made)).warnings).toEqual([expect.stringContaining("it held no token")])
  }),
)
