import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bundleText, packed, sealedText } from "../../test/bundleText.js"
import { longThread } from "../../test/longThread.js"
import { type BundleLimits, BundleRefused, bundleLimits } from "./bundleLines.js"
import { readBundle } from "./readBundle.js"

const { events, threadId } = longThread(120)
const [first] = events
if (first === undefined) throw new Error("The thread has no event.")
const other = `${threadId.slice(0, -1)}${threadId.endsWith("0") ? "1" : "0"}`
const good = bundleText({ streams: { [threadId]: events } })
const linesOf = (text: string): string[] => text.trimEnd().split("\n")
/** The bundle with other lines, and the end that is right for them: no digest of the whole gives them away. */
const withLines = (change: (lines: string[]) => readonly string[]): Blob =>
  new Blob([sealedText(change(linesOf(good).slice(0, -1)))])

const refusal = async (file: Blob, limits?: BundleLimits): Promise<BundleRefused> => {
  const error = await readBundle(file, limits).then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof BundleRefused) return error
  throw error ?? new Error("The bundle was taken.")
}

describe("a bundle", () => {
  it("is read as it was written, packed and plain", async () => {
    for (const file of [packed(good), new Blob([good])]) {
      const { head, log } = await readBundle(file)
      expect(head.redaction).toBe("masked")
      expect(log.head).toBe(events.length)
      const read = events.map((_, place) => log.event(place + 1))
      expect(read).toEqual(events.map((event, place) => ({ ...event, sequence: place + 1 })))
      expect([log.event(0), log.event(events.length + 1), log.event(0.5), log.body(1)]).toEqual([
        null,
        null,
        null,
        null,
      ])
    }
  })

  it("gives its events the order in which their log took them, and each stream its own", async () => {
    const times = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(times, { minLength: 1, maxLength: 4 }), async (streams) => {
        const named = streams.map((recorded, index) => {
          const streamId = `0199c0de-0000-7000-8000-00000000000${index}`
          const own = recorded.map((recordedAt, place) => ({
            ...first,
            streamId,
            streamVersion: place + 1,
            eventId: `${streamId}-${place}`,
            recordedAt,
          }))
          return [streamId, own] as const
        })
        const { log } = await readBundle(new Blob([bundleText({ streams: Object.fromEntries(named) })]))
        const all = Array.from({ length: log.head }, (_, index) => log.event(index + 1))
        expect(new Set(all.map((event) => event?.eventId)).size).toBe(streams.flat().length)
        for (const [streamId, own] of named) {
          const ofStream = all.filter((event) => event?.streamId === streamId)
          expect(ofStream.map((event) => event?.eventId)).toEqual(own.map(({ eventId }) => eventId))
          expect([...(log.stream(streamId)?.sequences ?? [])]).toEqual(ofStream.map((event) => event?.sequence))
        }
        // A clock that went back in its stream counts as what it had been.
        const reached = new Map<string, number>()
        const taken = all.map((event) => {
          const { recordedAt = 0, streamId = "" } = event ?? {}
          reached.set(streamId, Math.max(recordedAt, reached.get(streamId) ?? 0))
          return reached.get(streamId) ?? 0
        })
        expect(taken).toEqual([...taken].sort((a, b) => a - b))
      }),
      { numRuns: 40 },
    )
  })

  it("has native messages and the images that it carries", async () => {
    const bytes = new Uint8Array(1_000).map((_, index) => index % 251)
    const bodies = { [first.eventId]: '{"method":"x"}\n' }
    const text = bundleText({ streams: { [threadId]: events }, bodies, blobs: [{ mediaType: "image/png", bytes }] })
    const { blobs, log } = await readBundle(packed(text))
    expect(log.body(1)).toBe(bodies[first.eventId])
    const hash = /"hash":"([0-9a-f]{64})"/.exec(text)?.[1] ?? ""
    expect(blobs.find(hash)).toEqual({ mediaType: "image/png", bytes })
    expect(blobs.find("0".repeat(64))).toBeNull()
  })

  it("may hold kinds of lines that are not known, which its digest covers", async () => {
    const more = ['{"absent":{"hash":"x","why":"missing"}}', '{"later":{"deep":[1]}}']
    const text = bundleText({ streams: { [threadId]: events }, more, version: 2 })
    expect((await readBundle(packed(text))).log.head).toBe(events.length)
    expect((await refusal(packed(text.replace('"later"', '"laterr"')))).title).toBe("The bundle is damaged")
  })

  it("keeps events whose JSON cannot be read, and none of their content", async () => {
    const bad = { ...first, payload: undefined, payloadText: "{" }
    const stranger = { ...first, streamVersion: 2, eventId: "e-2", actor: "martian" }
    const nothing = { ...first, streamVersion: 3, eventId: "e-3", native: [1] }
    const streams = { [threadId]: [bad, stranger, nothing] as never }
    const { log } = await readBundle(new Blob([bundleText({ streams })]))
    for (const sequence of [1, 2, 3]) expect(log.event(sequence)).toMatchObject({ unreadable: true, payload: null })
  })
})

describe("a file that is no bundle, or not whole", () => {
  it("is refused wherever it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.length - 2 }), fc.boolean(), async (length, isPacked) => {
        const whole = isPacked ? new Uint8Array(gzipSync(good)) : new TextEncoder().encode(good)
        const cut = whole.subarray(0, Math.floor((length / good.length) * whole.length))
        const { title } = await refusal(new Blob([cut]))
        expect(["The bundle is damaged", "This file is no bundle"]).toContain(title)
      }),
      { numRuns: 60 },
    )
  })

  it("is refused wherever a byte of it is another", async () => {
    const bytes = new TextEncoder().encode(good)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length - 2 }), fc.integer({ min: 1, max: 255 }), async (place, by) => {
        const changed = bytes.slice()
        changed[place] = ((changed[place] ?? 0) + by) % 256
        expect(await refusal(new Blob([changed]))).toBeInstanceOf(BundleRefused)
      }),
      { numRuns: 200 },
    )
  })

  const notOnes: Readonly<Record<string, Blob>> = {
    "an empty file": new Blob([]),
    "an empty packed file": packed(""),
    "random bytes": new Blob([new Uint8Array(5_000).map((_, index) => (index * 7919) % 256)]),
    "a picture": new Blob([new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])]),
    "another JSON": new Blob(['{"bundle":"other","version":1}\n']),
    "a page": new Blob(["<!doctype html><script>alert(1)</script>\n"]),
    "a list": new Blob(["[1]\n"]),
  }
  for (const [name, file] of Object.entries(notOnes)) {
    it(`is refused: ${name}`, async () => expect((await refusal(file)).title).toBe("This file is no bundle"))
  }

  it("is refused where its format is newer", async () => {
    const { detail, title } = await refusal(packed(bundleText({ streams: { [threadId]: events }, version: 3 })))
    expect([title, detail]).toEqual([
      "The bundle was written by a newer version",
      "Its format is version 3; this page reads up to version 2.",
    ])
  })

  const deep = `${"[".repeat(600)}${"]".repeat(600)}`
  const damages: Readonly<Record<string, (lines: string[]) => readonly string[]>> = {
    "an event is missing": (lines) => lines.toSpliced(5, 1),
    "an event is there twice": (lines) => lines.toSpliced(5, 0, lines[5] ?? ""),
    "an event is another": (lines) => lines.with(5, (lines[5] ?? "").replace('"type":"', '"type":"x')),
    "an event stands before its stream": (lines) => [...lines.slice(0, 1), ...lines.slice(2, 3), ...lines.slice(1)],
    "a stream has no seal": (lines) => lines.slice(0, -1),
    "a stream has no seal before the next": (lines) => [
      ...lines.slice(0, -1),
      JSON.stringify({ stream: "fffffff0-0000-7000-8000-000000000000" }),
    ],
    "a stream has a name of its own": (lines) => lines.with(1, '{"stream":"../../x"}'),
    "its streams are not in order": (lines) => [...lines, ...lines.slice(1)],
    "an event is no object": (lines) => lines.with(5, '{"event":5}'),
    "an event has no type": (lines) => lines.with(5, (lines[5] ?? "").replace('"type"', '"typ"')),
    "its time is none": (lines) => lines.with(5, (lines[5] ?? "").replace(/"at":\d+/, '"at":"soon"')),
    "a native message is none": (lines) => lines.with(5, (lines[5] ?? "").replace(/}$/, ',"body":7}')),
    "a line is no JSON": (lines) => lines.with(5, "{"),
    "a line is empty": (lines) => lines.with(5, ""),
    "a payload is too deep": (lines) => lines.with(5, (lines[5] ?? "").replace(/"payload":.*/, `"payload":${deep}}}`)),
    "a text of a payload is too deep": (lines) =>
      lines.with(5, (lines[5] ?? "").replace(/"payload":.*/, `"payloadText":"${deep}"}}`)),
    "a blob is cut": (lines) =>
      lines.with(-1, `{"blob":{"hash":"${"a".repeat(64)}","mediaType":"image/png","size":9}}`),
    "a blob is another than its hash": (lines) => [
      ...lines.slice(0, -1),
      `{"blob":{"hash":"${"a".repeat(64)}","mediaType":"image/png","size":3}}`,
      '{"bytes":"AAAA"}',
      ...lines.slice(-1),
    ],
    "a blob is larger than it says": (lines) => [
      ...lines.slice(0, -1),
      `{"blob":{"hash":"${"a".repeat(64)}","mediaType":"image/png","size":2}}`,
      '{"bytes":"AAAA"}',
      ...lines.slice(-1),
    ],
    "a blob says to be huge": (lines) =>
      lines.with(5, `{"blob":{"hash":"${"a".repeat(64)}","mediaType":"a","size":1e15}}`),
    "bytes are of no blob": (lines) => lines.with(5, '{"bytes":"AAAA"}'),
    "bytes are no base64": (lines) => [
      ...lines.slice(0, -1),
      `{"blob":{"hash":"${"a".repeat(64)}","mediaType":"image/png","size":3}}`,
      '{"bytes":"%%%%"}',
      ...lines.slice(-1),
    ],
  }
  for (const [name, change] of Object.entries(damages)) {
    it(`is refused where ${name}`, async () => {
      const { detail, title } = await refusal(withLines(change))
      expect(title).toBe("The bundle is damaged")
      expect(detail).toMatch(/^Line [\d,]+: /)
    })
  }

  it("is refused where something follows its end, and where streams stand in another order than their ids", async () => {
    expect((await refusal(new Blob([good, "{}\n"]))).detail).toContain("something follows its end")
    const both = linesOf(bundleText({ streams: { [threadId]: events, [other]: [{ ...first, streamId: other }] } }))
    const at = both.findLastIndex((line) => line.startsWith('{"stream"'))
    const turned = [both[0] ?? "", ...both.slice(at, -1), ...both.slice(1, at)]
    expect((await refusal(new Blob([sealedText(turned)]))).detail).toContain("not in order")
  })
})

describe("a bundle that is too large for a page", () => {
  const tight = (limits: Partial<BundleLimits>): BundleLimits => ({ ...bundleLimits, ...limits })
  const file = packed(good)
  const cases: Readonly<Record<string, readonly [Blob, Partial<BundleLimits>]>> = {
    "its file": [file, { packed: file.size - 1 }],
    "what it unpacks to": [file, { unpacked: good.length - 1 }],
    "its ratio": [file, { ratio: 1, ratioFrom: 1_000 }],
    "a line": [file, { line: 200 }],
    "its events": [file, { events: events.length - 1 }],
    "its streams": [file, { streams: 0 }],
  }
  for (const [name, [blob, limits]] of Object.entries(cases)) {
    it(`is refused for ${name}`, async () => {
      const { next, title } = await refusal(blob, tight(limits))
      expect(title).toBe("The bundle is too large for this page")
      expect(next).toContain("threadfold import threadfold")
    })
  }

  it("is refused where it is a bomb: a line, or many lines, out of next to nothing", async () => {
    const most = 1024 * 1024
    const oneLine = new Blob([new Uint8Array(gzipSync(Buffer.alloc(80 * most, "x")))])
    expect((await refusal(oneLine, tight({ line: most }))).detail).toBe("A line has more than 1 MiB.")
    const [head = "", stream = "", event = ""] = linesOf(good)
    const lines = [head, stream]
    for (let version = 1; version <= 100_000; version += 1) {
      lines.push(event.replace('"streamVersion":1', `"streamVersion":${version}`))
    }
    const manyLines = packed(lines.join("\n"))
    expect((await refusal(manyLines, tight({ ratio: 2, ratioFrom: most }))).detail).toBe(
      "It unpacks to more than 2 times its size.",
    )
  })
})
