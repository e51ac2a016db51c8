/** What agents and people said in the recordings: the words that a workload is made of. */
import { recordings } from "../recordings/recordings.js"

export interface WorkloadTexts {
  /** Streamed pieces of agents' messages, in recorded order. */
  readonly pieces: readonly string[]
  /** Final outputs of commands. */
  readonly outputs: readonly string[]
  /** Commands that were run. */
  readonly commands: readonly string[]
  /** What users asked for. */
  readonly prompts: readonly string[]
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined

/** Keeps what is text and worth having. */
const push = (list: string[], value: unknown): void => {
  if (typeof value === "string" && value !== "") list.push(value)
}

/** Reads the recordings once; a few hundred kilobytes. */
export const readWorkloadTexts = (): WorkloadTexts => {
  const pieces: string[] = []
  const outputs: string[] = []
  const commands: string[] = []
  const prompts: string[] = []
  for (const recording of recordings) {
    for (const line of recording.text().split("\n")) {
      if (line === "") continue
      const message = field(JSON.parse(line), "msg")
      const params = field(message, "params")
      const item = field(params, "item")
      switch (field(message, "method")) {
        case "item/agentMessage/delta":
          push(pieces, field(params, "delta"))
          break
        case "item/completed":
          if (field(item, "type") === "commandExecution") {
            push(outputs, field(item, "aggregatedOutput"))
            push(commands, field(item, "command"))
          }
          break
        case "turn/start": {
          const input = field(params, "input")
          if (Array.isArray(input)) push(prompts, field(input[0], "text"))
          break
        }
      }
    }
  }
  return { pieces, outputs, commands, prompts }
}
