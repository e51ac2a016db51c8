/** Content blocks of a scripted Anthropic message, whole and as the frames that stream them. */
import type { Frame } from "../Step.js"
import { type Deltas, inPieces, piecesOf } from "../Step.js"
import { blockDelta, blockStart, blockStop, textDelta } from "./messageFrames.js"

export type Block =
  | { readonly type: "text"; readonly text: string; readonly deltas?: Deltas | undefined }
  | { readonly type: "thinking"; readonly thinking: string }
  | { readonly type: "tool_use"; readonly name: string; readonly input: unknown; readonly id?: string | undefined }

/** Id of a tool call unless the script names one: the same in every run. */
const toolId = (ordinal: number, index: number): string => `toolu_${ordinal}_${index}`

/** Signature of thinking; agents send it back and do not look into it. */
const signature = (ordinal: number, index: number): string => `signature-${ordinal}-${index}`

/** The block as a body has it that is not streamed. */
export const wholeBlock = (ordinal: number, index: number, block: Block): object => {
  switch (block.type) {
    case "text":
      return { type: "text", text: piecesOf(block.text, block.deltas).join("") }
    case "thinking":
      return { type: "thinking", thinking: block.thinking, signature: signature(ordinal, index) }
    case "tool_use":
      return { type: "tool_use", id: block.id ?? toolId(ordinal, index), name: block.name, input: block.input }
  }
}

/** A text block up to its last delta. */
export function* openText(index: number, deltas: Iterable<string>): Generator<Frame> {
  yield blockStart(index, { type: "text", text: "" })
  for (const delta of deltas) yield textDelta(index, delta)
}

function* thinkingFrames(ordinal: number, index: number, thinking: string): Generator<Frame> {
  yield blockStart(index, { type: "thinking", thinking: "", signature: "" })
  for (const delta of piecesOf(thinking)) yield blockDelta(index, { type: "thinking_delta", thinking: delta })
  yield blockDelta(index, { type: "signature_delta", signature: signature(ordinal, index) })
}

function* toolFrames(id: string, index: number, name: string, input: unknown): Generator<Frame> {
  yield blockStart(index, { type: "tool_use", id, name, input: {} })
  for (const part of inPieces(JSON.stringify(input), 2)) {
    yield blockDelta(index, { type: "input_json_delta", partial_json: part })
  }
}

/** All frames of one block. */
export function* blockFrames(ordinal: number, index: number, block: Block): Generator<Frame> {
  if (block.type === "text") yield* openText(index, piecesOf(block.text, block.deltas))
  else if (block.type === "thinking") yield* thinkingFrames(ordinal, index, block.thinking)
  else yield* toolFrames(block.id ?? toolId(ordinal, index), index, block.name, block.input)
  yield blockStop(index)
}
