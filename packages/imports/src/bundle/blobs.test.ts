/** Images and files of messages in bundles: each once, whole, and only those of its messages; hostile ones change nothing. */
import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "@effect/vitest"
import { type Command, type MessagePart, ThreadId } from "@threadfold/contracts"
import { mediaTypeOf } from "@threadfold/core"
import { makePauses } from "@threadfold/testkit"
import { Effect, Either, Stream } from "effect"
import fc from "fast-check"
import { idFor, MemoryLog } from "../../test/MemoryLog.js"
import { BundleInvalid } from "./bundleFailures.js"
import { blobPieceBytes } from "./format.js"
import { importBundle } from "./importBundle.js"

const hashOf = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** Bytes that begin as a PNG, and go on as one that does not compress. */
const png = (length: number, seed = 1): Uint8Array => {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52].slice(0, length))
  return bytes
}

const partOf = (bytes: Uint8Array): MessagePart => ({
  type: "image",
  hash: hashOf(bytes),
  mediaType: mediaTypeOf(bytes),
  size: bytes.length,
})

let given = 0
const run = (log: MemoryLog, command: Command, blobs: readonly Uint8Array[] = []): void => {
  const result = log.submit({
    drafts: [],
    blobs: blobs.map((bytes) => ({ hash: hashOf(bytes), mediaType: mediaTypeOf(bytes), size: bytes.length, bytes })),
    command: { commandId: idFor(`command ${given++}`), to: { streamId: command.threadId }, at: 1, command },
  })
  if (Either.isLeft(result)) throw result.left
}

/** A thread whose messages have these images: the first starts a turn, the others wait. */
const say = (log: MemoryLog, name: string, messages: readonly (readonly Uint8Array[])[]): string => {
  const threadId = ThreadId.make(idFor(name))
  run(log, { type: "thread.create", threadId, agent: "coder", provider: "codex" })
  for (const images of messages) {
    run(log, { type: "message.send", threadId, text: "look", parts: images.map(partOf) }, images)
  }
  return threadId
}

const into = (log: MemoryLog, bytes: string | Uint8Array, copySeed: string | null = null) =>
  importBundle(
    { name: "x.bundle", bytes: Stream.make(typeof bytes === "string" ? Buffer.from(bytes) : bytes) },
    log.port,
    { copySeed, existing: log.existing, hasBlob: log.hasBlob },
  )

/** The hashes of its blobs, by what their bytes are. */
const held = (log: MemoryLog) => [...log.blobs.values()].map(({ bytes }) => hashOf(bytes)).sort()

/** Removes what a purge of a thread removes: how many references, and which blobs. */
const purge = (log: MemoryLog, threadId: string) => {
  const before = [...log.blobs.keys()].filter((hash) => log.work.blobs.find(hash) !== null)
  let references = 0
  for (let step = -1; step !== 0; references += step) step = log.work.blobs.removeSome(threadId, 1_000).references
  return { references, gone: before.filter((hash) => log.work.blobs.find(hash) === null).sort() }
}

/** The lines with the seal of the whole that fits them, and perhaps with other counts: what whoever can write the file can write. */
const resealed = (lines: readonly string[], counts: (blobs: unknown) => unknown = (blobs) => blobs): string => {
  const body = lines.filter((line) => !line.startsWith('{"end"')).map((line) => `${line}\n`)
  const { end } = JSON.parse(lines.find((line) => line.startsWith('{"end"')) ?? "{}")
  const seal = { ...end, blobs: counts(end.blobs), sha256: hashOf(body.join("")) }
  return `${body.join("")}${JSON.stringify({ end: seal })}\n`
}

const refusal = (log: MemoryLog, bytes: string | Uint8Array) =>
  Effect.map(Effect.either(into(log, bytes)), (result) =>
    Either.isLeft(result) && result.left instanceof BundleInvalid ? [result.left.kind, result.left.why] : [result],
  )

const [one, two, three] = [png(700_001), png(64, 7), png(3, 9)]

/** Two threads that share an image. */
const twoThreads = () => {
  const log = new MemoryLog()
  const first = say(log, "first", [[one, two], [two]])
  const second = say(log, "second", [[two], [three, one]])
  return { log, first, second }
}

describe("a bundle with images", () => {
  it.effect("brings each of them once, in bounded lines, and whole", () =>
    Effect.gen(function* () {
      const { first, log, second } = twoThreads()
      const { outcome, text } = log.bundle({ redaction: "none" })
      const lines = text.trimEnd().split("\n")
      expect(text).toContain('"version":2')
      expect(lines.filter((line) => line.startsWith('{"blob":'))).toHaveLength(3)
      const longest = Math.max(...lines.filter((line) => line.startsWith('{"bytes":')).map(({ length }) => length))
      expect(longest).toBe((blobPieceBytes / 3) * 4 + '{"bytes":""}'.length)
      const size = one.length + two.length + three.length
      expect(outcome.blobs).toEqual({ carried: 3, bytes: size, leftOut: 0, missing: 0 })

      const copy = new MemoryLog()
      const report = yield* into(copy, gzipSync(text))
      expect([report.proven, report.blobsAdded, report.seal.blobs]).toEqual([true, 3, outcome.blobs])
      expect(held(copy)).toEqual(held(log))
      expect(copy.blobs.get(hashOf(one))?.mediaType).toBe("image/png")
      expect((yield* into(copy, text)).blobsAdded).toBe(0)

      // A copy refers to the same ones, and they go with the last thread that does.
      const copied = yield* into(copy, text, "again")
      expect(copied.blobsAdded).toBe(0)
      const copies = copied.streams.map(({ streamId }) => streamId)
      expect(copies).toHaveLength(2)
      const purged = [first, second, ...copies].map((threadId) => purge(copy, threadId))
      expect(purged.map(({ references }) => references > 1)).toEqual([true, true, true, true])
      expect(purged.slice(0, 2).map(({ gone }) => gone)).toEqual([[], []])
      expect(purged.flatMap(({ gone }) => gone).sort()).toEqual(held(log))
    }),
  )

  it.effect("of one thread has those of that thread alone; of one without images it is of version 1", () =>
    Effect.gen(function* () {
      const { first, log } = twoThreads()
      const plain = say(log, "plain", [])
      const { outcome } = log.bundle({ redaction: "none", streams: [first] })
      expect(outcome.blobs.carried).toBe(2)
      const { text } = log.bundle({ redaction: "none", streams: [plain] })
      expect([text.includes('"version":1'), text.includes("blob")]).toEqual([true, false])
      expect((yield* into(new MemoryLog(), text)).seal.blobs).toBeUndefined()
    }),
  )

  it.effect("that an older version made is taken without them; one that has them brings them later", () =>
    Effect.gen(function* () {
      const { first, log } = twoThreads()
      const { text } = log.bundle({ redaction: "none" })
      const isOld = (line: string) => !/^\{"(?:blob|bytes)":/.test(line)
      const old = resealed(
        text.replace('"version":2', '"version":1').trimEnd().split("\n").filter(isOld),
        () => undefined,
      )
      const copy = new MemoryLog()
      expect(yield* into(copy, old)).toMatchObject({ proven: true, blobsAdded: 0 })
      expect(copy.blobs.size).toBe(0)
      // It says so when it is exported again.
      const again = copy.bundle({ redaction: "none" })
      expect(again.outcome.blobs).toEqual({ carried: 0, bytes: 0, leftOut: 0, missing: 3 })
      const third = new MemoryLog()
      expect((yield* into(third, again.text)).seal.blobs).toEqual(again.outcome.blobs)
      expect(yield* into(copy, text)).toMatchObject({ events: 0, blobsAdded: 3 })
      expect(held(copy)).toEqual(held(log))
      expect(purge(copy, first).references).toBe(2)
    }),
  )

  it.effect("leaves them out and names them where it is masked, unless they are wanted; a structure names none", () =>
    Effect.gen(function* () {
      const { log } = twoThreads()
      const bytes = one.length + two.length + three.length
      const masked = log.bundle({ redaction: "masked" })
      expect(masked.outcome).toMatchObject({ blobs: { carried: 0, leftOut: 3 }, blobBytesLeftOut: bytes })
      const names = masked.outcome.blobsLeftOut.map(({ hash }) => hash)
      expect(new Set(names)).toEqual(new Set([one, two, three].map(hashOf)))
      for (const name of names) expect(masked.text).toContain(`{"absent":{"hash":"${name}"`)
      expect(masked.text).not.toContain('{"bytes"')
      const wanted = log.bundle({ redaction: "masked", withBlobs: true })
      expect(wanted.outcome.blobs).toMatchObject({ carried: 3, leftOut: 0 })
      const structure = log.bundle({ redaction: "structure" })
      expect(structure.outcome.blobs).toEqual({ carried: 0, bytes: 0, leftOut: 3, missing: 0 })
      expect(names.filter((name) => structure.text.includes(name))).toEqual([])
      for (const [{ outcome, text }, count] of [
        [masked, 0],
        [wanted, 3],
        [structure, 0],
      ] as const) {
        const copy = new MemoryLog()
        expect(yield* into(copy, text)).toMatchObject({
          proven: true,
          blobsAdded: count,
          seal: { blobs: outcome.blobs },
        })
        expect(copy.blobs.size).toBe(count)
      }
    }),
  )

  it.effect("takes images of any length", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.oneof(
              fc.nat(5),
              fc.nat(3).map((by) => blobPieceBytes * by),
              fc.nat(3 * blobPieceBytes),
            ),
            {
              maxLength: 4,
            },
          ),
          async (sizes) => {
            const log = new MemoryLog()
            say(log, "sizes", [sizes.map((size, index) => png(size, index + 2))])
            const copy = new MemoryLog()
            await Effect.runPromise(into(copy, log.bundle({ redaction: "none" }).text))
            expect(held(copy)).toEqual(held(log))
          },
        ),
        { numRuns: 20 },
      ),
    ),
  )

  it.effect("that is hostile is refused before anything is stored", () =>
    Effect.gen(function* () {
      const { log } = twoThreads()
      const { text } = log.bundle({ redaction: "none" })
      const lines = text.trimEnd().split("\n")
      const at = lines.findIndex((line) => line.startsWith('{"blob":'))
      const entry = lines[at] ?? ""
      const isSmall = (line: string) => line.includes(`"hash":"${hashOf(two)}"`) && line.startsWith('{"blob":')
      const small = lines.findIndex(isSmall)
      const inPlace = (index: number, ...by: readonly string[]) => lines.toSpliced(index, 1, ...by)
      const stranger = png(90, 77)
      const strange = [
        JSON.stringify({ blob: { hash: hashOf(stranger), mediaType: "image/png", size: stranger.length } }),
        JSON.stringify({ bytes: Buffer.from(stranger).toString("base64") }),
      ]
      const other = JSON.stringify({ bytes: Buffer.from(png(two.length, 8)).toString("base64") })
      const long = JSON.stringify({ bytes: Buffer.from(png(blobPieceBytes + 3)).toString("base64") })
      const sizeOf = (size: number) => entry.replace(/"size":\d+/, `"size":${size}`)
      const wrong: readonly (readonly [string, string, string])[] = [
        ["other bytes", resealed(inPlace(small + 1, other)), "others than those of its hash"],
        ["a blob of nobody", resealed(inPlace(at, ...strange, entry)), "no event before it refers to"],
        ["a blob before its stream", resealed(lines.toSpliced(1, 0, ...strange)), "of no stream"],
        ["bytes of no blob", resealed(lines.toSpliced(at, 0, strange[1] ?? "")), "bytes are of no blob"],
        ["the same one twice", resealed(lines.toSpliced(small + 2, 0, ...lines.slice(small, small + 2))), "twice"],
        ["one that is cut", resealed(lines.toSpliced(at + 1, 1)), "is cut"],
        [
          "bytes too many",
          resealed(lines.toSpliced(small + 1, 0, other.replace(/.{8}"}$/, '"}'))),
          "more bytes than it says",
        ],
        ["a size that nobody has", resealed(inPlace(at, sizeOf(Number.MAX_SAFE_INTEGER))), "is longer than"],
        ["a size that is no count", resealed(inPlace(at, sizeOf(-1))), "blob.size"],
        ["a size below", resealed(inPlace(at, sizeOf(5))), "more bytes than it says"],
        ["a piece that is too long", resealed(inPlace(at + 1, long)), "bytes: "],
        ["no base64", resealed(inPlace(small + 1, '{"bytes":"*AAA"}')), "expected base64"],
        ["an empty piece", resealed(lines.toSpliced(small + 1, 0, '{"bytes":""}')), "bytes: "],
        ["one left away", resealed(lines.toSpliced(small, 2)), "nor named as absent"],
        ["none of them", resealed(lines.filter((line) => !/^\{"(?:blob|bytes)"/.test(line))), "nor named as absent"],
        [
          "counts too high",
          resealed(lines, () => ({ carried: 4e9, bytes: 1, leftOut: 0, missing: 0 })),
          "its end counts",
        ],
        ["no counts", resealed(lines, () => undefined), "does not count its blobs"],
        [
          "blobs of version 1",
          resealed(inPlace(0, (lines[0] ?? "").replace(":2", ":1"))),
          "which its version does not have",
        ],
        ["cut in a blob", `${lines.slice(0, at + 2).join("\n")}\n`, "its end is missing"],
      ]
      const pauses = makePauses()
      for (const [what, bytes, why] of wrong) {
        yield* Effect.promise(pauses)
        const copy = new MemoryLog()
        const [kind, said] = yield* refusal(copy, bytes)
        expect([what, kind, said]).toEqual([what, "damaged", expect.stringContaining(why)])
        expect([what, copy.streams, copy.driver.head(), copy.blobs.size]).toEqual([what, [], 0, 0])
      }
      yield* Effect.promise(pauses)
      const bomb = new MemoryLog()
      const zeros = `{"bytes":"${"A".repeat((blobPieceBytes / 3) * 4)}"}\n`
      const bytes = [...lines.slice(0, at), sizeOf(400 * blobPieceBytes), zeros.repeat(400)].join("\n")
      expect((yield* refusal(bomb, gzipSync(bytes)))[0]).toBe("too-large")
      expect([bomb.streams, bomb.blobs.size]).toEqual([[], 0])
    }),
  )

  it.effect("says nothing of a type: the bytes do", () =>
    Effect.gen(function* () {
      const log = new MemoryLog()
      const page = new Uint8Array(Buffer.from("<!doctype html><script>alert(1)</script>"))
      say(log, "page", [[page]])
      const lines = log.bundle({ redaction: "none" }).text.trimEnd().split("\n")
      const lying = lines.map((line) =>
        line.startsWith('{"blob"') ? line.replace("application/octet-stream", "image/png") : line,
      )
      const copy = new MemoryLog()
      yield* into(copy, resealed(lying))
      expect(copy.blobs.get(hashOf(page))?.mediaType).toBe("application/octet-stream")
    }),
  )
})
