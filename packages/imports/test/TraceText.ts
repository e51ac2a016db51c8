/** Writes traces line by line, as Codex does: each body before the line that names it. */
import { createHash } from "node:crypto"
import { namedUuid } from "@threadfold/testkit"
import { Stream } from "effect"
import type { Recording } from "../src/index.js"
import { partLine } from "../src/trace/traceStream.js"

/** A body of a line that is being written. */
export interface BodyRef {
  readonly raw_payload_id: string
  readonly kind: { readonly type: string }
  readonly path: string
}

export class TraceText {
  private text = ""
  private seq = 0
  private bodies = 0

  constructor(
    private readonly version: 1 | 2,
    private readonly threadId = namedUuid("thread"),
  ) {}

  /** A body, to be named in the next line. */
  body(kind: string, content: unknown): BodyRef {
    this.bodies += 1
    const path = `payloads/${this.bodies}.json`
    const text = JSON.stringify(content)
    const sha256 = createHash("sha256").update(text).digest("hex")
    this.text += partLine({ threadfold: "body", path, text })
    this.text += partLine({ threadfold: "body-end", path, bytes: Buffer.byteLength(text), sha256 })
    return { raw_payload_id: `raw_payload:${this.bodies}`, kind: { type: kind }, path }
  }

  /** A line. @param turn the turn that its envelope names @param thread the thread that it names; null: none */
  line(payload: object, turn: string | null = null, thread: string | null = this.threadId): this {
    this.seq += 1
    const envelope = {
      schema_version: this.version,
      seq: this.seq,
      wall_time_unix_ms: 1_795_000_000_000 + this.seq,
      rollout_id: this.threadId,
      thread_id: thread,
      codex_turn_id: turn,
    }
    this.text += `${JSON.stringify({ ...envelope, payload })}\n`
    return this
  }

  /** A breadcrumb. */
  said(type: string, content: object): this {
    const event_payload = this.body("protocol_event", content)
    return this.line({ type: "protocol_event_observed", event_type: type, event_payload }, null, null)
  }

  started(thread = this.threadId, metadata: object = {}): this {
    const metadata_payload = this.body("session_metadata", metadata)
    return this.line({ type: "thread_started", thread_id: thread, agent_path: "/root", metadata_payload }, null, null)
  }

  turn(turn: string, thread = this.threadId): this {
    return this.line({ type: "codex_turn_started", codex_turn_id: turn, thread_id: thread }, turn, thread)
  }

  ended(turn: string, status: string, thread = this.threadId): this {
    return this.line({ type: "codex_turn_ended", codex_turn_id: turn, status }, turn, thread)
  }

  /** An attempt with its request. */
  asked(id: string, turn: string, input: readonly object[], thread = this.threadId): this {
    const request_payload = this.body("inference_request", { model: "m", input })
    const of = { inference_call_id: id, thread_id: thread, codex_turn_id: turn, model: "m", provider_name: "p" }
    return this.line({ type: "inference_started", ...of, request_payload }, turn, thread)
  }

  answered(id: string, turn: string, output: readonly object[], thread = this.threadId): this {
    const response_payload = this.body("inference_response", { response_id: `r-${id}`, output_items: output })
    return this.line({ type: "inference_completed", inference_call_id: id, response_payload }, turn, thread)
  }

  get recording(): Recording {
    return { name: "trace", bytes: Stream.make(Buffer.from(this.text)) }
  }
}

/** A message as requests and responses of a model have it. */
export const message = (role: "user" | "assistant" | "developer", text: string, id?: string) => ({
  type: "message",
  ...(id === undefined ? {} : { id }),
  role,
  content: [{ type: role === "assistant" ? "output_text" : "input_text", text }],
})
