/** Requests: questions of the agent that wait for an answer. */
import { Schema } from "effect"
import { field, growingUnion, laterWord, listed, maybe, shape, text } from "../fields.js"
import { Json } from "./Common.js"

/** What an agent asks for. */
export const RequestKind = listed(
  "RequestKind",
  "What is asked for.",
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

/** How long a rule lets a question wait at most, ms: 30 days. */
const mostWaitMs = 30 * 86_400_000
/** Rules of one thread at most. */
const mostRules = 32

const ruleKind = maybe(RequestKind, "The kind of question that it is for; absent: every kind.")
const ruleAfterMs = field(
  Schema.Number.pipe(Schema.int(), Schema.between(0, mostWaitMs)),
  "How long the question waits first, ms, from when it was asked; 0: no longer than until the watchdog looks. At most 30 days.",
)

/** What follows in a thread when no person answers a question of its agent. */
export const UnattendedRule = Schema.Union(
  shape("WaitRule", "Such a question waits for a person for as long as its session lives.", {
    kind: ruleKind,
    action: field(Schema.Literal("wait"), "What follows."),
  }),
  // One member for each action: a decoder finds the member that is meant by a field with one value only.
  shape("DeclineRule", "Such a question is declined when no person has answered it in time.", {
    kind: ruleKind,
    action: field(Schema.Literal("decline"), "What follows."),
    afterMs: ruleAfterMs,
  }),
  shape("AcceptRule", "Such a question is accepted when no person has answered it in time.", {
    kind: ruleKind,
    action: field(
      Schema.Literal("accept"),
      "What follows. It is given only where a decision alone accepts: a question that wants a text, a tool's result or an address to be opened goes on waiting.",
    ),
    afterMs: ruleAfterMs,
  }),
).annotations({
  identifier: "UnattendedRule",
  title: "UnattendedRule",
  description: "What follows in a thread when no person answers a question of its agent.",
})
export type UnattendedRule = typeof UnattendedRule.Type

/** A rule in an answer. */
export const UnattendedRuleView = growingUnion(
  UnattendedRule,
  "LaterRule",
  "What follows when no person answers, by an action that this version does not know.",
  { action: laterWord },
)
export type UnattendedRuleView = typeof UnattendedRuleView.Type

/** The rules of a thread: the first one that is for the kind of a question counts. */
export const UnattendedRules = Schema.Array(UnattendedRule).pipe(Schema.minItems(1), Schema.maxItems(mostRules))
export type UnattendedRules = typeof UnattendedRules.Type

/** Decisions that mean the same for every agent. */
export const PortableDecision = listed(
  "PortableDecision",
  "The decisions that mean the same for every agent.",
  "accept",
  "acceptForSession",
  "decline",
  "cancel",
  "answer",
)
export type PortableDecision = typeof PortableDecision.Type

/** One decision that a request takes. */
export const Choice = shape("Choice", "One decision that a request takes.", {
  decision: text("What a client sends as its `decision`."),
  means: maybe(PortableDecision, "The portable decision that it stands for: a client may send that word instead."),
  label: maybe(Schema.String, "How the agent words it for a person."),
  data: maybe(
    Schema.Literal("optional", "required"),
    "Whether the answer's `data` goes with it; absent: it takes none.",
  ),
})
export type Choice = typeof Choice.Type

/** One answer that a question offers. */
export const QuestionOption = shape("QuestionOption", "One answer that a question offers.", {
  label: text("Text of the answer."),
  description: maybe(Schema.String, "What it means, for a person."),
})
export type QuestionOption = typeof QuestionOption.Type

const AnswerType = listed("AnswerType", "What an answer must be readable as.", "text", "number", "integer", "boolean")

/** One field of a question. */
export const Question = shape(
  "Question",
  'One field of a question: what an answer `{"answers": {"<id>": ["…"]}}` has to fill.',
  {
    id: text("Its key in `answers`."),
    header: maybe(Schema.String, "One or two words above it."),
    text: maybe(Schema.String, "The question itself."),
    type: maybe(AnswerType, "What an answer must be readable as; absent: any text."),
    options: maybe(Schema.Array(QuestionOption), "The answers that it offers; absent: none, it takes a text."),
    multiple: maybe(Schema.Boolean, "True: it takes several answers."),
    other: maybe(Schema.Boolean, "True: it takes another text than those that it offers."),
    required: maybe(Schema.Boolean, "True: it must be answered."),
    secret: maybe(Schema.Boolean, "True: the answer is a secret. It goes to the agent and is not recorded."),
    minimum: maybe(Schema.Number, "The lowest number that it takes."),
    maximum: maybe(Schema.Number, "The highest number that it takes."),
    minLength: maybe(Schema.Number, "The fewest characters that it takes."),
    maxLength: maybe(Schema.Number, "The most characters that it takes."),
  },
)
export type Question = typeof Question.Type

/** One file that an approval is about. */
export const ChangedFile = shape("ChangedFile", "One file that an approval is about.", {
  path: text("Its path, in the agent's words."),
  kind: maybe(Schema.String, "`add`, `update` or `delete`, where the agent reports it."),
  diff: maybe(Schema.String, "The change as a diff, where the agent reports it."),
})
export type ChangedFile = typeof ChangedFile.Type

/** Answers by question id: `{"<question id>": ["…"]}`. */
export const Answers = Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) })
export type Answers = typeof Answers.Type

/** How a request is answered, in the form that is the same for every agent. */
export const Asked = shape(
  "Asked",
  "How a question is answered: the part of a request's `data` that is the same for every agent.",
  {
    decisions: maybe(Schema.Array(Json), "The decisions that the provider offers, in its words."),
    choices: maybe(Schema.Array(Choice), "The decisions that it takes."),
    questions: maybe(Schema.Array(Question), "The questions that an answer fills."),
    changes: maybe(Schema.Array(ChangedFile), "The files that an approval is about, with their changes."),
    url: maybe(Schema.String, "The address that a person is asked to open. To accept is to say that it will be."),
  },
)
export type Asked = typeof Asked.Type

const asked = {
  kind: field(RequestKind, "What is asked for."),
  nativeKind: maybe(Schema.String, "The provider's method."),
  title: maybe(Schema.String, "One line for a person: the command, the question, the tool."),
  decisions: maybe(Schema.Array(Json), "The decisions that the provider offers, in its words."),
  choices: maybe(Schema.Array(Choice), "The decisions that it takes. Absent: only `decisions` is known."),
  questions: maybe(Schema.Array(Question), "The questions that an answer fills."),
  changes: maybe(Schema.Array(ChangedFile), "The files that an approval is about, with their changes."),
  url: maybe(Schema.String, "The address that a person is asked to open."),
  data: maybe(Json, "The whole question in the provider's words."),
}
/** `request.opened` */
export const RequestOpened = shape(
  "RequestOpened",
  "An approval, a tool callback, … An opening event; the same native id again in a session is an update.",
  asked,
)
/** `user-input.requested` */
export const UserInputRequested = shape("UserInputRequested", "The same for questions to the user.", asked)

const resolved = {
  decision: maybe(Schema.String, "The decision, where the agent sends one; null on a mere clean-up."),
  by: maybe(Schema.String, "Who decided."),
  answers: maybe(Answers, "Answers by question id, for a request with questions."),
  data: maybe(Json, "The answer in the provider's words."),
}
/** `request.resolved` */
export const RequestResolved = shape(
  "RequestResolved",
  "The provider reports that the request is no longer open.",
  resolved,
)
/** `user-input.resolved` */
export const UserInputResolved = shape("UserInputResolved", "The same for questions to the user.", resolved)

/** `request.answering` */
export const RequestAnswering = shape(
  "RequestAnswering",
  "An answer was accepted and is on its way to the provider. First one wins.",
  {
    decision: text("The decision."),
    by: maybe(Schema.String, "Who decided."),
    reason: maybe(Schema.String, "Why, where the policy for unattended questions decided."),
    answers: maybe(Answers, "Answers by question id, for a request with questions."),
    data: maybe(Json, "What else was answered, in the provider's words."),
  },
)
/** `request.answered` */
export const RequestAnswered = shape("RequestAnswered", "The answer was delivered to the provider.", {
  decision: text("The decision."),
  by: maybe(Schema.String, "Who decided."),
  answers: maybe(Answers, "Answers by question id, for a request with questions."),
  data: maybe(Json, "The answer in the provider's words."),
})
/** `request.answer-failed` */
export const RequestAnswerFailed = shape(
  "RequestAnswerFailed",
  "The agent does not have the answer, or did not take it. The request is open again, provided that it still waits for this answer.",
  {
    commandId: text("The command whose answer it was."),
    effectId: maybe(Schema.String, "The effect that was to deliver it."),
    message: text("Why, for a person."),
  },
)
/** `request.expired` */
export const RequestExpired = shape("RequestExpired", "No answer can reach the agent any more.", {
  reason: maybe(Schema.String, "Why."),
})
