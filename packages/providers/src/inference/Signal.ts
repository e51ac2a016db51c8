/** What the readers of the protocols find in the answer of a model, and what the bounds of it are. */
import { createHash } from "node:crypto"
import type { ItemTruncation, TokenCounts } from "@threadfold/contracts"
import { type Fields, hintFields, hintText, hintTokens, isFields } from "../runtime/readFields.js"

/** Most bytes of one server-sent event that are held. What is longer is counted and digested. */
export const maxFrameBytes = 4 * 1024 * 1024
/** Most bytes of one output item that the log keeps. Of a longer one it keeps the beginning. */
export const maxItemBytes = 1024 * 1024
/** Characters of a longer item that are kept. */
const headLength = 4_096

/** A complete output item. */
export interface OutputItem {
  /** The id by which the agent speaks of it: that of the call, else its own one. Absent: it has none. */
  readonly id?: string | undefined
  /** Its place in the answer: its key where it has no id. */
  readonly index: number
  /** In the words of the provider; its beginning where it is truncated. */
  readonly item: unknown
  readonly truncated?: ItemTruncation
}

/** One thing that the answer of a model says of its attempt. */
export type Signal =
  | {
      readonly type: "evidence"
      readonly responseId?: string | undefined
      readonly usage?: TokenCounts | undefined
    }
  | { readonly type: "item"; readonly item: OutputItem }
  /** The answer is over, as its protocol says it. */
  | { readonly type: "terminal"; readonly outcome: "completed" | "failed"; readonly error?: string | undefined }

/** One server-sent event. */
export interface Frame {
  /** Its name; empty: it has none. */
  readonly event: string
  /** Its data, or the beginning of it. */
  readonly data: string
  /** Set where the data is a beginning only. */
  readonly truncated?: ItemTruncation
}

/** Reads the answers of one protocol. One reader per attempt. */
export interface ProtocolReader {
  /** Whether a server-sent event of this name may say something: the others need not be decoded. */
  readonly reads: (event: string) => boolean
  readonly frame: (frame: Frame) => readonly Signal[]
  /** The stream is over: what it says by that. */
  readonly end: () => readonly Signal[]
  /** A whole answer that was not streamed. @param length characters of its text */
  readonly body: (body: unknown, length: number) => readonly Signal[]
}

/** The SHA-256 and length of a text. */
export const measured = (text: string): ItemTruncation => ({
  bytes: Buffer.byteLength(text),
  sha256: createHash("sha256").update(text).digest("hex"),
})

/** What is kept of an item that is too long. */
export const beginningOf = (text: string, type: string | undefined, truncated: ItemTruncation) => ({
  item: { ...(type === undefined ? {} : { type }), beginning: text.slice(0, headLength) },
  truncated,
})

/** An item as it is kept. `length`: of the text that brought it, so that an ordinary item is not measured. */
export const keptItem = (item: unknown, length: number): Pick<OutputItem, "item" | "truncated"> => {
  if (length <= maxItemBytes) return { item }
  const text = JSON.stringify(item)
  const size = measured(text)
  return size.bytes <= maxItemBytes
    ? { item }
    : beginningOf(text, isFields(item) ? hintText(item, "type") : undefined, size)
}

/** What an error object of a provider says, in one line. */
export const errorText = (error: unknown): string | undefined => {
  if (typeof error === "string") return error
  if (!isFields(error)) return undefined
  const kind = hintText(error, "code") ?? hintText(error, "type")
  const message = hintText(error, "message")
  return kind === undefined || message === undefined ? (message ?? kind) : `${kind}: ${message}`
}

/**
 * What an answer of OpenAI says of itself. Its two protocols count tokens alike, in words of their own.
 *
 * @param input what comes before `_tokens` for tokens of the request
 * @param output the same for tokens of the answer
 */
export const openAiEvidence =
  (input: string, output: string) =>
  (message: Fields): Signal => {
    const usage = hintFields(message, "usage")
    const detail = (side: string, name: string) =>
      hintTokens(hintFields(usage ?? {}, `${side}_tokens_details`) ?? {}, name)
    const counts: TokenCounts | undefined = usage && {
      inputTokens: hintTokens(usage, `${input}_tokens`),
      cachedInputTokens: detail(input, "cached_tokens"),
      outputTokens: hintTokens(usage, `${output}_tokens`),
      reasoningTokens: detail(output, "reasoning_tokens"),
      totalTokens: hintTokens(usage, "total_tokens"),
    }
    return { type: "evidence", responseId: hintText(message, "id"), usage: counts }
  }
