/** Parts of a scripted OpenAI response, and the frames that stream them. */
import type { Frame } from "../Step.js"
import { type Deltas, piecesOf } from "../Step.js"
import {
  customToolCall,
  functionCall,
  itemAdded,
  itemDone,
  messageItem,
  partAdded,
  type ResponseIds,
  reasoningItem,
  summaryDelta,
  summaryDone,
  summaryPartAdded,
  textDelta,
  textDone,
} from "./responseFrames.js"

export type Output =
  | { readonly type: "message"; readonly text: string; readonly deltas?: Deltas | undefined }
  | { readonly type: "reasoning"; readonly summary: readonly string[] }
  | {
      readonly type: "function"
      readonly name: string
      /** As JSON value, or as the very text that the model writes (which need not be JSON). */
      readonly args: unknown
      readonly callId?: string | undefined
      /** The namespace in which Codex offers the tool, for example `multi_agent_v1`. */
      readonly namespace?: string | undefined
    }
  | { readonly type: "custom"; readonly name: string; readonly input: string; readonly callId?: string | undefined }

/** A message up to its last delta: the item has begun and is not done. */
export function* openMessage(ids: ResponseIds, index: number, deltas: Iterable<string>): Generator<Frame> {
  const id = ids.item("msg", index)
  yield itemAdded(index, messageItem(id, null))
  yield partAdded(index, id)
  for (const delta of deltas) yield textDelta(index, id, delta)
}

export function* closeMessage(ids: ResponseIds, index: number, text: string): Generator<Frame> {
  const id = ids.item("msg", index)
  yield textDone(index, id, text)
  yield itemDone(index, messageItem(id, text))
}

function* reasoningFrames(ids: ResponseIds, index: number, parts: readonly string[]): Generator<Frame> {
  const id = ids.item("rs", index)
  yield itemAdded(index, reasoningItem(id, []))
  for (const [part, text] of parts.entries()) {
    yield summaryPartAdded(index, id, part)
    for (const delta of piecesOf(text)) yield summaryDelta(index, id, part, delta)
    yield summaryDone(index, id, part, text)
  }
  yield itemDone(index, reasoningItem(id, parts))
}

/** All frames of one output item. */
export function* outputFrames(ids: ResponseIds, index: number, output: Output): Generator<Frame> {
  switch (output.type) {
    case "message": {
      const pieces = piecesOf(output.text, output.deltas)
      yield* openMessage(ids, index, pieces)
      return yield* closeMessage(ids, index, pieces.join(""))
    }
    case "reasoning":
      return yield* reasoningFrames(ids, index, output.summary)
    case "function": {
      const callId = output.callId ?? ids.call(index)
      const call = functionCall(ids.item("fc", index), callId, output.name, output.args)
      const item = output.namespace === undefined ? call : { ...call, namespace: output.namespace }
      yield itemAdded(index, { ...item, arguments: "" })
      return yield itemDone(index, item)
    }
    case "custom": {
      const callId = output.callId ?? ids.call(index)
      const item = customToolCall(ids.item("ctc", index), callId, output.name, output.input)
      yield itemAdded(index, { ...item, input: "" })
      return yield itemDone(index, item)
    }
  }
}
