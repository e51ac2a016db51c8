/** Whatever comes down the wire: no throw, no lost line, no event that the catalogue does not describe. */

import { paused } from "@threadfold/testkit"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as wire from "../../../test/support/acpWire.js"
import { t0 } from "../../../test/support/codexWire.js"
import type { WireLine } from "../../Translator.js"
import {
  carriedLines,
  contentFaults,
  numberingFaults,
  translate,
  translatorContract,
} from "../../testing/TranslatorContract.js"
import { type AcpTranslatorOptions, makeAcpTranslator } from "./AcpTranslator.js"
import { updateTable } from "./sessionUpdates.js"
import { toolKinds } from "./toolCalls.js"

const expectSound = (said: readonly Omit<WireLine, "raw">[], how: AcpTranslatorOptions): void => {
  const lines = said.map((line, index) => ({ ...line, raw: `line ${index}` }))
  const { emitted, fates } = translate({ make: () => makeAcpTranslator(how), lines })
  expect(fates).toHaveLength(lines.length)
  const unmapped = emitted.filter(({ event }) => event.type === "provider.unmapped")
  expect(unmapped).toHaveLength(fates.filter((fate) => fate === "kept").length)
  expect([...carriedLines(emitted)].sort()).toEqual(lines.map(({ raw }) => raw).sort())
  expect(numberingFaults(emitted)).toEqual([])
  expect(contentFaults(emitted)).toEqual([])
}

const json = fc.jsonValue({ maxDepth: 3 })
const at = fc.integer({ min: 0, max: 10_000 }).map((ms) => t0 + ms)

/** Members that mappings look at, with values that are sometimes right. */
const names = [
  "sessionId",
  "update",
  "sessionUpdate",
  "content",
  "type",
  "text",
  "messageId",
  "toolCallId",
  "toolCall",
  "kind",
  "status",
  "title",
  "rawInput",
  "rawOutput",
  "locations",
  "_meta",
  "terminal_output",
  "terminal_exit",
  "data",
  "exit_code",
  "entries",
  "options",
  "optionId",
  "configOptions",
  "modes",
  "currentModeId",
  "stopReason",
  "usage",
  "inputTokens",
  "totalTokens",
  "size",
  "outcome",
  "action",
  "requestId",
  "prompt",
  "__proto__",
] as const
const value: fc.Arbitrary<unknown> = fc.oneof(
  json,
  fc.constantFrom<unknown>(
    wire.S,
    "t",
    "",
    null,
    0,
    "0",
    [],
    {},
    "completed",
    "cancelled",
    "selected",
    "once",
    ...Object.keys(updateTable),
    ...Object.keys(toolKinds),
  ),
)
const fields: fc.Arbitrary<unknown> = fc.letrec<{ object: unknown; leaf: unknown }>((tie) => ({
  leaf: value,
  object: fc
    .array(fc.tuple(fc.constantFrom(...names), fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("object"))), { maxLength: 8 })
    .map((entries) => Object.fromEntries(entries)),
})).object
/** An update that is nearly right. */
const said = fc
  .tuple(fields, fc.constantFrom(...Object.keys(updateTable), "dance"), fc.constantFrom("t", "u"), fc.boolean())
  .map(([more, sessionUpdate, toolCallId, isText]) => ({
    ...Object(more),
    sessionUpdate,
    toolCallId,
    ...(isText ? { content: { type: "text", text: "word " } } : {}),
  }))
const method = fc.constantFrom(
  "initialize",
  "session/new",
  "session/load",
  "session/resume",
  "session/close",
  "session/prompt",
  "session/cancel",
  "session/set_mode",
  "session/set_config_option",
  "session/update",
  "session/request_permission",
  "elicitation/create",
  "fs/read_text_file",
  "$/cancel_request",
  "x/y",
)
const id = fc.constantFrom<unknown>(0, 1, "0", null, 1.5, {})
const message = fc.oneof(
  { weight: 1, arbitrary: json },
  { weight: 8, arbitrary: said.map((update) => ({ method: "session/update", params: { sessionId: wire.S, update } })) },
  { weight: 4, arbitrary: fc.record({ method, params: fields }) },
  { weight: 6, arbitrary: fc.record({ method, id, params: fields }) },
  { weight: 3, arbitrary: fc.record({ id, result: fields }) },
  { weight: 1, arbitrary: fc.record({ id, error: fields }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      { id: 0, method: "session/new", params: { cwd: "/w" } },
      { id: 0, result: { sessionId: wire.S } },
      {
        id: 1,
        method: "session/prompt",
        params: { sessionId: wire.S, prompt: [{ type: "text", text: "word word " }] },
      },
      { id: 1, result: { stopReason: "end_turn" } },
      {
        id: "0",
        method: "session/request_permission",
        params: { sessionId: wire.S, toolCall: { toolCallId: "t" }, options: wire.options },
      },
      { id: "0", result: { outcome: { outcome: "selected", optionId: "no" } } },
      { method: "session/cancel", params: { sessionId: wire.S } },
    ),
  },
)
const line: fc.Arbitrary<Omit<WireLine, "raw">> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ dir: fc.constantFrom("send", "recv"), at, message }) },
  { weight: 1, arbitrary: fc.record({ dir: fc.constant("recv"), at }) },
  { weight: 1, arbitrary: fc.record({ dir: fc.string(), at }) },
  {
    weight: 1,
    arbitrary: fc.record({
      dir: fc.constant("meta"),
      at,
      event: fc.constantFrom("spawn", "exit", "close-session", "note"),
      fields: fc.dictionary(fc.constantFrom("pid", "args", "code", "sig", "sessionId", "message"), json),
    }),
  },
)

describe("any wire", () => {
  it.each([wire.live, wire.imported])("leads to sound events: %o", async (how) => {
    await fc.assert(paused(fc.property(fc.array(line, { maxLength: 40 }), (lines) => expectSound(lines, how))), {
      numRuns: Number(process.env.THREADFOLD_RUNS ?? "150"),
    })
  })
})

const busy: readonly WireLine[] = [
  wire.meta(0, "spawn", { pid: 1, args: ["agent"] }),
  ...wire.started(1),
  ...wire.started(2, {}, "ses_2", 2),
  wire.prompt(3, 5, "one", "T1"),
  wire.prompt(4, 6, "other", "T2", "ses_2"),
  wire.thought(5, "hm "),
  wire.thought(6, "so"),
  wire.chunk(7, "a "),
  wire.chunk(30, "b "),
  wire.chunk(90, "c"),
  wire.tool(91, "t", { kind: "execute" }),
  wire.permission(92, 0, { toolCallId: "t", title: "ls" }),
  wire.select(93, 0, "once"),
  wire.patch(94, "t", { _meta: { terminal_output: { data: "out " } } }),
  wire.patch(95, "t", { _meta: { terminal_output: { data: "put" } } }),
  wire.patch(96, "t", { status: "completed", _meta: { terminal_exit: { exit_code: 0 } } }),
  wire.update(97, { sessionUpdate: "agent_message_chunk", content: { type: "text", text: "x" } }, "ses_2"),
  wire.prompt(98, 7, "queued", "T3"),
  wire.answer(99, 5),
  wire.cancel(100, "ses_2"),
  wire.answer(101, 6, { stopReason: "cancelled" }),
  wire.chunk(102, "d"),
  wire.meta(103, "exit", { code: 1, sig: null, message: "gone" }),
]

translatorContract("two sessions, live", { make: () => makeAcpTranslator(wire.live), lines: busy })
translatorContract("two sessions, imported", { make: () => makeAcpTranslator(wire.imported), lines: busy })
