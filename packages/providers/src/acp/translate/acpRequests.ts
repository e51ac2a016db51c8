/** The requests of an agent (permission, a question to the user), and the client's answers. */
import type { Answers, ChangedFile, Choice, Question as FormQuestion, RequestKind } from "@threadfold/contracts"
import { formAnswers, formQuestions } from "../../questions/elicitationForm.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import type { Answer } from "../../runtime/Message.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintText,
  isFields,
  mayHaveId,
  needFields,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import type { Place, Target } from "./AcpSession.js"
import { elicitationMethod, permissionMethod } from "./acpProtocol.js"
import { changesOf, elicitationChoices, formOf, permissionChoices } from "./acpQuestions.js"
import { kindOf, nativeOf, permissionKind, titleOf, toolCall } from "./toolCalls.js"

/** A request of the agent that has no answer yet. */
export interface OpenRequest {
  readonly method: string
  /** Where its events and those of its answer belong. */
  readonly target: Target
  readonly native: { readonly threadId?: string; readonly turnId?: string; readonly itemId?: string }
  /** For a request for permission: option → kind. */
  readonly options: ReadonlyMap<string, string>
  /** True: answers fill the questions of a form. */
  readonly hasForm: boolean
}

/** A request of the agent: its facts, the last of which opens it, and what its answer needs. */
export interface Asked {
  readonly facts: readonly Fact[]
  readonly request: Omit<OpenRequest, "method" | "target">
}

/** Whether a user answers a request. All other requests are refused. */
export const isQuestion = (method: string): boolean => method === permissionMethod || method === elicitationMethod

/** The options of a request for permission, in their order: name → kind. */
export const optionsOf = (params: Fields): ReadonlyMap<string, string> =>
  new Map(
    hintArray(params, "options").flatMap((option): readonly [string, string][] => {
      const id = isFields(option) ? hintText(option, "optionId") : undefined
      return id === undefined || !isFields(option) ? [] : [[id, hintText(option, "kind") ?? ""]]
    }),
  )

interface Question {
  readonly kind: RequestKind
  readonly method: string
  readonly title: string | undefined
  readonly decisions: readonly string[]
  readonly choices: readonly Choice[]
  readonly questions?: readonly FormQuestion[] | undefined
  readonly changes?: readonly ChangedFile[] | undefined
  readonly url?: string | undefined
  readonly data: Fields | undefined
}

const opened = ({ method, ...question }: Question, requestId: string, native: OpenRequest["native"]): Fact =>
  fact("request.opened", { ...question, nativeKind: method }, { ...native, requestId })

/** A request for permission. It may hold a patch of its tool call, too. */
const permission = (place: Place, requestId: string, params: Fields): Asked => {
  const patch = needFields(params, "toolCall")
  const facts = toolCall(place, patch, false)
  const tool = place.session.tools.get(hintText(patch, "toolCallId") ?? "")
  const { itemId, threadId, turnId } = tool === undefined ? { threadId: place.thread.id } : nativeOf(place, tool)
  const native = { threadId, ...(turnId === undefined ? {} : { turnId }), ...(itemId === undefined ? {} : { itemId }) }
  const options = optionsOf(params)
  const kind = permissionKind(tool === undefined ? "tool_call" : kindOf(tool))
  const changes = kind === "file_change_approval" ? changesOf({ ...tool?.fields, ...patch }) : []
  const question: Question = {
    kind,
    method: permissionMethod,
    title: tool === undefined ? undefined : titleOf(tool),
    decisions: [...options.keys()],
    choices: permissionChoices(params, options),
    changes: changes.length === 0 ? undefined : changes,
    data: rest(params, ["sessionId"]),
  }
  return { facts: [...facts, opened(question, requestId, native)], request: { native, options, hasForm: false } }
}

/** A question to the user. Without a session it belongs to the connection. */
const elicitation = (place: Place | null, requestId: string, params: Fields): Asked => {
  const toolCallId = mayHaveId(params, "toolCallId")
  const tool = toolCallId === undefined ? undefined : place?.session.tools.get(toolCallId)
  const turnId = tool === undefined ? place?.session.running?.turnId : tool.turnId
  const questions = formQuestions(formOf(params))
  const native = {
    ...(place === null ? {} : { threadId: place.thread.id }),
    ...(turnId === undefined ? {} : { turnId }),
    ...(tool === undefined ? {} : { itemId: tool.id }),
  }
  const question: Question = {
    kind: "elicitation",
    method: elicitationMethod,
    title: oneLine(hintText(params, "message")),
    decisions: ["accept", "decline", "cancel"],
    choices: elicitationChoices,
    questions: questions.length === 0 ? undefined : questions,
    url: params.mode === "url" ? hintText(params, "url") : undefined,
    data: rest(params, ["sessionId"]),
  }
  return {
    facts: [opened(question, requestId, native)],
    request: { native, options: new Map(), hasForm: questions.length > 0 },
  }
}

/** The request as facts. Undefined: it needs a session and names none. */
export const ask = (method: string, place: Place | null, requestId: string, params: Fields): Asked | undefined => {
  if (method === elicitationMethod) return elicitation(place, requestId, params)
  return place === null ? undefined : permission(place, requestId, params)
}

/** The decision of an answer, in the protocol's words. */
export interface Decided {
  readonly decision: string
  /** True: the client gave up the request. */
  readonly cancelled: boolean
  /** The kind of the chosen option. */
  readonly option: string | undefined
}

/** Reads the client's answer. */
export const decided = (request: OpenRequest, answer: Answer): Decided => {
  if (!answer.ok) return { decision: "error", cancelled: false, option: undefined }
  const result = isFields(answer.result) ? answer.result : {}
  const outcome = hintFields(result, "outcome")
  const decision = (outcome === undefined ? hintText(result, "action") : hintText(outcome, "optionId")) ?? "answered"
  const cancelled = outcome?.outcome === "cancelled" || result.action === "cancel"
  return { decision: cancelled ? "cancel" : decision, cancelled, option: request.options.get(decision) }
}

/** The content of an answer beside its decision, in the form of our own answers. */
const beside = ({ hasForm, method }: OpenRequest, decision: string, answer: Answer): Said => {
  if (!answer.ok) return { data: { error: { code: answer.code ?? null, message: answer.message } } }
  const result = isFields(answer.result) ? answer.result : {}
  // An answer for permission has only a decision.
  if (method === permissionMethod) return decision === "answered" ? { data: answer.result ?? undefined } : {}
  const content = decision === "accept" ? hintFields(result, "content") : undefined
  return hasForm ? { answers: formAnswers(content) } : { data: content }
}

interface Said {
  readonly answers?: Answers | undefined
  readonly data?: unknown
}

/** The client's answer in a recording, as a fact. */
export const answered = (request: OpenRequest, requestId: string, answer: Answer): Fact => {
  const { decision } = decided(request, answer)
  const said = beside(request, decision, answer)
  return fact("request.answered", { decision, by: "client", ...said }, { ...request.native, requestId })
}

/** Notes how the tool call ends if it fails after this answer. */
export const noteAnswer = (request: OpenRequest, { cancelled, option }: Decided): void => {
  const tool = request.target.place?.session.tools.get(request.native.itemId ?? "")
  if (tool === undefined) return
  if (cancelled) tool.refused = "interrupted"
  else if (option?.startsWith("reject") === true) tool.refused = "declined"
}
