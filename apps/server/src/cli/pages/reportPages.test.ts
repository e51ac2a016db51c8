/** What the pages of `export`, `rebuild` and `import found` tell besides what was done. */
import { expect, it } from "vitest"
import { lookOf } from "../text/Look.js"
import { exportPage } from "./bundlePages.js"
import { foundPage } from "./foundPage.js"
import { rebuildPage } from "./reportPages.js"

const look = lookOf(false, 80, 0)

it.each<readonly [number, string | null]>([
  [0, null],
  [1, "  1 thread that had been purged: left out"],
  [2, "  2 threads that had been purged: left out"],
])("an export without %i purged threads says so: %s", (purged, said) => {
  const report = {
    file: null,
    fileBytes: 0,
    redaction: "masked" as const,
    streams: 1,
    threads: [],
    events: 3,
    bodies: 0,
    bodiesDropped: 0,
    blobs: { carried: 0, bytes: 0, leftOut: 0, leftOutBytes: 0, missing: 0, named: [] },
    purged,
    hash: "0".repeat(64),
    sha256: "1".repeat(64),
    bytes: 100,
    masked: [],
    places: [],
  }
  const lines = exportPage(look, report).split("\n")
  expect(lines.filter((line) => line.includes("purged"))).toEqual(said === null ? [] : [said])
})

it.each<readonly [string | null, readonly string[]]>([
  ["a".repeat(64), [`  hash ${"a".repeat(64)}`]],
  [null, []],
])("a rebuild tells the hash of its rows where it has one: %s", (hash, said) => {
  const page = rebuildPage(look, { ok: true, streams: 1, events: 3, changed: null, rows: null, refused: [], hash })
  expect(page.split("\n").filter((line) => line.includes("hash"))).toEqual(said)
})

it.each<readonly [number, string]>([
  [2, "Import them all: threadfold import found --yes"],
  [0, "Nothing is new. Import what has grown: threadfold import found --yes"],
])("%i new session files lead to the next step: %s", (fresh, next) => {
  const there = {
    source: "claude",
    title: "Claude sessions",
    folders: ["/home/a"],
    sessions: 3,
    new: fresh,
    bytes: 9,
  } as const
  const page = foundPage(look, { agents: [{ ...there, newestAt: 0 }], imported: null })
  expect(page.trimEnd().split("\n").at(-1)).toBe(next)
})
