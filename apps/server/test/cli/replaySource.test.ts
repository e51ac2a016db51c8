/** What `replay` takes: a bundle and every kind of recording besides a database; what is damaged or would be waited for is refused. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { recording, sessionFiles, traceBundles } from "@threadfold/testkit"
import { Effect, Either } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openReplaySource } from "../../src/replay/ReplaySource.js"
import { runHere } from "./inProcess.js"

/** How many events a source has, else the slug of the problem. */
const opened = async (path: string): Promise<number | string> => {
  const source = Effect.map(openReplaySource(path), ({ events, read }) => {
    expect(read(1, 10_000)).toHaveLength(events)
    return events
  })
  return Either.match(await Effect.runPromise(Effect.either(Effect.scoped(source))), {
    onLeft: ({ slug }) => slug,
    onRight: (events) => events,
  })
}

const folder = mkdtempSync(join(tmpdir(), "threadfold-replay-"))
const bundle = join(folder, "one.bundle")

describe("replay", () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  beforeAll(async () => {
    const data = join(folder, "data")
    const { path } = recording("codex-01-plain")
    expect((await runHere(["import", "codex-app-server", path, "--data-dir", data])).code).toBe(0)
    expect((await runHere(["export", bundle, "--redact", "none", "--data-dir", data])).code).toBe(0)
  })

  it.each<readonly [string, () => string]>([
    ["a recording of Codex app-server", () => recording("codex-01-plain").path],
    ["a session file of Codex", () => sessionFiles.find(({ source }) => source === "codex-rollout")?.path ?? ""],
    ["a session file of Claude", () => sessionFiles.find(({ source }) => source === "claude")?.path ?? ""],
    ["the folder of a trace", () => traceBundles[0]?.path ?? ""],
    ["a bundle", () => bundle],
    [
      "an unpacked bundle",
      () => {
        const plain = join(folder, "plain.bundle")
        writeFileSync(plain, gunzipSync(readFileSync(bundle)))
        return plain
      },
    ],
  ])("plays %s", async (_name, file) => {
    expect(await opened(file())).toBeGreaterThan(5)
  })

  /** A bundle of other lines. */
  const changed = (change: (lines: readonly string[]) => readonly string[]) => (): Buffer =>
    gzipSync(change(gunzipSync(readFileSync(bundle)).toString("utf8").split("\n")).join("\n"))

  it.each<readonly [string, string, () => Buffer]>([
    ["that is cut", "bundle-damaged", () => readFileSync(bundle).subarray(0, 2_000)],
    ["that has an event twice", "bundle-damaged", changed((lines) => [...lines.slice(0, 4), ...lines.slice(3)])],
    ["that lacks an event", "bundle-damaged", changed((lines) => lines.toSpliced(4, 1))],
    ["that lacks its end", "bundle-damaged", changed((lines) => lines.toSpliced(-2, 1))],
    [
      "whose event was changed",
      "bundle-damaged",
      changed((lines) => lines.with(4, lines[4]?.replace(/"at":\d/, '"at":2') ?? "")),
    ],
    [
      "whose end names another hash",
      "bundle-damaged",
      changed((lines) => lines.with(-2, lines.at(-2)?.replace(/"hash":"./, '"hash":"x') ?? "")),
    ],
    [
      "of a newer format",
      "bundle-too-new",
      changed((lines) => lines.with(0, lines[0]?.replace('"version":1', '"version":3') ?? "")),
    ],
    [
      "that unpacks to very much",
      "bundle-too-large",
      changed((lines) => [...lines.slice(0, 2), " ".repeat(70 * 1024 * 1024)]),
    ],
    ["that packs something else", "not-a-bundle", () => gzipSync("some text\n")],
  ])("refuses a bundle %s: %s", async (_name, slug, bytes) => {
    const file = join(folder, "hostile.bundle")
    writeFileSync(file, bytes())
    expect(await opened(file)).toBe(slug)
  })

  it("refuses a pipe, a device and what is not there, and waits for none", async () => {
    const pipe = join(folder, "pipe")
    expect(spawnSync("mkfifo", [pipe]).status).toBe(0)
    for (const path of [pipe, "/dev/zero", join(folder, "nothing")]) {
      expect([path, await opened(path)]).toEqual([path, "recording-not-found"])
    }
  })
})
