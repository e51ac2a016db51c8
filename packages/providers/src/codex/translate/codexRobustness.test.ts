/** Whatever comes down the wire: no throw, no lost line, no event that the catalogue does not describe. */

import { paused } from "@threadfold/testkit"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  agentDelta,
  exit,
  notify,
  recordings,
  recv,
  send,
  spawn,
  started,
  T,
  t0,
  turnStart,
  turnStarted,
  U,
} from "../../../test/support/codexWire.js"
import type { WireLine } from "../../Translator.js"
import {
  carriedLines,
  contentFaults,
  numberingFaults,
  translate,
  translatorContract,
} from "../../testing/TranslatorContract.js"
import { readRecording } from "../../wire/parseRecordingLine.js"
import { makeCodexTranslator } from "./CodexTranslator.js"
import { clientRequestMethods, serverNotificationMethods, serverRequestMethods } from "./codexMethods.js"

const make = () => makeCodexTranslator({ mode: "imported" })

const expectSound = (wire: readonly Omit<WireLine, "raw">[]): void => {
  const lines = wire.map((line, index) => ({ ...line, raw: `line ${index}` }))
  const { emitted, fates } = translate({ make, lines })
  expect(fates).toHaveLength(lines.length)
  const unmapped = emitted.filter(({ event }) => event.type === "provider.unmapped")
  expect(unmapped).toHaveLength(fates.filter((fate) => fate === "kept").length)
  expect([...carriedLines(emitted)].sort()).toEqual(lines.map(({ raw }) => raw).sort())
  expect(numberingFaults(emitted)).toEqual([])
  expect(contentFaults(emitted)).toEqual([])
}

const json = fc.jsonValue({ maxDepth: 3 })
const dir = fc.constantFrom("send", "recv")
const at = fc.integer({ min: 0, max: 10_000 }).map((ms) => t0 + ms)

/** Members that mappings look at, with values that are sometimes right. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  json,
  fc.constantFrom<unknown>(T, U, "", null, 0, "0", true, [], {}, "transcriptSegment", "handoff_request", "spawnAgent"),
)
const names = [
  "threadId",
  "turnId",
  "itemId",
  "item",
  "turn",
  "thread",
  "status",
  "delta",
  "text",
  "type",
  "id",
  "error",
  "message",
  "willRetry",
  "requestId",
  "input",
  "content",
  "tokenUsage",
  "total",
  "plan",
  "audio",
  "data",
  "role",
  "changes",
  "name",
  "receiverThreadIds",
  "tool",
  "handoff_id",
  "active_transcript",
  "questions",
  "threadSettings",
  "codexErrorInfo",
  "__proto__",
] as const
const fields: fc.Arbitrary<unknown> = fc.letrec<{ object: unknown; leaf: unknown }>((tie) => ({
  leaf: value,
  object: fc
    .array(fc.tuple(fc.constantFrom(...names), fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("object"))), { maxLength: 8 })
    .map((entries) => Object.fromEntries(entries)),
})).object
const method = fc.constantFrom<string>(
  ...serverNotificationMethods,
  ...serverRequestMethods,
  ...clientRequestMethods,
  "x/y",
)
const id = fc.constantFrom<unknown>(0, 1, "0", null, 1.5, {})

const message = fc.oneof(
  json,
  fc.record({ method, params: fields }),
  fc.record({ method, id, params: fields }),
  fc.record({ id, result: fields }),
  fc.record({ id, error: fields }),
  fc.record({ id, result: fc.constant({ thread: { id: T }, turn: { id: "turn" } }) }),
)
const line: fc.Arbitrary<Omit<WireLine, "raw">> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ dir, at, message }) },
  { weight: 1, arbitrary: fc.record({ dir: fc.constant("recv"), at }) },
  { weight: 1, arbitrary: fc.record({ dir: fc.string(), at }) },
  {
    weight: 1,
    arbitrary: fc.record({
      dir: fc.constant("meta"),
      at,
      event: fc.constantFrom("spawn", "exit", "note"),
      fields: fc.dictionary(fc.constantFrom("pid", "args", "code", "sig"), json),
    }),
  },
)

/** All places in a value, each as a path of keys. */
const pathsOf = (node: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  typeof node === "object" && node !== null
    ? [path, ...Object.entries(node).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
    : [path]

/** The value with another one in that place; undefined takes the place away. */
const replaced = (node: unknown, [key, ...path]: readonly string[], by: unknown): unknown => {
  if (key === undefined) return by
  if (Array.isArray(node))
    return node.map((inner, index) => (String(index) === key ? replaced(inner, path, by) : inner))
  if (typeof node !== "object" || node === null) return node
  const entries = Object.entries(node).map(([name, inner]) => [name, name === key ? replaced(inner, path, by) : inner])
  return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined))
}

describe("the translator", () => {
  it("takes any JSON in any direction", async () => {
    await fc.assert(paused(fc.property(fc.array(line, { maxLength: 30 }), (wire) => expectSound(wire))), {
      numRuns: 300,
    })
  })

  it("takes messages of every method with members of every type", async () => {
    const wire = fc.array(
      fc.record({ dir, at, message: fc.record({ method, id: fc.option(id, { nil: 3 }), params: fields }) }),
    )
    await fc.assert(paused(fc.property(wire, (lines) => expectSound([...started(0), ...lines]))), { numRuns: 300 })
  })

  it("takes real lines in which one member was taken away or became something else", async () => {
    const real = recordings
      .flatMap(({ text }) => readRecording(text).lines)
      .filter(({ message }) => message !== undefined)
    const change = fc.record({
      line: fc.nat({ max: real.length - 1 }),
      place: fc.nat(),
      by: fc.option(json, { nil: undefined }),
    })
    await fc.assert(
      paused(
        fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
          const wire = changes.map(({ line: index, place, by }) => {
            const { dir, at, message } = real[index] ?? { dir: "recv", at: t0, message: null }
            const paths = pathsOf(message)
            return { dir, at, message: replaced(message, paths[place % paths.length] ?? [], by) }
          })
          expectSound(wire)
        }),
      ),
      { numRuns: 500 },
    )
  })

  it("gives sound events when lines of a real session are lost, repeated or moved", async () => {
    const sessions = recordings.map(({ text }) => readRecording(text).lines)
    const plan = fc.record({
      session: fc.nat({ max: sessions.length - 1 }),
      moves: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom("lose", "repeat", "move")), { maxLength: 15 }),
    })
    await fc.assert(
      paused(
        fc.property(plan, ({ session, moves }) => {
          const wire = [...(sessions[session] ?? [])]
          for (const [from, to, what] of moves) {
            const index = from % Math.max(1, wire.length)
            const taken = what === "repeat" ? wire.slice(index, index + 1) : wire.splice(index, 1)
            if (what !== "lose") wire.splice(to % (wire.length + 1), 0, ...taken)
          }
          expectSound(wire)
        }),
      ),
      { numRuns: 150 },
    )
  })
})

const plain = (lines: readonly WireLine[]) => ({ make, lines })

translatorContract(
  "two threads, voice and requests on one connection",
  plain([
    spawn(0),
    ...started(1),
    turnStart(2, 2),
    recv(3, { id: 2, result: { turn: { id: "x", status: "inProgress" } } }),
    notify(4, "turn/started", { threadId: T, turn: { id: "x" } }),
    agentDelta(5, "a", "m", T, "x"),
    agentDelta(6, "b", "m", T, "x"),
    turnStarted(7, "y", U),
    agentDelta(8, "c", "m", U, "y"),
    agentDelta(9, "d", "m", T, "x"),
    recv(10, { id: 0, method: "item/tool/call", params: { threadId: U, turnId: "y", callId: "k", tool: "t" } }),
    notify(11, "thread/realtime/transcript/delta", { threadId: T, role: "user", delta: "p" }),
    notify(12, "thread/realtime/transcript/delta", { threadId: T, role: "user", delta: "q" }),
    notify(13, "thread/closed", { threadId: U }),
    notify(14, "thread/status/changed", { threadId: U, status: { type: "idle" } }),
    send(15, { id: 0, result: {} }),
    exit(80, 1, null),
  ]),
)
