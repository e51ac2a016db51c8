/** Requests: questions of the agent that wait for somebody. */
import { Schema } from "effect"
import { Json, maybe } from "./Common.js"

/** What is asked for. */
export const RequestKind = Schema.Literal(
  "command_approval",
  "file_change_approval",
  "permissions",
  "tool_call",
  "user_input",
  "elicitation",
  "auth",
  "other",
)
export type RequestKind = typeof RequestKind.Type

const asked = {
  /** What is asked for. */
  kind: RequestKind,
  /** The provider's method. */
  nativeKind: maybe(Schema.String),
  /** One line for a person: the command, the question, the tool. */
  title: maybe(Schema.String),
  /** The decisions that the provider offers, in its words. */
  decisions: maybe(Schema.Array(Json)),
  /** The whole question in the provider's words. */
  data: maybe(Json),
}
/** `request.opened`: an approval, a tool callback, … An opening event; the same native id again in a session is an update. */
export const RequestOpened = Schema.Struct(asked)
/** `user-input.requested`: the same for questions to the user. */
export const UserInputRequested = Schema.Struct(asked)

const resolved = {
  /** The decision, where the wire says one; null on a mere clean-up. */
  decision: maybe(Schema.String),
  /** Who decided. */
  by: maybe(Schema.String),
  /** The answer in the provider's words. */
  data: maybe(Json),
}
/** `request.resolved`: the provider says that the request is no longer open. */
export const RequestResolved = Schema.Struct(resolved)
/** `user-input.resolved`: the same for questions to the user. */
export const UserInputResolved = Schema.Struct(resolved)

/** `request.answering`: an answer was accepted and is on its way to the provider. First one wins. */
export const RequestAnswering = Schema.Struct({
  /** The decision. */
  decision: Schema.String,
  /** Who decided. */
  by: maybe(Schema.String),
})
/** `request.answered`: the answer was handed to the provider. */
export const RequestAnswered = Schema.Struct({
  /** The decision. */
  decision: Schema.String,
  /** Who decided. */
  by: maybe(Schema.String),
  /** The answer in the provider's words. */
  data: maybe(Json),
})
/** `request.expired`: nobody can answer any more. */
export const RequestExpired = Schema.Struct({
  /** Why. */
  reason: maybe(Schema.String),
})
