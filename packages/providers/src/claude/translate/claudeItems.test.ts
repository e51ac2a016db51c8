import { describe, expect, it } from "vitest"
import {
  afterStart,
  assistant,
  blockDelta,
  blockStart,
  call,
  member,
  messageStart,
  outline,
  result,
  say,
  stream,
  system,
  textDelta,
  toolResult,
  user,
} from "../../../test/support/claudeLines.js"

const begun = [user(1, "m", "go")]
/** What is reported after the turn has begun. */
const after = (lines: Parameters<typeof afterStart>[0]) => afterStart([...begun, ...lines]).slice(3)

describe("text of the model", () => {
  const written = [
    messageStart(2),
    blockStart(3, 0, { type: "text", text: "" }),
    textDelta(4, "Hel"),
    textDelta(5, "lo"),
  ]

  it("streams into an item, and is complete with the whole block", () => {
    expect(after([...written, assistant(6, [{ type: "text", text: "Hello" }])])).toEqual([
      ["item.started", "turn-1", "msg_1:0", { kind: "agent_message", nativeKind: "text" }],
      ["content.delta", "turn-1", "msg_1:0", { stream: "text", delta: "Hello", frames: 2, lastAt: 1_800_000_000_005 }],
      [
        "item.completed",
        "turn-1",
        "msg_1:0",
        { kind: "agent_message", nativeKind: "text", status: "completed", text: "Hello" },
      ],
    ])
  })

  it("that comes whole is an item, too", () => {
    const blocks = [
      assistant(2, [{ type: "text", text: "a" }], {}, "m1"),
      assistant(3, [{ type: "text", text: "b" }], {}, "m1"),
      assistant(4, "c", {}, "m2"),
    ]
    const texts = after(blocks).filter(([type]) => type === "item.completed")
    expect(texts.map(([, , item, payload]) => [item, member(payload, "text")])).toEqual([
      ["m1:0", "a"],
      ["m1:1", "b"],
      ["m2:0", "c"],
    ])
  })

  it("that an interrupt cut off ends interrupted, with what there was", () => {
    const [, , last] = after([...written, assistant(6, [{ type: "text", text: "Hello" }], { aborted: true })])
    expect(last?.[3]).toMatchObject({ status: "interrupted", text: "Hello" })
  })

  it.each([
    ["another message begins", messageStart(6, "msg_2")],
    ["the agent tries again", system(6, "api_retry", { attempt: 1, max_retries: 2, error: "overloaded" })],
    ["the turn ends", result(6)],
  ])("that broke off ends interrupted when %s, and keeps its pieces", (_, line) => {
    const end = after([...written, line]).find(([type]) => type === "item.completed")
    expect(end).toEqual([
      "item.completed",
      "turn-1",
      "msg_1:0",
      { kind: "agent_message", nativeKind: "text", status: "interrupted", text: null },
    ])
  })

  it("of two blocks of one message goes to two items, in their order", () => {
    const lines = [
      ...written,
      assistant(6, [{ type: "text", text: "Hello" }]),
      blockStart(7, 1, { type: "text", text: "" }),
      textDelta(8, "you", 1),
      assistant(9, [{ type: "text", text: "you" }]),
    ]
    expect(outline([...begun, ...lines]).slice(3)).toEqual([
      "item.started turn-1 msg_1:0",
      "content.delta turn-1 msg_1:0",
      "item.completed turn-1 msg_1:0",
      "item.started turn-1 msg_1:1",
      "content.delta turn-1 msg_1:1",
      "item.completed turn-1 msg_1:1",
    ])
  })

  it("without a start is ignored", () => {
    expect(
      after([
        textDelta(2, "x"),
        stream(3, { type: "content_block_delta", index: 9, delta: { type: "text_delta", text: "x" } }),
      ]),
    ).toEqual([])
  })
})

describe("thoughts of the model", () => {
  const thinking = [messageStart(2), blockStart(3, 0, { type: "thinking", thinking: "", signature: "" })]
  const thought = (at: number, text: string) => blockDelta(at, 0, { type: "thinking_delta", thinking: text })

  it("are shown as a summary; estimates and signatures do not cut them apart", () => {
    const lines = [
      ...thinking,
      thought(4, "Let "),
      system(5, "thinking_tokens", { estimated_tokens: 2 }),
      thought(6, "me see"),
      blockDelta(7, 0, { type: "signature_delta", signature: "x" }),
      assistant(8, [{ type: "thinking", thinking: "Let me see", signature: "x" }]),
    ]
    expect(after(lines).slice(1)).toMatchObject([
      ["content.delta", "turn-1", "msg_1:0", { stream: "summary", delta: "Let me see", frames: 4 }],
      ["item.completed", "turn-1", "msg_1:0", { kind: "reasoning", status: "completed", text: "Let me see" }],
    ])
  })

  it("that the provider hides have no text", () => {
    const lines = [
      messageStart(2),
      blockStart(3, 0, { type: "redacted_thinking", data: "x" }),
      system(4, "thinking_tokens", { estimated_tokens: 2 }),
      assistant(5, [{ type: "redacted_thinking", data: "x" }]),
    ]
    expect(after(lines).slice(1)).toMatchObject([
      ["content.delta", "turn-1", "msg_1:0", { stream: "progress", delta: "" }],
      ["item.completed", "turn-1", "msg_1:0", { kind: "reasoning", text: null }],
    ])
  })

  it("are estimated in vain while nothing is thought", () => {
    expect(after([system(2, "thinking_tokens", {})])).toEqual([])
  })
})

describe("a call of a tool", () => {
  it("is an item from the first piece of its input on", () => {
    const lines = [
      messageStart(2),
      blockStart(3, 0, { type: "tool_use", id: "t1", name: "Bash", input: {} }),
      blockDelta(4, 0, { type: "input_json_delta", partial_json: '{"command":' }),
      blockDelta(5, 0, { type: "input_json_delta", partial_json: '"ls"}' }),
      call(6, "t1", "Bash", { command: "ls" }, {}),
      toolResult(7, "t1", "a\nb", { tool_use_result: { stdout: "a\nb", stderr: "c" } }),
    ]
    expect(after(lines)).toEqual([
      ["item.started", "turn-1", "t1", { kind: "command", nativeKind: "Bash" }],
      [
        "content.delta",
        "turn-1",
        "t1",
        { stream: "input", delta: '{"command":"ls"}', frames: 2, lastAt: 1_800_000_000_005 },
      ],
      ["item.updated", "turn-1", "t1", { title: "ls", data: { input: { command: "ls" } } }],
      [
        "item.completed",
        "turn-1",
        "t1",
        {
          kind: "command",
          nativeKind: "Bash",
          title: "ls",
          data: { input: { command: "ls" } },
          status: "completed",
          text: "a\nb\nc",
        },
      ],
    ])
  })

  it.each([
    ["Bash", { command: "ls  -l\n" }, "command", "ls -l"],
    ["Write", { file_path: "/a", content: "x" }, "file_change", "/a"],
    ["NotebookEdit", { notebook_path: "/n" }, "file_change", "/n"],
    ["WebSearch", { query: "q" }, "web_search", "q"],
    ["Task", { description: "look", prompt: "p" }, "subagent", "look"],
    ["Agent", { subagent_type: "Explore" }, "subagent", "Explore"],
    ["Read", { file_path: "/a", limit: 3 }, "tool_call", "Read /a"],
    ["mcp__git__log__all", { path: "." }, "tool_call", "git.log__all ."],
    ["mcp__odd", {}, "tool_call", "mcp__odd"],
    ["AskUserQuestion", { questions: [{ question: "Which?" }] }, "tool_call", "Which?"],
    ["ExitPlanMode", { plan: "p" }, "plan", "ExitPlanMode"],
    ["SomethingNew", { a: 1 }, "tool_call", "SomethingNew"],
  ])("%s with %j is %s: %s", (name, input, kind, title) => {
    expect(after([call(2, "t", name, input)])[0]?.[3]).toMatchObject({ kind, nativeKind: name, title, data: { input } })
  })

  it.each([
    ["completes", {}, {}, "completed"],
    ["fails", {}, { is_error: true }, "failed"],
    [
      "is declined by a rule",
      { tool_result_meta: [{ id: "other" }, { id: "t", non_execution_kind: "permission-rule" }] },
      { is_error: true },
      "declined",
    ],
    [
      "is declined by a hook",
      { tool_result_meta: [{ id: "t", permission_decision: { decision: "reject" } }] },
      { is_error: true },
      "declined",
    ],
    [
      "is interrupted where it was not refused",
      { tool_result_meta: [{ id: "t", non_execution_kind: "user-rejected" }] },
      { is_error: true },
      "interrupted",
    ],
    [
      "fails for a reason unknown here",
      { tool_result_meta: [{ id: "t", non_execution_kind: "new" }] },
      { is_error: true },
      "failed",
    ],
  ])("%s", (_, more, block, status) => {
    const lines = [call(2, "t", "Read", { file_path: "/a" }), toolResult(3, "t", "text", more, block)]
    expect(after(lines).at(-1)?.[3]).toMatchObject({ status, data: { result: "text" } })
  })

  it("that is a command tells its exit code and what it printed, once", () => {
    const failed = toolResult(3, "t", "Exit code 3\nno such file", {}, { is_error: true })
    expect(after([call(2, "t", "Bash", { command: "x" }), failed]).at(-1)?.[3]).toMatchObject({
      status: "failed",
      exitCode: 3,
      text: "no such file",
    })
    const refused = toolResult(
      3,
      "t",
      "no",
      { tool_result_meta: [{ id: "t", non_execution_kind: "user-rejected" }] },
      { is_error: true },
    )
    expect(after([call(2, "t", "Bash", { command: "x" }), refused]).at(-1)?.[3]).toMatchObject({ text: null })
    const blocks = toolResult(3, "t", [{ type: "text", text: "a" }, { type: "image" }, { type: "text", text: "b" }])
    expect(after([call(2, "t", "Bash", { command: "x" }), blocks]).at(-1)?.[3]).toMatchObject({ text: "a\n\nb" })
  })

  it("that changes a file tells the change, and not the file again", () => {
    const patch = [{ oldStart: 1, lines: ["-a", "+b"] }]
    const output = { filePath: "/a", structuredPatch: patch, originalFile: "a", oldString: "a", newString: "b" }
    const lines = [call(2, "t", "Edit", { file_path: "/a" }), toolResult(3, "t", "done", { tool_use_result: output })]
    expect(after(lines).at(-1)?.[3]).toMatchObject({ data: { result: { filePath: "/a", structuredPatch: patch } } })
    expect(member(member(after(lines).at(-1)?.[3], "data"), "result")).not.toHaveProperty("originalFile")
  })

  it("that the provider's server makes is answered inside the message", () => {
    const lines = [
      assistant(2, [
        { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "q" } },
        { type: "web_search_tool_result", tool_use_id: "s1", content: [{ title: "a" }] },
      ]),
    ]
    expect(after(lines)).toMatchObject([
      ["item.started", "turn-1", "s1", { kind: "web_search", title: "q" }],
      [
        "item.completed",
        "turn-1",
        "s1",
        { kind: "web_search", status: "completed", data: { result: [{ title: "a" }] } },
      ],
    ])
  })

  it("whose results a message cites: the message has the pages", () => {
    const cited = {
      type: "web_search_result_location",
      url: "https://a.org",
      title: "A",
      cited_text: "x".repeat(2_000),
    }
    const place = { type: "char_location", document_title: "Notes", cited_text: "so it is", start_char_index: 3 }
    const text = { type: "text", text: "It is so.", citations: [cited, place, "odd"] }
    const citations = [
      { title: "A", url: "https://a.org", citedText: "x".repeat(1_000) },
      { title: "Notes", citedText: "so it is" },
    ]
    const [, completed] = after([assistant(2, [text])])
    expect(completed?.[3]).toMatchObject({ kind: "agent_message", text: "It is so.", data: { citations } })
    const streamed = after([messageStart(2, "m"), blockStart(3, 0, { type: "text", text: "" }), assistant(4, [text])])
    expect(streamed.at(-1)?.[3]).toMatchObject({ data: { citations } })
    const many = Array.from({ length: 500 }, () => cited)
    const [, bounded] = after([assistant(2, [{ ...text, citations: many }])])
    expect(member(member(bounded?.[3], "data"), "citations")).toHaveLength(100)
  })

  it("whose input broke off was never made", () => {
    const lines = [
      messageStart(2),
      blockStart(3, 0, { type: "tool_use", id: "t1", name: "Bash", input: {} }),
      messageStart(4, "msg_2"),
      toolResult(5, "t1", "late"),
    ]
    expect(after(lines)).toEqual([
      ["item.started", "turn-1", "t1", { kind: "command", nativeKind: "Bash" }],
      ["item.completed", "turn-1", "t1", { kind: "command", nativeKind: "Bash", status: "interrupted" }],
    ])
  })

  it("stays open for its result though the next message begins, and names the turn that it began in", () => {
    const lines = [
      call(2, "t", "Bash", { command: "x" }),
      messageStart(3),
      result(4),
      user(5, "n", "next"),
      toolResult(6, "t", "a"),
    ]
    expect(after(lines).at(-1)?.slice(0, 3)).toEqual(["item.completed", "turn-1", "t"])
  })

  it("ends once", () => {
    const lines = [
      call(2, "t", "Read", {}),
      toolResult(3, "t", "a"),
      toolResult(4, "t", "b"),
      toolResult(5, "unknown", "c"),
    ]
    expect(outline([...begun, ...lines]).filter((one) => one.startsWith("item.completed turn-1 t"))).toHaveLength(1)
  })
})

describe("plans", () => {
  it("of TodoWrite are the turn's plan, and a text", () => {
    const todos = [
      { content: "a", status: "completed" },
      { content: "b", status: "in_progress", activeForm: "doing b" },
      { content: "c", status: "pending" },
      { status: "pending" },
    ]
    const lines = [call(2, "t", "TodoWrite", { todos }), toolResult(3, "t", "ok")]
    expect(after(lines)).toMatchObject([
      ["item.started", "turn-1", "t", { kind: "plan" }],
      [
        "turn.plan.updated",
        "turn-1",
        undefined,
        {
          steps: [
            { step: "a", status: "completed" },
            { step: "b", status: "inProgress" },
            { step: "c", status: "pending" },
          ],
        },
      ],
      ["item.completed", "turn-1", "t", { kind: "plan", text: "[x] a\n[-] b\n[ ] c" }],
    ])
  })

  it("that wait for consent are proposals", () => {
    const lines = [call(2, "t", "ExitPlanMode", { plan: "# Plan" }), toolResult(3, "t", "ok")]
    expect(after(lines)).toMatchObject([
      ["item.started", "turn-1", "t", { kind: "plan" }],
      ["turn.proposed.completed", "turn-1", undefined, { text: "# Plan" }],
      ["item.completed", "turn-1", "t", { kind: "plan", text: "# Plan" }],
    ])
  })

  it("without steps say nothing", () => {
    expect(outline([...begun, call(2, "t", "TodoWrite", { todos: "no list" })]).slice(3)).toEqual([
      "item.started turn-1 t",
    ])
  })
})

describe("other things that are written", () => {
  it("are items with their own type's name", () => {
    expect(after([assistant(2, [{ type: "image", source: "s" }])])).toEqual([
      ["item.started", "turn-1", "msg_1:0", { kind: "other", nativeKind: "image", data: { source: "s" } }],
      ["item.completed", "turn-1", "msg_1:0", { kind: "other", nativeKind: "image", status: "completed", text: null }],
    ])
  })

  it("are failures, where the agent answers in the place of a model that it could not reach", () => {
    const lines = [
      assistant(2, [{ type: "text", text: "API Error: 500" }], {
        error: "server_error",
        is_api_error_message: true,
        api_error_status: 500,
      }),
    ]
    expect(after(lines).at(-1)).toMatchObject([
      "item.completed",
      "turn-1",
      "msg_1",
      { kind: "other", nativeKind: "api_error", title: "API Error: 500", status: "failed", data: { status: 500 } },
    ])
  })

  it("are notes of the agent to its model, which are kept and no more", () => {
    const notes = ["[Request interrupted by user]", [{ type: "text", text: "<local-command-stdout>" }], 7]
    expect(after(notes.map((content, index) => say(2 + index, { type: "user", message: { content } })))).toEqual([])
  })
})
