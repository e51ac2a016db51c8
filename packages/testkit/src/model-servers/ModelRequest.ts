/** A request of an agent to its model, as far as tests look into it. */
import type { IncomingHttpHeaders } from "node:http"

export interface ModelRequest {
  /** 1, 2, 3 … per server, in order of arrival; the ids that the server makes up are built from it. */
  readonly ordinal: number
  readonly method: string
  /** Path without its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The body's JSON value; null where it is none. */
  readonly body: unknown
  /** What the user said last in it; empty where there is none. */
  readonly userText: string
  /** What tools gave back since the model spoke last: the call's id and its output as text. */
  readonly toolOutputs: readonly ToolOutput[]
}

export interface ToolOutput {
  readonly callId: string
  readonly output: string
}

/** What a protocol reads from a body; see {@link ModelRequest}. */
export type ReadBody = (body: unknown) => Pick<ModelRequest, "toolOutputs" | "userText">

export const parseBody = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
