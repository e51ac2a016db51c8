/**
 * What an import of a session file must lead to, read from the file alone. It knows the files of `fixtures/codex-rollout` and
 * `fixtures/claude-history`, not every version of their formats, and takes another way than the translators: it looks at the whole file.
 */
import { get, text } from "./readWire.js"

/** A turn as the file shows it. */
interface ExpectedTurn {
  readonly nativeTurnId: string
  readonly outcome: "completed" | "failed" | "interrupted"
}

export interface SessionExpectation {
  readonly nativeThreadId: string
  readonly parent: string | null
  readonly forkedFrom: string | null
  readonly turns: readonly ExpectedTurn[]
  /** What the user and the agent wrote, in order. */
  readonly messages: readonly string[]
  /** Outputs of commands that ended, in order. */
  readonly commands: readonly string[]
  /** Input and output tokens of the thread; null: none are its own. */
  readonly tokens: { readonly input: number; readonly output: number } | null
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const number = (value: unknown): number => (typeof value === "number" ? value : 0)
const linesOf = (file: string): readonly unknown[] =>
  file
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line): unknown => JSON.parse(line))

const textsOf = (content: unknown): string =>
  typeof content === "string"
    ? content
    : list(content)
        .flatMap((part) => text(get(part, "text")) ?? [])
        .join("\n\n")

const codex = (file: string): SessionExpectation => {
  const all = linesOf(file)
  const meta = get(all[0], "payload")
  const from = get(meta, "subagent_history_start_ordinal")
  const lines = all.filter((line) => typeof from !== "number" || number(get(line, "ordinal")) >= from)
  const payloads = (type: string) =>
    lines.flatMap((line) => (get(get(line, "payload"), "type") === type ? [get(line, "payload")] : []))
  const outcomeOf = (turn: string): ExpectedTurn["outcome"] => {
    const end = payloads("task_complete").find((one) => get(one, "turn_id") === turn)
    return end === undefined ? "interrupted" : get(end, "error") === undefined ? "completed" : "failed"
  }
  const items = payloads("item_completed").map((one) => get(one, "item"))
  const said = items.filter((item) => get(item, "type") === "UserMessage" || get(item, "type") === "AgentMessage")
  const counted = payloads("token_count").flatMap((one) => get(get(one, "info"), "total_token_usage") ?? [])
  const last = counted.at(-1)
  return {
    nativeThreadId: text(get(meta, "id")) ?? "",
    parent: text(get(meta, "parent_thread_id")) ?? null,
    forkedFrom: null,
    turns: payloads("task_started").map((one) => {
      const nativeTurnId = text(get(one, "turn_id")) ?? ""
      return { nativeTurnId, outcome: outcomeOf(nativeTurnId) }
    }),
    messages: said.map((item) => textsOf(get(item, "content"))),
    commands: items.flatMap((item) =>
      get(item, "type") === "CommandExecution" ? [text(get(item, "aggregated_output")) ?? ""] : [],
    ),
    tokens:
      last === undefined
        ? null
        : { input: number(get(last, "input_tokens")), output: number(get(last, "output_tokens")) },
  }
}

const ended = new Set<unknown>(["end_turn", "stop_sequence", "max_tokens"])

const claude = (file: string): SessionExpectation => {
  const all = linesOf(file)
  const session = all.flatMap((line) => text(get(line, "sessionId")) ?? [])[0] ?? ""
  const agent = all.flatMap((line) => text(get(line, "agentId")) ?? [])[0]
  const users = all.filter((line) => get(line, "type") === "user")
  const contentOf = (line: unknown) => get(get(line, "message"), "content")
  const isResult = (line: unknown) => list(contentOf(line)).some((part) => get(part, "type") === "tool_result")
  const isMark = (line: unknown) => /^(\[Request interrupted|<local-command-stdout>)/.test(textsOf(contentOf(line)))
  const prompts = users.filter(
    (line) =>
      !isResult(line) && !isMark(line) && get(line, "isMeta") !== true && get(line, "isCompactSummary") !== true,
  )
  const outcomeOf = (prompt: unknown): ExpectedTurn["outcome"] => {
    const next = prompts[prompts.indexOf(prompt) + 1]
    const lines = all.slice(all.indexOf(prompt), next === undefined ? undefined : all.indexOf(next))
    if (lines.some((line) => get(line, "isApiErrorMessage") === true)) return "failed"
    const isDone = lines.some((line) => ended.has(get(get(line, "message"), "stop_reason")))
    return isDone || lines.some((line) => textsOf(contentOf(line)).startsWith("<local-command"))
      ? "completed"
      : "interrupted"
  }
  const models = all.filter((line) => get(line, "type") === "assistant" && get(line, "isApiErrorMessage") !== true)
  const copied = models.flatMap((line) => text(get(line, "requestSessionId")) ?? [])
  const own = models.filter((line) => get(line, "requestSessionId") === undefined)
  const usages = new Map(own.map((line) => [get(get(line, "message"), "id"), get(get(line, "message"), "usage")]))
  const sum = (...names: readonly string[]) =>
    [...usages.values()].reduce(
      (total: number, usage) => names.reduce((some, name) => some + number(get(usage, name)), total),
      0,
    )
  const isNotice = (line: unknown) => get(get(line, "origin"), "kind") === "task-notification"
  const messages = all.flatMap((line) => {
    if (models.includes(line)) return list(contentOf(line)).flatMap((part) => text(get(part, "text")) ?? [])
    return prompts.includes(line) && !isNotice(line) ? [textsOf(contentOf(line))] : []
  })
  const calls = new Map(
    models.flatMap((line) =>
      list(contentOf(line)).map((part): [unknown, unknown] => [get(part, "id"), get(part, "name")]),
    ),
  )
  const commands = users.flatMap((line) =>
    list(contentOf(line)).flatMap((part) =>
      calls.get(get(part, "tool_use_id")) === "Bash"
        ? [textsOf(get(part, "content")).replace(/^Exit code \d+\n/, "")]
        : [],
    ),
  )
  return {
    nativeThreadId: agent === undefined ? session : `${session}/${agent}`,
    parent: agent === undefined ? null : session,
    forkedFrom: copied[0] ?? null,
    turns: prompts.map((line) => ({ nativeTurnId: text(get(line, "uuid")) ?? "", outcome: outcomeOf(line) })),
    messages: messages.map((said) => /<command-name>(.*)<\/command-name>/.exec(said)?.[1] ?? said),
    commands,
    tokens:
      usages.size === 0
        ? null
        : {
            input: sum("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
            output: sum("output_tokens"),
          },
  }
}

/** Reads what the import of a session file must lead to. */
export const readSessionFile = (source: "codex-rollout" | "claude", file: string): SessionExpectation =>
  source === "claude" ? claude(file) : codex(file)
