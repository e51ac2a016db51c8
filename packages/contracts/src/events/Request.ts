/** Requests: questions of the agent that wait for an answer. */
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

/** The decisions that mean the same for every agent. */
export const PortableDecision = Schema.Literal("accept", "acceptForSession", "decline", "cancel", "answer")
export type PortableDecision = typeof PortableDecision.Type

/** One decision that a request takes. */
export const Choice = Schema.Struct({
  /** What a client sends as its `decision`. */
  decision: Schema.String,
  /** The portable decision that it stands for: a client may send that word instead. */
  means: maybe(PortableDecision),
  /** How the agent words it for a person. */
  label: maybe(Schema.String),
  /** Whether the answer's `data` goes with it; absent: it takes none. */
  data: maybe(Schema.Literal("optional", "required")),
})
export type Choice = typeof Choice.Type

/** One answer that a question offers. */
export const QuestionOption = Schema.Struct({
  /** What the answer says. */
  label: Schema.String,
  /** What it means, for a person. */
  description: maybe(Schema.String),
})
export type QuestionOption = typeof QuestionOption.Type

/** One field of a question: what an answer `{"answers": {"<id>": ["…"]}}` has to fill. */
export const Question = Schema.Struct({
  /** Its key in `answers`. */
  id: Schema.String,
  /** One or two words above it. */
  header: maybe(Schema.String),
  /** The question itself. */
  text: maybe(Schema.String),
  /** What an answer must be readable as; absent: any text. */
  type: maybe(Schema.Literal("text", "number", "integer", "boolean")),
  /** The answers that it offers; absent: none, it takes a text. */
  options: maybe(Schema.Array(QuestionOption)),
  /** True: it takes several answers. */
  multiple: maybe(Schema.Boolean),
  /** True: it takes another text than those that it offers. */
  other: maybe(Schema.Boolean),
  /** True: it must be answered. */
  required: maybe(Schema.Boolean),
  /** True: the answer is a secret. It goes to the agent and is not recorded. */
  secret: maybe(Schema.Boolean),
  /** The lowest number that it takes. */
  minimum: maybe(Schema.Number),
  /** The highest number that it takes. */
  maximum: maybe(Schema.Number),
  /** The fewest characters that it takes. */
  minLength: maybe(Schema.Number),
  /** The most characters that it takes. */
  maxLength: maybe(Schema.Number),
})
export type Question = typeof Question.Type

/** One file that an approval is about. */
export const ChangedFile = Schema.Struct({
  /** Its path, as the agent says it. */
  path: Schema.String,
  /** `add`, `update` or `delete`, where the agent says it. */
  kind: maybe(Schema.String),
  /** The change as a diff, where the agent says it. */
  diff: maybe(Schema.String),
})
export type ChangedFile = typeof ChangedFile.Type

/** Answers by question id: `{"<question id>": ["…"]}`. */
export const Answers = Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) })
export type Answers = typeof Answers.Type

/** What of a question says how it is answered: the part of a request's `data` that is the same for every agent. */
export const Asked = Schema.Struct({
  /** The decisions that the provider offers, in its words. */
  decisions: maybe(Schema.Array(Json)),
  /** The decisions that it takes. */
  choices: maybe(Schema.Array(Choice)),
  /** The questions that an answer fills. */
  questions: maybe(Schema.Array(Question)),
  /** The files that an approval is about, with their changes. */
  changes: maybe(Schema.Array(ChangedFile)),
})
export type Asked = typeof Asked.Type

const asked = {
  /** What is asked for. */
  kind: RequestKind,
  /** The provider's method. */
  nativeKind: maybe(Schema.String),
  /** One line for a person: the command, the question, the tool. */
  title: maybe(Schema.String),
  /** The decisions that the provider offers, in its words. */
  decisions: maybe(Schema.Array(Json)),
  /** The decisions that it takes. Absent: only `decisions` is known. */
  choices: maybe(Schema.Array(Choice)),
  /** The questions that an answer fills. */
  questions: maybe(Schema.Array(Question)),
  /** The files that an approval is about, with their changes. */
  changes: maybe(Schema.Array(ChangedFile)),
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
  /** Answers by question id, for a request with questions. */
  answers: maybe(Answers),
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
  /** Answers by question id, for a request with questions. */
  answers: maybe(Answers),
  /** What else was answered, in the provider's words. */
  data: maybe(Json),
})
/** `request.answered`: the answer was delivered to the provider. */
export const RequestAnswered = Schema.Struct({
  /** The decision. */
  decision: Schema.String,
  /** Who decided. */
  by: maybe(Schema.String),
  /** Answers by question id, for a request with questions. */
  answers: maybe(Answers),
  /** The answer in the provider's words. */
  data: maybe(Json),
})
/**
 * `request.answer-failed`: the agent does not have the answer, or did not take it. The request is open again, provided that
 * it still waits for this answer.
 */
export const RequestAnswerFailed = Schema.Struct({
  /** The command whose answer it was. */
  commandId: Schema.String,
  /** The effect that was to deliver it. */
  effectId: maybe(Schema.String),
  /** Why, for a person. */
  message: Schema.String,
})
/** `request.expired`: no answer can reach the agent any more. */
export const RequestExpired = Schema.Struct({
  /** Why. */
  reason: maybe(Schema.String),
})
