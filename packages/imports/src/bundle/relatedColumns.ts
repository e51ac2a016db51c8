/** The columns of an event that hold a text or nothing, of which a bundle leaves out the empty ones and a copy changes the ids. */
import type { EventRow } from "@threadfold/event-log"
import { Struct } from "effect"

type OptionalText = {
  [Field in keyof EventRow]: null extends EventRow[Field]
    ? EventRow[Field] extends string | null
      ? Field
      : never
    : never
}[keyof EventRow]

/**
 * Every one of them, in the order of the row, and whether it holds an id of ours. The native message is written in a form of its own. A
 * new column of that kind does not compile until it is here.
 */
export const relatedColumns = {
  sessionId: "id",
  channel: "text",
  commandId: "id",
  causationId: "id",
  correlationId: "id",
  turnId: "id",
  itemId: "id",
  requestId: "id",
  inferenceId: "id",
  realtimeId: "id",
  delegationId: "id",
  taskId: "id",
} as const satisfies { readonly [Field in Exclude<OptionalText, "native">]: "id" | "text" }

type Column = keyof typeof relatedColumns

export const relatedNames: readonly Column[] = Struct.keys(relatedColumns)

/** Those that hold an id of ours. */
export const relatedIds: readonly Column[] = relatedNames.filter((name) => relatedColumns[name] === "id")
