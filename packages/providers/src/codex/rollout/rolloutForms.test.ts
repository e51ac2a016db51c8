/** The forms of rollout files that older versions of Codex wrote, and what a file does not tell. */
import { describe, expect, it } from "vitest"
import { makeRolloutTranslator } from "./RolloutTranslator.js"
import { readRolloutLine } from "./readRolloutLine.js"

const id = "0199aaaa-0000-7000-8000-000000000001"

/** Types and payloads of what lines lead to, and their fates. */
const read = (lines: readonly object[]) => {
  const translator = makeRolloutTranslator()
  const fates: string[] = []
  const told: {
    readonly type: string
    readonly payload: unknown
    readonly turnId: string | undefined
    readonly session: number
  }[] = []
  for (const one of lines) {
    const raw = JSON.stringify(one)
    const line = readRolloutLine(raw)
    if ("problem" in line) throw new Error(line.problem)
    const { emitted, fate } = translator.push(line, raw)
    fates.push(fate)
    for (const { event, scope } of emitted) {
      const session = scope.kind === "session" ? scope.session : 0
      told.push({ type: event.type, payload: event.payload, turnId: event.native?.turnId, session })
    }
  }
  return { fates, told, of: (...types: readonly string[]) => told.filter(({ type }) => types.includes(type)) }
}

const at = (second: number) => `2025-10-01T00:00:${String(second).padStart(2, "0")}.000Z`
const line = (second: number, type: string, payload: object) => ({ timestamp: at(second), type, payload })
const event = (second: number, type: string, more: object = {}) => line(second, "event_msg", { type, ...more })
const item = (second: number, type: string, more: object = {}) => line(second, "response_item", { type, ...more })
const meta = (more: object = {}) => line(0, "session_meta", { id, cwd: "/home/dev", cli_version: "0.44.0", ...more })
const said = (text: string, role = "user") => ({
  type: "message",
  role,
  content: [{ type: role === "user" ? "input_text" : "output_text", text }],
})

describe("a file of the oldest form", () => {
  it("has turns by the messages of the user, and keeps what the program said in its name", () => {
    const { fates, of } = read([
      { id, timestamp: at(0), instructions: null },
      { record_type: "state" },
      said("<environment_context>\n</environment_context>"),
      said("Hello"),
      said("Hi.", "assistant"),
      said("And again"),
    ])
    expect(fates).toEqual(["mapped", "kept", "kept", "mapped", "mapped", "mapped"])
    expect(of("turn.started").map(({ turnId }) => turnId)).toEqual(["turn-1", "turn-2"])
    expect(of("session.state.changed").map(({ payload }) => payload)).toMatchObject([{ state: "ready" }])
    expect(of("item.completed").map(({ payload }) => payload)).toMatchObject([
      { text: "Hello" },
      { text: "Hi." },
      { text: "And again" },
    ])
  })
})

describe("a file that names no turns", () => {
  const call = {
    call_id: "c1",
    name: "shell",
    arguments: JSON.stringify({ command: ["bash", "-lc", "echo 'a b'"], workdir: "/x" }),
  }

  it("tells a command by its call and its output, and a message in between as part of the turn", () => {
    const { of } = read([
      meta(),
      event(1, "user_message", { message: "Run it" }),
      item(2, "message", said("Run it")),
      item(3, "function_call", call),
      event(4, "user_message", { message: "Quickly" }),
      item(5, "function_call_output", {
        call_id: "c1",
        output: JSON.stringify({ output: "a b\n", metadata: { exit_code: 3 } }),
      }),
      event(6, "agent_message", { message: "Done." }),
    ])
    expect(of("turn.started")).toHaveLength(1)
    expect(of("item.started").map(({ payload }) => payload)).toMatchObject([
      { kind: "command", title: `bash -lc 'echo '\\''a b'\\'''` },
    ])
    const [, , command] = of("item.completed")
    expect(command?.payload).toMatchObject({ kind: "command", status: "failed", exitCode: 3, text: "a b\n" })
  })

  it("tells more of a call by the event of its end, once", () => {
    const { of } = read([
      meta(),
      event(1, "user_message", { message: "Run it" }),
      item(2, "function_call", call),
      event(3, "exec_command_end", {
        call_id: "c1",
        command: ["bash", "-lc", "ls"],
        aggregated_output: "x\n",
        exit_code: 0,
        duration: { secs: 1, nanos: 5e8 },
      }),
      item(4, "function_call_output", { call_id: "c1", output: "x\n" }),
      event(5, "patch_apply_end", {
        call_id: "c2",
        success: true,
        changes: { "/a.txt": { update: { unified_diff: "@@", move_path: null } } },
      }),
    ])
    expect(
      of("item.completed")
        .slice(1)
        .map(({ payload }) => payload),
    ).toMatchObject([
      { kind: "command", status: "completed", exitCode: 0, durationMs: 1_500, text: "x\n" },
      {
        kind: "file_change",
        title: "/a.txt",
        data: { changes: [{ path: "/a.txt", kind: { type: "update" }, diff: "@@" }] },
      },
    ])
  })
})

describe("a file that names its turns", () => {
  const first = "0199aaaa-0001-7000-8000-000000000001"
  const second = "0199aaaa-0002-7000-8000-000000000001"

  it("begins the next session where a turn has no end and another one starts", () => {
    const { of } = read([
      meta(),
      event(1, "task_started", { turn_id: first }),
      event(2, "task_started", { turn_id: second }),
    ])
    expect(of("session.exited", "session.started").map(({ session, type }) => [type, session])).toEqual([
      ["session.started", 1],
      ["session.exited", 1],
      ["session.started", 2],
    ])
    expect(of("turn.started").map(({ session, turnId }) => [turnId, session])).toEqual([
      [first, 1],
      [second, 2],
    ])
  })

  it("takes back turns, and ends them as it says", () => {
    const { of } = read([
      meta(),
      event(1, "task_started", { turn_id: first }),
      event(2, "turn_aborted", { turn_id: first, reason: "interrupted" }),
      event(3, "task_started", { turn_id: second }),
      event(4, "task_complete", {
        turn_id: second,
        error: { message: "no room", codex_error_info: "context_window_exceeded" },
      }),
      event(5, "thread_rolled_back", { num_turns: 2 }),
    ])
    expect(of("turn.aborted", "turn.completed", "thread.rewound").map(({ payload }) => payload)).toEqual([
      { reason: "interrupted" },
      { outcome: "failed", error: { message: "no room", code: "context_window_exceeded" } },
      { count: 2 },
    ])
  })
})

describe("a copy of a thread", () => {
  const usage = (total: number) => ({ info: { total_token_usage: { total_tokens: total } } })

  it("shows the turns that it has from the other one, and counts only its own tokens", () => {
    const { of } = read([
      meta({ forked_from_id: "0199aaa0-0000-7000-8000-000000000009" }),
      line(0, "session_meta", { id: "0199aaa0-0000-7000-8000-000000000009" }),
      event(0, "task_started", { turn_id: "0199aaa0-0001-7000-8000-000000000001" }),
      event(0, "token_count", usage(100)),
      event(0, "task_complete", { turn_id: "0199aaa0-0001-7000-8000-000000000001" }),
      event(5, "task_started", { turn_id: "0199aaaa-0005-7000-8000-000000000001" }),
      event(6, "token_count", usage(150)),
    ])
    expect(of("turn.started")).toHaveLength(2)
    expect(of("thread.token-usage.updated").map(({ turnId }) => turnId)).toEqual([
      undefined,
      "0199aaaa-0005-7000-8000-000000000001",
    ])
    expect(of("thread.started").map(({ payload }) => payload)).toMatchObject([
      { forkedFromNativeThreadId: "0199aaa0-0000-7000-8000-000000000009" },
    ])
  })
})

it("what is no line of a rollout is a problem with a name", () => {
  for (const text of [
    "",
    "[]",
    "{}",
    '{"type":"event_msg","payload":{}}',
    '{"timestamp":"x","type":"a","payload":{}}',
  ]) {
    expect(readRolloutLine(text)).toHaveProperty("problem")
  }
})
