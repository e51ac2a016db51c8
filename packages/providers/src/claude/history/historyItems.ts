/** Items in a session file: the messages of user and model, and the calls of tools with their results. */
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintFields, hintText, isFields, needText, rest } from "../../runtime/readFields.js"
import { nativeOf, type Session } from "../translate/ClaudeSession.js"
import { type Result, toolEnded, toolStarted } from "../translate/claudeTools.js"
import { citationsOf } from "../translate/contentBlocks.js"
import { blocksOf, textIn, typedText } from "./readHistoryLine.js"

/** A part of a message that is no text, without its bytes, which the line keeps. */
const otherPart = (block: Fields): Fields => {
  const source = hintFields(block, "source")
  return source === undefined
    ? (rest(block, ["data"]) ?? {})
    : { ...rest(block, ["source"]), source: rest(source, ["data"]) ?? {} }
}

/** The item of a message of the user, or of what the program tells the model in a message of its own. */
export const userItem = (session: Session, uuid: string, fields: Fields): Fact => {
  const blocks = blocksOf(fields)
  const others = blocks.filter(({ type }) => type !== "text").map(otherPart)
  const origin = hintText(hintFields(fields, "origin") ?? {}, "kind")
  const isNotice = origin !== undefined && origin !== "human" && origin !== "user"
  const item = {
    kind: isNotice ? "other" : "user_message",
    nativeKind: isNotice ? origin : "user",
    status: "completed",
    text: typedText(textIn(blocks)),
    data: others.length === 0 ? undefined : { content: others },
  } as const
  return fact("item.completed", item, nativeOf(session, session.running?.id, { itemId: uuid }))
}

const isCall: ReadonlySet<unknown> = new Set(["tool_use", "server_tool_use", "mcp_tool_use"])

/** The facts of the blocks of one line of a model's message. */
export const assistantFacts = (session: Session, uuid: string, blocks: readonly Fields[]): readonly Fact[] =>
  blocks.flatMap((block, index): readonly Fact[] => {
    const type = hintText(block, "type") ?? ""
    const itemId = index === 0 ? uuid : `${uuid}#${index}`
    const native = nativeOf(session, session.running?.id, { itemId })
    if (isCall.has(type)) {
      return toolStarted(session, needText(block, "id"), needText(block, "name"), hintFields(block, "input") ?? {})
    }
    const called = session.tools.get(hintText(block, "tool_use_id") ?? "")
    if (called !== undefined) return called.isOpen ? toolEnded(session, called, resultOf({}, block)) : []
    switch (type) {
      case "text":
        return [
          fact(
            "item.completed",
            {
              kind: "agent_message",
              nativeKind: type,
              status: "completed",
              text: hintText(block, "text") ?? "",
              data: citationsOf(block),
            },
            native,
          ),
        ]
      case "thinking":
        return [
          fact(
            "item.completed",
            { kind: "reasoning", nativeKind: type, status: "completed", text: hintText(block, "thinking") ?? null },
            native,
          ),
        ]
      case "redacted_thinking":
        return [
          fact("item.completed", { kind: "reasoning", nativeKind: type, status: "completed", text: null }, native),
        ]
      default:
        return [
          fact(
            "item.completed",
            { kind: "other", nativeKind: type, status: "completed", text: null, data: otherPart(block) },
            native,
          ),
        ]
    }
  })

/** How older versions tell the model that a person refused a call. */
const refusal = "The user doesn't want to proceed with this tool use"

const resultOf = (fields: Fields, block: Fields): Result => {
  const content = block.content
  const said = typeof content === "string" ? content : ""
  const decision =
    hintFields(fields, "permissionDecision") ?? (said.startsWith(refusal) ? { decision: "reject" } : undefined)
  return {
    content,
    isError: block.is_error === true,
    output: fields.toolUseResult,
    permission: { permission_decision: decision, non_execution_kind: hintText(fields, "toolDenialKind") },
  }
}

/** The facts of the results in a line. @param session session of the file: a sub-agent's thread is named after it */
export const resultFacts = (
  session: Session,
  file: string,
  fields: Fields,
  blocks: readonly Fields[],
): readonly Fact[] =>
  blocks.flatMap((block): readonly Fact[] => {
    const tool = block.type === "tool_result" ? session.tools.get(hintText(block, "tool_use_id") ?? "") : undefined
    if (tool?.isOpen !== true) return []
    const agent = hintText(hintFields(fields, "toolUseResult") ?? {}, "agentId")
    return toolEnded(session, tool, resultOf(fields, block)).map((what) =>
      agent === undefined || !isFields(what.payload)
        ? what
        : { ...what, payload: { ...what.payload, childNativeThreadIds: [`${file}/${agent}`] } },
    )
  })
