/** Items: text in chunks, and tool calls in patches. */
import { describe, expect, it } from "vitest"
import {
  afterStart,
  answer,
  cancel,
  chunk,
  giveUp,
  patch,
  permission,
  prompt,
  run,
  select,
  started,
  thought,
  tool,
  update,
} from "../../../test/support/acpWire.js"
import { contentFaults } from "../../testing/TranslatorContract.js"

/** What became of the agent's items after the turn began. */
const items = (lines: Parameters<typeof afterStart>[0]) =>
  afterStart([prompt(1, 5), ...lines]).filter(
    ([type, , item]) => (type.startsWith("item.") || type === "content.delta") && item !== "prompt-1",
  )

const types = (lines: Parameters<typeof afterStart>[0]) => items(lines).map(([type, , item]) => [type, item])

describe("text", () => {
  it("in consecutive chunks of one kind is one item, whose final text is all of them", () => {
    expect(items([chunk(2, "a "), chunk(3, "b"), answer(4, 5)])).toEqual([
      ["item.started", "turn-1", "message-1", { kind: "agent_message", nativeKind: "agent_message_chunk" }],
      ["content.delta", "turn-1", "message-1", { stream: "text", delta: "a b", frames: 2, lastAt: expect.any(Number) }],
      [
        "item.completed",
        "turn-1",
        "message-1",
        { kind: "agent_message", nativeKind: "agent_message_chunk", status: "completed", text: "a b" },
      ],
    ])
  })

  it("of another kind is another item; a thought's text is what it shows", () => {
    expect(
      items([thought(2, "hm"), chunk(3, "so"), thought(4, "ah")]).map(([type, , item, payload]) => [
        type,
        item,
        payload,
      ]),
    ).toMatchObject([
      ["item.started", "thought-1", { kind: "reasoning" }],
      ["content.delta", "thought-1", { stream: "summary", delta: "hm" }],
      ["item.completed", "thought-1", { status: "completed", text: "hm" }],
      ["item.started", "message-2", { kind: "agent_message" }],
      ["content.delta", "message-2", { stream: "text", delta: "so" }],
      ["item.completed", "message-2", { text: "so" }],
      ["item.started", "thought-3", { kind: "reasoning" }],
      ["content.delta", "thought-3", { delta: "ah" }],
    ])
  })

  it("of another message is another item; a chunk without a message goes on", () => {
    const lines = [
      chunk(2, "a", { messageId: "m1" }),
      chunk(3, "b"),
      chunk(4, "c", { messageId: "m1" }),
      chunk(5, "d", { messageId: "m2" }),
    ]
    expect(types(lines)).toEqual([
      ["item.started", "message-1"],
      ["content.delta", "message-1"],
      ["item.completed", "message-1"],
      ["item.started", "message-2"],
      ["content.delta", "message-2"],
    ])
    expect(items(lines)[2]?.[3]).toMatchObject({ text: "abc", data: { messageId: "m1" } })
    const named = [chunk(2, "a"), chunk(3, "b", { messageId: "m1" }), chunk(4, "c", { messageId: "m2" })]
    expect(types(named).filter(([type]) => type === "item.started")).toHaveLength(2)
  })

  it("ends at a tool call, and goes on as another item", () => {
    expect(types([chunk(2, "a"), tool(3, "t"), chunk(4, "b")])).toEqual([
      ["item.started", "message-1"],
      ["content.delta", "message-1"],
      ["item.completed", "message-1"],
      ["item.started", "t"],
      ["item.started", "message-2"],
      ["content.delta", "message-2"],
    ])
  })

  it("goes on over what is no item", () => {
    const lines = [
      chunk(2, "a"),
      update(3, { sessionUpdate: "plan", entries: [] }),
      update(3, { sessionUpdate: "usage_update", used: 1, size: 2 }),
      chunk(4, "b"),
      answer(5, 5),
    ]
    expect(items(lines).at(-1)?.[3]).toMatchObject({ text: "ab" })
  })

  it("that was cut short is kept as far as it came", () => {
    const cut = [chunk(2, "half"), cancel(3), answer(4, 5, { stopReason: "cancelled" })]
    expect(items(cut).at(-1)?.[3]).toMatchObject({ status: "interrupted", text: "half" })
  })

  it("without content opens nothing", () => {
    expect(items([chunk(2, ""), thought(3, "")])).toEqual([])
  })

  it("keeps parts that are no text beside it, in the agent's words", () => {
    const image = { type: "image", data: "AA", mimeType: "image/png" }
    const picture = update(3, { sessionUpdate: "agent_message_chunk", content: image })
    expect(
      items([chunk(2, "see"), picture, answer(4, 5)])
        .slice(2)
        .map(([type, , , payload]) => [type, payload]),
    ).toEqual([
      ["item.updated", { data: { content: [image] } }],
      ["item.completed", expect.objectContaining({ text: "see", data: { content: [image] } })],
    ])
    expect(items([picture])).toEqual([
      [
        "item.started",
        "turn-1",
        "message-1",
        { kind: "agent_message", nativeKind: "agent_message_chunk", data: { content: [image] } },
      ],
    ])
  })

  it("outside of a turn belongs to none", () => {
    const lines = [prompt(1, 5), answer(2, 5), chunk(3, "by the way"), prompt(4, 6)]
    const after = afterStart(lines).slice(5)
    expect(after.map(([type, turn, item]) => [type, turn, item])).toEqual([
      ["item.started", undefined, "message-1"],
      ["content.delta", undefined, "message-1"],
      ["item.completed", undefined, "message-1"],
      ["turn.accepted", "turn-2", undefined],
      ["turn.started", "turn-2", undefined],
      ["item.started", "turn-2", "prompt-2"],
      ["item.completed", "turn-2", "prompt-2"],
    ])
  })

  it("outside of a turn ends with the next other thing that the agent says or asks", () => {
    const loose = [prompt(1, 5), answer(2, 5), chunk(3, "by "), chunk(4, "the way")]
    const [usage, ask] = [update(5, { sessionUpdate: "usage_update", used: 1 }), permission(5, 0, { toolCallId: "t" })]
    const types = (...lines: Parameters<typeof afterStart>[0]) =>
      afterStart([...loose, ...lines])
        .slice(5)
        .map(([type]) => type)
    const written = ["item.started", "content.delta"]
    // It goes on while it is written, in a turn until the turn's end.
    expect(types()).toEqual(written)
    expect(types(usage).slice(0, 3)).toEqual([...written, "item.completed"])
    expect(types(ask).slice(0, 3)).toEqual([...written, "item.completed"])
    expect(types(usage, chunk(6, "more")).filter((type) => type === "item.started")).toHaveLength(2)
    const inside = afterStart([prompt(1, 5), chunk(3, "in it"), usage]).map(([type]) => type)
    expect(inside.filter((type) => type === "item.completed")).toHaveLength(1)
  })

  it("that the user is made to say is the user's", () => {
    expect(items([chunk(2, "do it", {}, "user_message_chunk")])).toMatchObject([
      ["item.started", "turn-1", "user-1", { kind: "user_message" }],
      ["content.delta", "turn-1", "user-1", { stream: "text", delta: "do it" }],
    ])
  })

  it("that is none is kept", () => {
    const { fates } = run([
      ...started(0),
      update(1, { sessionUpdate: "agent_message_chunk", content: { type: "text" } }),
    ])
    expect(fates.at(-1)).toBe("kept")
  })
})

describe("a tool call", () => {
  it.each([
    ["execute", "command"],
    ["edit", "file_change"],
    ["delete", "file_change"],
    ["move", "file_change"],
    ["read", "tool_call"],
    ["search", "tool_call"],
    ["fetch", "tool_call"],
    ["think", "tool_call"],
    ["switch_mode", "tool_call"],
    ["other", "tool_call"],
    ["brew", "tool_call"],
  ])("of kind %s is a %s", (nativeKind, kind) => {
    expect(items([tool(2, "t", { kind: nativeKind })])).toEqual([
      ["item.started", "turn-1", "t", { kind, nativeKind, title: "call t" }],
    ])
  })

  it("is reported as it stands after each patch; what a patch leaves out stays", () => {
    const diff = { type: "diff", path: "/w/a", oldText: null, newText: "x" }
    const lines = [
      tool(2, "t", { kind: "edit", status: "pending", rawInput: {} }),
      patch(3, "t", { title: "Write a", rawInput: { path: "a" }, locations: [{ path: "/w/a" }] }),
      patch(4, "t", { status: "in_progress", content: [diff] }),
      patch(5, "t", { status: "completed", rawOutput: "written" }),
    ]
    const data = { locations: [{ path: "/w/a" }], rawInput: { path: "a" } }
    expect(items(lines).map(([type, , , payload]) => [type, payload])).toEqual([
      ["item.started", { kind: "file_change", nativeKind: "edit", title: "call t" }],
      ["item.updated", { title: "Write a", data }],
      ["item.updated", { title: "Write a", data: { ...data, content: [diff] } }],
      [
        "item.completed",
        {
          kind: "file_change",
          nativeKind: "edit",
          title: "Write a",
          data: { ...data, content: [diff], rawOutput: "written" },
          status: "completed",
          text: null,
        },
      ],
    ])
  })

  it("may be announced by any message about it, and be complete from the start", () => {
    expect(types([patch(2, "t", { title: "x" }), tool(3, "t", { title: "y" })])).toEqual([
      ["item.started", "t"],
      ["item.updated", "t"],
    ])
    expect(types([tool(2, "t", { status: "completed" })])).toEqual([
      ["item.started", "t"],
      ["item.completed", "t"],
    ])
  })

  it("about which a patch says nothing new is kept", () => {
    const { fates } = run([
      ...started(0),
      tool(1, "t"),
      patch(2, "t", { status: "in_progress" }),
      patch(3, "t", { _meta: { a: 1 } }),
    ])
    expect(fates.slice(-3)).toEqual(["mapped", "kept", "kept"])
  })

  it("keeps its turn: a late message about it does not move it", () => {
    const lines = [prompt(1, 5), tool(2, "t"), answer(3, 5), prompt(4, 6), patch(5, "t", { status: "failed" })]
    expect(afterStart(lines).at(-1)).toMatchObject(["item.completed", "turn-1", "t", { status: "failed" }])
  })

  it("that has ended keeps it, too, and is forgotten after the next turn", () => {
    const ended = [prompt(1, 5), tool(2, "t", { status: "completed" }), answer(3, 5), prompt(4, 6)]
    const late = patch(9, "t", { status: "failed" })
    expect(afterStart([...ended, late]).at(-1)).toMatchObject(["item.completed", "turn-1", "t", { status: "failed" }])
    const forgotten = afterStart([...ended, answer(7, 6), late]).slice(-2)
    expect(forgotten).toMatchObject([
      ["item.started", undefined, "t", {}],
      ["item.completed", undefined, "t", {}],
    ])
  })

  it("that reuses the id of an earlier turn's is another one", () => {
    const lines = [prompt(1, 5), tool(2, "t", { status: "completed" }), answer(3, 5), prompt(4, 6), tool(5, "t")]
    expect(afterStart(lines).at(-1)).toMatchObject(["item.started", "turn-2", "t", {}])
  })

  it("may end twice: the agent's words, both", () => {
    const lines = [
      tool(2, "t", { status: "completed" }),
      patch(3, "t", { title: "late" }),
      patch(4, "t", { status: "failed" }),
    ]
    expect(types(lines)).toEqual([
      ["item.started", "t"],
      ["item.completed", "t"],
      ["item.completed", "t"],
    ])
  })

  it("without an id is kept", () => {
    const { fates, events } = run([...started(0), update(1, { sessionUpdate: "tool_call", title: "x" })])
    expect(fates.at(-1)).toBe("kept")
    expect(events.at(-1)?.payload).toMatchObject({ problem: "toolCallId: expected a text" })
  })
})

describe("the output of a command", () => {
  const command = (at: number, more: object = {}) => tool(at, "t", { kind: "execute", ...more })
  const text = (said: string) => [{ type: "content", content: { type: "text", text: said } }]
  const outputs = (lines: Parameters<typeof afterStart>[0]) =>
    items(lines).flatMap(([type, , , payload]) => (type === "content.delta" ? [payload] : []))
  const final = (lines: Parameters<typeof afterStart>[0]) => items(lines).at(-1)?.[3]

  it("that a terminal streams is all its pieces, with the exit code", () => {
    const piece = (at: number, data: string) =>
      patch(at, "t", { _meta: { terminal_output: { terminal_id: "t", data } } })
    const exit = { _meta: { terminal_exit: { terminal_id: "t", exit_code: 3, signal: null } } }
    const lines = [
      command(2, { content: [{ type: "terminal", terminalId: "t" }] }),
      piece(3, "one\n"),
      piece(4, "two\n"),
      patch(5, "t", {
        ...exit,
        status: "failed",
        rawOutput: "another form of it",
        content: [{ type: "terminal", terminalId: "t" }],
      }),
    ]
    expect(outputs(lines)).toMatchObject([{ stream: "output", delta: "one\ntwo\n", frames: 2 }])
    expect(final(lines)).toMatchObject({ status: "failed", text: "one\ntwo\n", exitCode: 3 })
    expect(final(lines)).not.toHaveProperty("data")
  })

  it("that is shown whole again and again is reported as far as it grew", () => {
    const running = (at: number, said: string) => patch(at, "t", { status: "in_progress", content: text(said) })
    const lines = [
      command(2),
      running(3, "a"),
      running(100, "ab"),
      running(200, "ab"),
      running(300, "x"),
      patch(400, "t", { status: "completed", content: text("abc") }),
    ]
    expect(outputs(lines)).toMatchObject([{ delta: "a" }, { delta: "b" }])
    expect(final(lines)).toMatchObject({ text: "abc" })
  })

  it("is not what describes the command before it runs", () => {
    const lines = [
      command(2, { content: text("lists files") }),
      patch(3, "t", { status: "completed", rawOutput: "a\nb" }),
    ]
    expect(outputs(lines)).toEqual([])
    expect(final(lines)).toMatchObject({ text: "a\nb" })
    expect(final([command(2, { content: text("lists files") }), patch(3, "t", { status: "completed" })])).toMatchObject(
      { text: null },
    )
  })

  it("that a raw result holds is its text, whatever member says it; one without any stays data", () => {
    const ended = (rawOutput: unknown) => [command(2), patch(3, "t", { status: "completed", rawOutput })]
    expect(final(ended({ exit_code: 1, stdout: "s", stderr: "e" }))).toMatchObject({ text: "s\ne", exitCode: 1 })
    expect(final(ended({ aggregated_output: "all", stdout: "s" }))).toMatchObject({ text: "all" })
    expect(final(ended({ output: "o", metadata: { exit: 0 } }))).toMatchObject({ text: "o", exitCode: 0 })
    expect(final(ended([{ type: "text", text: "block" }]))).toMatchObject({ text: "block" })
    expect(final(ended({ content: [{ type: "text", text: "inner" }] }))).toMatchObject({ text: "inner" })
    expect(final(ended({ exit_code: 1, other: {} }))).toMatchObject({ text: null, data: { rawOutput: { other: {} } } })
  })

  it("that came in pieces is the whole result where that holds them and more", () => {
    const piece = patch(3, "t", { _meta: { terminal_output: { terminal_id: "t", data: "two" } } })
    const ended = (output: string) => patch(4, "t", { status: "completed", rawOutput: { output } })
    expect(final([command(2), piece, ended("one\ntwo\nthree")])).toMatchObject({ text: "one\ntwo\nthree" })
    expect(final([command(2), piece, ended("something else")])).toMatchObject({ text: "two" })
  })
})

describe("a call whose question was answered", () => {
  const asked = [tool(2, "t", { kind: "execute" }), permission(3, 0, { toolCallId: "t" })]
  const failed = patch(5, "t", { status: "failed", _meta: { terminal_exit: { exit_code: 1 } } })
  const final = (reply: ReturnType<typeof select>) => items([...asked, reply, failed]).at(-1)?.[3]

  it("by no, is declined when it fails, and has no exit code: it never ran", () => {
    expect(final(select(4, 0, "no"))).toMatchObject({ status: "declined" })
    expect(final(select(4, 0, "no"))).not.toHaveProperty("exitCode")
  })

  it("by no user, is interrupted when it fails", () => {
    expect(final(giveUp(4, 0))).toMatchObject({ status: "interrupted" })
  })

  it("by yes, failed when it fails", () => {
    expect(final(select(4, 0, "once"))).toMatchObject({ status: "failed", exitCode: 1 })
  })
})

it("a call of a strange shape says only what the catalogue knows", () => {
  const strange = { name: "Bash", kind: "execute", rawInput: [1], locations: "here" }
  const lines = [tool(2, "t", strange), patch(3, "t", { content: [null, { type: "x" }], locations: null })]
  expect(contentFaults(run([...started(0), prompt(1, 5), ...lines]).emitted)).toEqual([])
})
