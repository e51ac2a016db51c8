/** Recordings that grow, that stop in the middle of being read, and that were read before they were whole. */
import type { EventEnvelope } from "@threadfold/contracts"
import { compare, type Recording, readOracle, recording, recordings } from "@threadfold/testkit"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Library } from "./Library.js"

/** Cuts per recording and way of growing; `CUTS=all` takes every line. */
const cutsPerRecording = process.env.CUTS === "all" ? Number.POSITIVE_INFINITY : Number(process.env.CUTS ?? 1)

let library: Library
beforeEach(() => {
  library = new Library()
})
afterEach(() => library.close())

const linesOf = (one: Recording): readonly string[] => one.text().trimEnd().split("\n")
const firstLines = (lines: readonly string[], count: number): string => `${lines.slice(0, count).join("\n")}\n`

/**
 * Line numbers to cut after: as far from each other as they can be, and at another place in every recording, so that the recordings
 * together are cut at the beginning, in the middle and at the end.
 *
 * @param way another number leads to other places
 */
const cutsOf = (one: Recording, way: number): readonly number[] => {
  const { length } = linesOf(one)
  const count = Math.min(length - 1, cutsPerRecording)
  // Multiples of the golden ratio lie evenly between whole numbers.
  const place = ((2 * recordings.indexOf(one) + way) * 0.618_034) % 1
  const start = Math.floor((place * length) / count)
  return Array.from(
    { length: count },
    (_, index) => 1 + ((start + Math.floor((index * length) / count)) % (length - 1)),
  )
}

const expectClean = (of: Library): void => {
  expect(of.check()).toEqual({ ok: true, violations: [] })
  expect(of.verify()).toMatchObject({ ok: true, differences: [], stale: [] })
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** UUIDs of ours hang on numbers, which a delta that was cut in two shifts; so do those inside payloads. */
const ours = new Set(["connectionId", "parentThreadId", "forkedFromThreadId"])

/**
 * What a stream's log tells, without what a cut may change: a merged delta that it fell into is two rows, which moves the
 * numbers after it, and the ids with them.
 */
const storyOf = (events: readonly EventEnvelope[]): readonly unknown[] => {
  const told: { type: string; native: unknown; actor: string; payload: Record<string, unknown> }[] = []
  for (const { actor, native, payload, type } of events) {
    const entries = isRecord(payload) ? Object.entries(payload).filter(([name]) => !ours.has(name)) : []
    const one = { type, native, actor, payload: Object.fromEntries(entries) }
    const last = told.at(-1)
    if (type !== "content.delta") {
      told.push(one)
      continue
    }
    const { delta, frames: _frames, lastAt: _lastAt, ...rest } = one.payload
    const goesOn =
      last?.type === "content.delta" &&
      JSON.stringify([last.native, { ...last.payload, delta: "" }]) === JSON.stringify([native, { ...rest, delta: "" }])
    if (goesOn) last.payload.delta = `${String(last.payload.delta)}${String(delta)}`
    else told.push({ ...one, payload: { ...rest, delta } })
  }
  return told
}

/** Stream → story. Streams are told by the native thread they are of; the connection has none. */
const storiesOf = (of: Library): ReadonlyMap<string, readonly unknown[]> => {
  const events = of.events()
  const streams = new Set(events.map(({ streamId }) => streamId))
  return new Map([...streams].map((id) => [id, storyOf(events.filter(({ streamId }) => streamId === id))]))
}

/** The log's rows without what depends on when they were stored. */
const timeless = (of: Library) => of.rows().map(({ recordedAt: _when, ...row }) => row)

describe("a recording that is read while it grows", () => {
  it.each(recordings.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    const lines = linesOf(one)
    const whole = new Library()
    try {
      await whole.import([whole.write(one.text(), `${one.name}.jsonl`)])
      const stories = storiesOf(whole)
      for (const cut of cutsOf(one, 0)) {
        const growing = new Library()
        try {
          const first = firstLines(lines, cut)
          const begun = await growing.importUnlessRefused([growing.write(first, `${one.name}.jsonl`)], {
            leaveOpen: true,
          })
          expectClean(growing)
          if (begun === null) expect(growing.rows(), `cut after ${cut}`).toEqual([])
          expect(compare(readOracle(first, { leaveOpen: true }), growing.threads()), `cut after ${cut}`).toEqual([])
          await growing.import([growing.write(one.text(), `${one.name}.jsonl`)])
          expectClean(growing)
          expect(storiesOf(growing), `cut after ${cut}`).toEqual(stories)
          expect(compare(readOracle(one.text()), growing.threads()), `cut after ${cut}`).toEqual([])
          const again = await growing.import([growing.write(one.text(), `${one.name}.jsonl`)])
          expect(again.events).toBe(0)
        } finally {
          growing.close()
        }
      }
    } finally {
      whole.close()
    }
  })

  it("line by line comes to the same", async () => {
    const one = recording("codex-11-interrupt-running-command")
    const lines = linesOf(one)
    for (let count = 1; count <= lines.length; count++) {
      await library.import([library.write(firstLines(lines, count), "grown.jsonl")], { leaveOpen: true })
    }
    expectClean(library)
    await library.import([library.write(one.text(), "grown.jsonl")])
    expectClean(library)
    expect(compare(readOracle(one.text()), library.threads())).toEqual([])
  })

  it("takes a last line that was cut once it is whole, and not before", async () => {
    const one = recording("codex-02-approval-untrusted-accept")
    const lines = linesOf(one)
    const half = `${firstLines(lines, 30)}${(lines[30] ?? "").slice(0, 40)}`
    const first = await library.import([library.write(half, "grown.jsonl")], { leaveOpen: true })
    expect(first.unreadableLines).toMatchObject([{ line: 31 }])
    expectClean(library)
    const second = await library.import([library.write(one.text(), "grown.jsonl")])
    expect(second.unreadable).toBe(0)
    expect(compare(readOracle(one.text()), library.threads())).toEqual([])
    expectClean(library)
  })
})

/** Whether a line of the wire says that a thread is not loaded any more. */
const unloadsThread = (line: string): boolean =>
  line.includes('"method":"thread/status/changed"') && line.includes('"type":"notLoaded"')

describe("a recording that was taken for whole and grew", () => {
  it.each(recordings.map((one) => [one.name, one] as const))("%s", async (_name, one) => {
    const lines = linesOf(one)
    for (const cut of cutsOf(one, 1)) {
      const place = `cut after ${cut}`
      const grown = new Library()
      try {
        const begun = await grown.importUnlessRefused([grown.write(firstLines(lines, cut), "grown.jsonl")])
        expectClean(grown)
        if (begun === null) expect(grown.rows(), place).toEqual([])
        const before = grown.threads()
        for (const { session } of before) expect(session?.status, place).toBe("stopped")
        const taken = grown.rows().length
        await grown.import([grown.write(one.text(), "grown.jsonl")])
        expectClean(grown)
        // What was told stays told; what is new about a thread is told in its next epoch.
        // An answer to a call of the old session is kept there, as one that led to nothing.
        const later = grown.events().slice(taken)
        const spoken = new Set(
          later.flatMap(({ sessionId, streamId, type }) =>
            sessionId === null || type === "provider.unmapped" ? [] : [streamId],
          ),
        )
        // A thread that the provider unloads and loads again goes on in one more session.
        const unloads = (from: number, to: number) => lines.slice(from, to).filter(unloadsThread).length
        for (const { session, thread } of before) {
          const after = grown.threads().find((each) => each.thread.threadId === thread.threadId)
          const epoch = session?.epoch ?? 0
          expect(epoch - 1, place).toBeLessThanOrEqual(unloads(0, cut))
          expect(after?.session?.status, place).toBe("stopped")
          const more = spoken.has(thread.threadId) ? 1 + unloads(cut, lines.length) : 0
          expect(after?.session?.epoch, place).toBe(epoch + more)
        }
        const again = await grown.import([grown.write(one.text(), "grown.jsonl")])
        expect(again.events, place).toBe(0)
      } finally {
        grown.close()
      }
    }
  })
})

describe("an import that is killed", () => {
  it("leaves what it had committed, and the next one adds exactly the rest", async () => {
    const one = recording("codex-31-resume-after-kill")
    const undisturbed = new Library()
    try {
      await undisturbed.import([one.path], { submitAt: 20 })
      const expected = timeless(undisturbed)
      const submissions = Math.ceil(expected.length / 20)
      expect(submissions).toBeGreaterThan(4)
      for (let k = 0; k <= submissions; k += Math.max(1, Math.floor(submissions / 6))) {
        const killed = new Library()
        try {
          const death = await killed.import([one.path], { submitAt: 20, dieAfter: k }).then(
            () => null,
            (error: unknown) => String(error),
          )
          const left = timeless(killed)
          if (death === null) expect(left).toEqual(expected)
          else expect(left.length).toBeLessThan(expected.length)
          expect(left).toEqual(expected.slice(0, left.length))
          expectClean(killed)
          await killed.import([one.path], { submitAt: 20 })
          expect(timeless(killed)).toEqual(expected)
          expectClean(killed)
          expect(killed.hashes()).toEqual(undisturbed.hashes())
          expect((await killed.import([one.path])).events).toBe(0)
        } finally {
          killed.close()
        }
      }
    } finally {
      undisturbed.close()
    }
  })
})
