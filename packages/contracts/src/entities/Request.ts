import { RequestKind } from "../events/RequestEvents.js"
import { field, growing, int, json, listed, optText, optTime, retyped, shape, text } from "../fields.js"
import { ended, openLists, sequence, span, threadId, version } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Where a request is. */
export const RequestStatus = listed(
  "RequestStatus",
  "`open`; `answering`: an answer is on its way; or how a request ended.",
  "open",
  "answering",
  "answered",
  "cancelled",
  "expired",
)
export type RequestStatus = typeof RequestStatus.Type

/** Every field of a request. */
export const Request = shape(
  "RequestRow",
  "One approval, question or tool callback of an agent that waits for an answer.",
  {
    requestId: text("Our id."),
    threadId,
    sessionId: optText("Session that asked."),
    turnId: optText("Our id of its turn; null: it belongs to none."),
    itemId: optText("Our id of the item that it is about; null: none."),
    nativeRequestId: optText('JSON text of the provider\'s id, for example `0` or `"abc"`.'),
    kind: field(RequestKind, "What is asked for."),
    nativeKind: optText("The provider's method."),
    status: field(RequestStatus, "`open`; `answering`: an answer is on its way; or how it ended."),
    decision: optText(
      "The first accepted decision; null on one that is answered: another client decided, and the agent does not report what.",
    ),
    decidedBy: optText("Who decided: `client`, `policy`, `elsewhere`, or the provider's word; null: not decided."),
    ...ended,
    title: optText("One line for a person: the command, the question, the tool."),
    data: json(
      "The question: `{decisions, choices, questions, changes, url, data}`. `choices` are the decisions that it takes, `questions` what an answer fills, `changes` the files of an approval, `url` the address that a person is asked to open; `decisions` and `data` are in the provider's words.",
    ),
    answer: json(
      "What was answered beside the decision: `{answers}` by question id, else `{data}` in the provider's words; null: nothing.",
    ),
    answerCommandId: optText("The command whose answer is on its way, or was given; null: none."),
    lastError: optText(
      "Why the last answer did not reach the agent, so that the request is open again; null: none failed.",
    ),
    openedAt: optTime("When it was asked, by the source clock", "not known"),
    endedAt: span.endedAt,
    openedSequence: int("Sequence of the event that opened it: requests are listed in this order."),
    sequence,
  },
)

/** Its table. */
export const requests = table("requests", "One row per approval, question or tool callback.", Request, {
  key: ["requestId"],
  heavy: ["data", "answer"],
  derived: ["openedSequence", "sequence"],
  lookups: { byNativeInSession: ["sessionId", "nativeRequestId"] },
  lists: openLists({ status: ["open", "answering"] }),
})
/** A row of `requests`. */
export type RequestRow = RowOf<typeof requests>

/** A request in a list of its thread. */
export const RequestView = shape(
  "Request",
  "One approval, question or tool callback of an agent that waits for an answer.",
  {
    ...Request.pick(
      "requestId",
      "nativeRequestId",
      "turnId",
      "itemId",
      "kind",
      "status",
      "decision",
      "decidedBy",
      "answer",
      "lastError",
      "cause",
      "title",
      "data",
      "openedAt",
      "endedAt",
    ).fields,
    kind: retyped(Request.fields.kind, growing(RequestKind)),
    truncated,
  },
)
export type RequestView = typeof RequestView.Type

/** One request, by its id. */
export const RequestDetail = shape(
  "RequestDetail",
  "One request, by its id, with the fields that a reader needs outside its thread.",
  {
    threadId,
    ...RequestView.fields,
    version,
  },
)
export type RequestDetail = typeof RequestDetail.Type
