/** What the user says: an item of its turn, reported once, whatever the agent repeats of it. */
import { describe, expect, it } from "vitest"
import {
  afterStart,
  answer,
  cancel,
  chunk,
  imported,
  live,
  prompt,
  run,
  S,
  send,
  started,
  tool,
  update,
} from "../../../test/support/acpWire.js"
import type { WireLine } from "../../Translator.js"

const echo = (at: number, text: string): WireLine => chunk(at, text, {}, "user_message_chunk")
const image = { type: "image", data: "AA", mimeType: "image/png" }
const parts = (at: number, id: number, content: readonly object[]): WireLine =>
  send(at, { id, method: "session/prompt", params: { sessionId: S, prompt: content } })
const part = (at: number, content: object): WireLine => update(at, { sessionUpdate: "user_message_chunk", content })

/** The user's messages as `[turn, item, text]`, by their ends. */
const said = (lines: readonly WireLine[], how = live) =>
  run([...started(0), ...lines, answer(99, 5)], how).events.flatMap(({ native, payload, type }) => {
    const { kind, text } = JSON.parse(JSON.stringify(payload ?? {}))
    const { turnId, itemId } = JSON.parse(JSON.stringify(native ?? {}))
    return type === "item.completed" && kind === "user_message" ? [[turnId, itemId, text]] : []
  })

const once = [["turn-1", "prompt-1", "do it"]]

describe("what the user says", () => {
  it.each([live, imported])("is an item of the turn that it begins, complete at once: %o", (how) => {
    const item = { kind: "user_message", nativeKind: "prompt" }
    expect(afterStart([prompt(1, 5, "do it", "T")], how).slice(-2)).toEqual([
      ["item.started", "turn-1", "prompt-1", item],
      ["item.completed", "turn-1", "prompt-1", { ...item, status: "completed", text: "do it" }],
    ])
  })

  it("is nothing where there is no part at all; a part that is no text has none", () => {
    expect(said([parts(1, 5, [])])).toEqual([])
    expect(said([parts(1, 5, [image])])).toEqual([["turn-1", "prompt-1", null]])
  })

  it("while another turn runs belongs to the turn that it begins later, if it begins one", () => {
    const two = [prompt(1, 4, "one"), prompt(2, 5, "two")]
    expect(said([...two, chunk(3, "a"), answer(4, 4)])).toEqual([
      ["turn-1", "prompt-1", "one"],
      ["turn-2", "prompt-2", "two"],
    ])
    expect(said([...two, cancel(3), answer(4, 5, { stopReason: "cancelled" })])).toEqual([
      ["turn-1", "prompt-1", "one"],
    ])
  })
})

describe("what the agent repeats of it", () => {
  it.each([
    ["at once", [echo(2, "do it")]],
    ["in pieces", [echo(2, "do"), echo(3, " "), echo(300, "it")]],
    ["after what is no item", [update(2, { sessionUpdate: "available_commands_update" }), echo(3, "do it")]],
    ["and breaks off", [echo(2, "do"), chunk(3, "yes")]],
  ])("%s is the same item, and is kept", (_, lines) => {
    const wire = [...started(0), prompt(1, 5, "do it"), ...lines]
    expect(said([prompt(1, 5, "do it"), ...lines])).toEqual(once)
    expect(said([prompt(1, 5, "do it"), ...lines], imported)).toEqual(once)
    const kept = run(wire).events.filter(({ payload }) => JSON.stringify(payload).includes("which the agent repeats"))
    expect(kept).toHaveLength(lines.filter(({ raw }) => raw.includes("user_message_chunk")).length)
  })

  it("is part for part what was said", () => {
    const content = [{ type: "text", text: "look" }, { type: "text", text: "" }, image, { type: "text", text: "here" }]
    const lines = [parts(1, 5, content), echo(2, "lo"), echo(3, "ok"), part(4, image), echo(5, "here")]
    expect(said(lines)).toEqual([["turn-1", "prompt-1", "look\n\n\n\nhere"]])
  })

  it("was not said by the user alone: other words are another message", () => {
    for (const lines of [
      [echo(2, "something else")],
      [echo(2, "do it"), echo(3, " now")],
      [echo(2, "do it"), echo(3, "do it")],
      [echo(2, "do"), echo(3, "ne")],
      [part(2, image)],
    ]) {
      expect(said([prompt(1, 5, "do it"), ...lines])).toMatchObject([once[0], ["turn-1", "user-1", expect.anything()]])
    }
  })

  it("is another message when the agent has said or done something, and in another turn", () => {
    for (const first of [chunk(2, "yes"), tool(2, "t")]) {
      const [mine, theirs] = said([prompt(1, 5, "do it"), first, echo(3, "do it")])
      expect([mine, theirs?.[2]]).toEqual([once[0], "do it"])
    }
    const after = [prompt(1, 4, "do it"), answer(2, 4), echo(3, "do it"), prompt(4, 5, "more"), chunk(5, "yes")]
    expect(said(after)).toEqual([once[0], [undefined, "user-1", "do it"], ["turn-2", "prompt-2", "more"]])
  })

  it("two times the same words are two messages", () => {
    const twice = [prompt(1, 4, "do it"), echo(2, "do it"), answer(3, 4), prompt(4, 5, "do it"), echo(5, "do it")]
    expect(said(twice)).toEqual([once[0], ["turn-2", "prompt-2", "do it"]])
  })
})
