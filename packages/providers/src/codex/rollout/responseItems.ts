/** What the model wrote and used, and the errors of a turn, as Codex stores them: in its rollout files and in its traces alike. */
import type { PayloadOf, TokenCounts } from "@threadfold/contracts"
import { omitUndefined } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintText,
  hintTokens,
  isFields,
  oneLine,
} from "../../runtime/readFields.js"
import { variantOf } from "../translate/readItem.js"

const textParts = (payload: Fields): string =>
  hintArray(payload, "content")
    .flatMap((part) => (isFields(part) && typeof part.text === "string" ? [part.text] : []))
    .join("\n\n")

/** What Codex itself puts into the conversation as a message of the user. */
const ofTheProgram =
  /^\s*(?:<(?:environment_context|user_instructions|turn_aborted|permissions instructions|skill|INSTRUCTIONS)\b|# AGENTS\.md instructions)/

/** The role and text of a message that a person or the agent wrote. Undefined: the program wrote it, or it is empty. */
export const messageOf = (
  payload: Fields,
): { readonly role: "user" | "assistant"; readonly text: string } | undefined => {
  const role = hintText(payload, "role")
  const text = textParts(payload)
  if ((role !== "user" && role !== "assistant") || text === "") return undefined
  return role === "user" && ofTheProgram.test(text) ? undefined : { role, text }
}

type Whole = PayloadOf<"item.completed">

/** A `reasoning` item. Undefined: it has no text. */
export const reasoningOf = (payload: Fields): Whole | undefined => {
  const parts = (key: string) =>
    hintArray(payload, key).flatMap((part) => (isFields(part) ? (hintText(part, "text") ?? []) : []))
  const summary = parts("summary")
  const content = parts("content")
  if (summary.length === 0 && content.length === 0) return undefined
  return {
    kind: "reasoning",
    nativeKind: "reasoning",
    status: "completed",
    text: summary.length === 0 ? null : summary.join("\n\n"),
    data: content.length === 0 ? undefined : { content },
  }
}

/** A `web_search_call` item. */
export const searchOf = (payload: Fields): Whole => {
  const action = hintFields(payload, "action") ?? {}
  return {
    kind: "web_search",
    nativeKind: "web_search_call",
    status: payload.status === "failed" ? "failed" : "completed",
    text: null,
    title: oneLine(hintText(action, "query") ?? hintText(action, "url") ?? hintText(action, "pattern")),
    data: { action },
  }
}

/** Token counts. */
export const countsOf = (usage: Fields): TokenCounts =>
  omitUndefined({
    inputTokens: hintTokens(usage, "input_tokens"),
    cachedInputTokens: hintTokens(usage, "cached_input_tokens"),
    outputTokens: hintTokens(usage, "output_tokens"),
    reasoningTokens: hintTokens(usage, "reasoning_output_tokens"),
    totalTokens: hintTokens(usage, "total_tokens"),
  })

/** The kind of an error. Undefined: it has none. */
export const errorCode = (error: Fields): string | undefined => variantOf(error.codex_error_info).name

/** Why a turn failed. */
export const turnFailure = (error: Fields): { readonly message: string; readonly code?: string } => {
  const message = hintText(error, "message") ?? "the turn failed"
  const code = errorCode(error)
  return code === undefined ? { message } : { message, code }
}
