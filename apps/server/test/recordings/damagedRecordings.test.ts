/** Recordings that were damaged, cut, or that say what no agent should: every line is accounted for, nothing breaks. */
import { gzipSync } from "node:zlib"
import { compare, corruptLine, cutAt, type Recording, readOracle, recording, recordings } from "@threadfold/testkit"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Library } from "./Library.js"

/** Runs of the property; `THREADFOLD_RUNS` makes it a soak. */
const numRuns = Number(process.env.THREADFOLD_RUNS ?? 24)

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const expectClean = (of: Library): void => {
  expect(of.check()).toEqual({ ok: true, violations: [] })
  expect(of.verify()).toMatchObject({ ok: true, differences: [], stale: [] })
}

const timeless = (of: Library) => of.rows().map(({ recordedAt: _when, ...row }) => row)

const linesOf = (one: Recording): readonly string[] => one.text().trimEnd().split("\n")

/** Bytes that are no text: no newline among them. */
const binary = Buffer.from([0x00, 0xff, 0xfe, 0x80, 0xc3, 0x28, 0x1b, 0x7f, 0xed, 0xa0, 0x80, 0x22, 0x7b])

describe("a broken line", () => {
  it.each(recordings.map((one) => [one.name, one] as const))(
    "is told by its number and costs no other line: %s",
    async (_name, one) => {
      const lines = linesOf(one)
      const number = 2 + (recordings.indexOf(one) % (lines.length - 2))
      const damaged = corruptLine(one.text(), number)
      const outcome = await library.import([library.write(damaged, "damaged.jsonl")])
      expect(outcome.unreadableLines.map(({ line }) => line)).toEqual([number])
      expect([outcome.lines, outcome.mapped + outcome.kept]).toEqual([lines.length, lines.length - 1])
      expect(compare(readOracle(damaged), library.threads())).toEqual([])
      expectClean(library)
      // The log is that of the recording without the line.
      const without = new Library()
      try {
        await without.import([without.write(`${lines.toSpliced(number - 1, 1).join("\n")}\n`, "damaged.jsonl")])
        expect(timeless(library)).toEqual(timeless(without))
      } finally {
        without.close()
      }
    },
  )

  it("may be anything: bytes that are no text, other JSON, an unknown direction, a line of a megabyte", async () => {
    const one = recording("codex-02-approval-untrusted-accept")
    const lines = linesOf(one)
    const odd: readonly Buffer[] = [
      binary,
      Buffer.from("null"),
      Buffer.from(`{"ts":"2026-11-20T00:00:00.000Z","dir":"recv","msg":${"[".repeat(9_000)}${"]".repeat(9_000)}}`),
      Buffer.from("[1]"),
      Buffer.from("{}"),
      Buffer.from('{"ts":"yesterday","dir":"recv","msg":{}}'),
      Buffer.from('{"ts":"2026-11-20T00:00:00.000Z","dir":"recv"}'),
      Buffer.from(`{"ts":"2026-11-20T00:00:00.000Z","dir":"recv","msg":{"x":"${"y".repeat(1_000_000)}`),
    ]
    const text = Buffer.concat([
      ...lines.slice(0, 10).map((line) => Buffer.from(`${line}\n`)),
      ...odd.flatMap((line) => [line, Buffer.from("\n")]),
      Buffer.from("\n   \n"),
      ...lines.slice(10).map((line) => Buffer.from(`${line}\n`)),
    ])
    const outcome = await library.import([library.write(text, "damaged.jsonl")])
    expect(outcome.unreadableLines.map(({ line }) => line)).toEqual(odd.map((_line, index) => 11 + index))
    expect(outcome).toMatchObject({ lines: lines.length + odd.length, unreadable: odd.length })
    expect(compare(readOracle(one.text()), library.threads())).toEqual([])
    expectClean(library)
  })

  it("is named for the first hundred, and counted for all", async () => {
    const one = recording("codex-01-plain")
    const outcome = await library.import([library.write(`${"{broken\n".repeat(250)}${one.text()}`)])
    expect([outcome.unreadable, outcome.unreadableLines.length]).toEqual([250, 100])
    expect(compare(readOracle(one.text()), library.threads())).toEqual([])
  })

  it("alone is refused with a guess of what the file is, and nothing of its neighbours is stored", async () => {
    const good = library.write(recording("codex-01-plain").text(), "good.jsonl")
    const json = (...lines: readonly object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join("")
    const others: readonly (readonly [string | Uint8Array, string])[] = [
      [binary, "a binary file"],
      ["", "an empty file"],
      ["\n\n", "blank lines"],
      ["# Notes\nNothing to see.\n", "a text that is no JSON"],
      [Buffer.concat([Buffer.from("SQLite format 3\0"), binary]), "a SQLite database"],
      [gzipSync("x"), "compressed with gzip"],
      [JSON.stringify({ a: [1, 2] }, null, 2), "one JSON document"],
      [json({ timestamp: "2026-11-20T00:00:00.000Z", type: "session_meta", payload: {} }), "a rollout file of Codex"],
      [json({ type: "user", uuid: "u", parentUuid: null, sessionId: "s" }), "a session file of Claude Code"],
      [json({ type: "system", subtype: "init" }), "the stream-json output of Claude Code"],
      [json({ jsonrpc: "2.0", id: 0, method: "initialize" }), "JSON-RPC messages"],
      [
        json({ ts: "2026-11-20T00:00:00.000Z", dir: "recv", msg: { type: "assistant" } }),
        "a recording, but of another agent",
      ],
      [
        json({ ts: "2026-11-20T00:00:00.000Z", dir: "send", msg: { id: 0, method: "initialize", params: {} } }),
        "a recording of Codex app-server in which nothing is said about a thread",
      ],
      [json({ type: "turn.started", channel: "agent", seq: 1, at: 1 }), "events for an attached session"],
    ]
    for (const [text, guess] of others) {
      const refused = await library
        .import([good, library.write(text, "other.jsonl")])
        .catch((error: unknown) => String(error))
      expect(refused).toContain("other.jsonl has no message of Codex app-server")
      expect(refused).toContain(guess)
    }
    expect(library.rows()).toEqual([])
    expectClean(library)
  })
})

describe("a recording that was cut at any byte", () => {
  it("is what its wire demands up to there", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...recordings),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (one, where) => {
          const bytes = cutAt(one.text(), Math.floor(where * Buffer.byteLength(one.text())))
          const text = Buffer.from(bytes).toString("utf8")
          const cut = new Library()
          try {
            const outcome = await cut.import([cut.write(bytes)]).catch((error: unknown) => String(error))
            const expectation = readOracle(text)
            if (typeof outcome === "string") {
              // Too little is left to tell what it was.
              expect(outcome).toContain("has no message of Codex app-server")
              expect(expectation.threads).toEqual([])
              return
            }
            expect(outcome.unreadableLines.map(({ line }) => line)).toEqual(expectation.unreadable[0])
            expect(compare(expectation, cut.threads())).toEqual([])
            expectClean(cut)
          } finally {
            cut.close()
          }
        },
      ),
      { numRuns },
    )
  })
})

/** What is done to the lines of a recording; places are taken modulo their number. */
type Mutation =
  | { readonly kind: "drop" | "garble"; readonly at: number }
  | { readonly kind: "repeat" | "move"; readonly at: number; readonly to: number }
  /** An id of one line takes the place of an id of another. */
  | { readonly kind: "misname"; readonly at: number; readonly to: number }
  /** A method that no translator knows. */
  | { readonly kind: "unknown"; readonly at: number }
  | { readonly kind: "truncate"; readonly at: number }

const place = fc.nat(999)
const arbMutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constantFrom("drop" as const, "garble" as const), at: place }),
  fc.record({ kind: fc.constantFrom("repeat" as const, "move" as const), at: place, to: place }),
  fc.record({ kind: fc.constant("misname" as const), at: place, to: place }),
  fc.record({ kind: fc.constant("unknown" as const), at: place }),
  fc.record({ kind: fc.constant("truncate" as const), at: fc.integer({ min: 5, max: 999 }) }),
)

const anId = /"(?:threadId|turnId|itemId|id|requestId)":("[^"]*"|\d+)/

const mutated = (lines: readonly string[], mutation: Mutation): readonly string[] => {
  const at = mutation.at % lines.length
  const line = lines[at] ?? ""
  switch (mutation.kind) {
    case "drop":
      return lines.toSpliced(at, 1)
    case "garble":
      return lines.with(at, line.slice(0, line.length / 2))
    case "repeat":
      return lines.toSpliced(mutation.to % lines.length, 0, line)
    case "move":
      return lines.toSpliced(at, 1).toSpliced(mutation.to % lines.length, 0, line)
    case "misname": {
      const id = anId.exec(lines[mutation.to % lines.length] ?? "")?.[1]
      return id === undefined
        ? lines
        : lines.with(
            at,
            line.replace(anId, (found, old: string) => found.replace(old, () => id)),
          )
    }
    case "unknown":
      return lines.with(at, line.replace(/"method":"/, '"method":"future/'))
    case "truncate":
      return lines.slice(0, Math.max(5, at))
  }
}

describe("a recording that says what no agent should", () => {
  it("never breaks the fold, log or rows, and is taken once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...recordings), { minLength: 1, maxLength: 3 }),
        fc.array(arbMutation, { minLength: 1, maxLength: 12 }),
        async (chosen, mutations) => {
          const odd = new Library()
          try {
            const files = chosen.map((one) => odd.write(`${mutations.reduce(mutated, linesOf(one)).join("\n")}\n`))
            // One of which nothing is left that maps is refused, before anything is stored.
            const outcome = await odd.importUnlessRefused(files)
            if (outcome === null) {
              expect(odd.threads()).toEqual([])
              return
            }
            expect(outcome.mapped + outcome.kept + outcome.unreadable).toBe(outcome.lines)
            expectClean(odd)
            for (const { sql } of odd.bothStores()) {
              const defects = sql.filter(({ row }) => "reason" in row && row.reason === "fold-defect")
              expect(defects).toEqual([])
              const loose = sql.filter(({ row }) => "settled" in row && row.settled === 0)
              expect(loose).toEqual([])
            }
            for (const { session } of odd.threads())
              expect([session?.status, session?.activeTurnId]).toEqual(["stopped", null])
            expect((await odd.import(files)).events).toBe(0)
          } finally {
            odd.close()
          }
        },
      ),
      { numRuns },
    )
  })
})
