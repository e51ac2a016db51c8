/** The requests of the agent (permission to use a tool, a question to the user, a form of a tool server), and their answers. */
import type { Answers } from "@threadfold/contracts"
import { formAnswers, formQuestions } from "../../questions/elicitationForm.js"
import { canonicalJson } from "../../questions/portableAnswers.js"
import { type Fact, fact } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintText,
  isFields,
  mayHaveId,
  needFields,
  needText,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import { nativeOf, type Session } from "./ClaudeSession.js"
import { decide } from "./claudeDecisions.js"
import {
  answersIn,
  changesOf,
  choicesOf,
  elicitationMethod,
  formOf,
  permissionMethod,
  userQuestions,
} from "./claudeQuestions.js"
import { questionTool, requestKind, toolTitle } from "./claudeTools.js"

/** A request of the agent that is not over. */
export interface OpenRequest {
  readonly method: string
  readonly userInput: boolean
  /** The session that it was opened in. */
  readonly session: Session
  readonly native: ReturnType<typeof nativeOf>
  /** Its content, as the provider sent it. */
  readonly asked: Fields
  /** The call that waits for it. */
  readonly toolUseId: string | undefined
}

export interface Asked {
  readonly fact: Fact
  readonly request: OpenRequest
}

/** The decisions that every request offers. */
const plainDecisions = ["accept", "decline", "cancel"] as const

const isOfSession = (suggestion: unknown): boolean => isFields(suggestion) && suggestion.destination === "session"

/**
 * The decisions that also add the rules which the agent suggests: for this session, or as suggested where the agent suggests
 * to store some.
 */
const lastingDecisions = (asked: Fields): readonly string[] => {
  const suggestions = hintArray(asked, "permission_suggestions")
  if (suggestions.length === 0 || asked.suppress_always_allow_rule === true) return []
  return suggestions.every(isOfSession) ? ["acceptForSession"] : ["acceptForSession", "acceptAlways"]
}

/**
 * The turn and the item of a request. A call of a subagent is no item, so its request belongs to the call that started the
 * subagent. A subagent in the background may outlive its turn, so its request belongs to no turn.
 */
const placeOf = (session: Session, asked: Fields, toolUseId: string | undefined) => {
  const agentId = mayHaveId(asked, "agent_id")
  const task = agentId === undefined ? undefined : session.tasks.get(agentId)
  if (task !== undefined) {
    return task.isInBackground
      ? { turnId: undefined, itemId: undefined }
      : { turnId: task.turnId, itemId: task.toolUseId }
  }
  const tool = toolUseId === undefined ? undefined : session.tools.get(toolUseId)
  return { turnId: tool?.turnId ?? session.running?.id, itemId: tool?.id }
}

const permission = (session: Session, requestId: string, asked: Fields): Asked => {
  const name = needText(asked, "tool_name")
  const input = needFields(asked, "input")
  const toolUseId = mayHaveId(asked, "tool_use_id")
  const { itemId, turnId } = placeOf(session, asked, toolUseId)
  const native = nativeOf(session, turnId, { requestId, ...(itemId === undefined ? {} : { itemId }) })
  const kind = requestKind(name)
  const userInput = name === questionTool
  const [accept, ...refusals] = plainDecisions
  const decisions = userInput ? ["answer", ...refusals] : [accept, ...lastingDecisions(asked), ...refusals]
  const questions = userInput ? userQuestions(input) : []
  const changes = kind === "file_change_approval" ? changesOf(input) : []
  return {
    fact: fact(
      userInput ? "user-input.requested" : "request.opened",
      {
        kind,
        nativeKind: name,
        title: toolTitle(name, input) ?? oneLine(hintText(asked, "title")),
        decisions,
        choices: choicesOf(decisions),
        questions: questions.length === 0 ? undefined : questions,
        changes: changes.length === 0 ? undefined : changes,
        data: rest(asked, ["subtype"]),
      },
      native,
    ),
    request: { method: permissionMethod, userInput, session, native, asked, toolUseId },
  }
}

const elicitation = (session: Session, requestId: string, asked: Fields): Asked => {
  const native = nativeOf(session, session.running?.id, { requestId })
  const questions = formQuestions(formOf(asked))
  return {
    fact: fact(
      "request.opened",
      {
        kind: "elicitation",
        nativeKind: elicitationMethod,
        title: oneLine(hintText(asked, "message") ?? hintText(asked, "mcp_server_name")),
        decisions: [...plainDecisions],
        choices: choicesOf(plainDecisions),
        questions: questions.length === 0 ? undefined : questions,
        url: asked.mode === "url" ? hintText(asked, "url") : undefined,
        data: rest(asked, ["subtype"]),
      },
      native,
    ),
    request: { method: elicitationMethod, userInput: false, session, native, asked, toolUseId: undefined },
  }
}

/** The request as a fact. Undefined: it is none that a person answers. */
export const ask = (session: Session, requestId: string, asked: Fields): Asked | undefined => {
  switch (asked.subtype) {
    case permissionMethod:
      return permission(session, requestId, asked)
    case elicitationMethod:
      return elicitation(session, requestId, asked)
    default:
      return undefined
  }
}

/** The fact that a request is over, because the agent withdrew it or went on with the call. */
export const resolved = ({ native, userInput }: OpenRequest): Fact =>
  fact(userInput ? "user-input.resolved" : "request.resolved", { decision: null }, native)

/** The decision of the client's answer. */
export interface Decided {
  readonly decision: string
  /** True: the call was refused. */
  readonly denies: boolean
}

/** Reads the client's answer. */
export const decided = ({ userInput }: OpenRequest, response: Fields): Decided => {
  if (response.subtype !== "success") return { decision: "error", denies: false }
  const answer = hintFields(response, "response") ?? {}
  switch (answer.behavior) {
    case "allow": {
      const rules = hintArray(answer, "updatedPermissions")
      const lasting = rules.every(isOfSession) ? "acceptForSession" : "acceptAlways"
      return { decision: userInput ? "answer" : rules.length === 0 ? "accept" : lasting, denies: false }
    }
    case "deny":
      return { decision: answer.interrupt === true ? "cancel" : "decline", denies: true }
    default:
      return { decision: hintText(answer, "action") ?? "answered", denies: false }
  }
}

/** The content of an answer for permission beside its decision. Undefined: the decision alone gives the same answer. */
const beside = ({ asked }: OpenRequest, decision: string, answer: Fields): Fields | undefined => {
  const alone = decide(asked, { decision, data: null })
  const plain = "value" in alone && isFields(alone.value) ? alone.value : {}
  const said = ["updatedInput", "message", "updatedPermissions"].flatMap((name) =>
    answer[name] === undefined || canonicalJson(answer[name]) === canonicalJson(plain[name])
      ? []
      : [[name, answer[name]]],
  )
  return said.length === 0 ? undefined : Object.fromEntries(said)
}

/** The client's answer in a recording as a fact, in the form of our own answers. */
export const answered = (request: OpenRequest, response: Fields): Fact => {
  const answer = hintFields(response, "response") ?? {}
  const { decision } = decided(request, response)
  const said = (answers: Answers | undefined, data: unknown): Fact =>
    fact("request.answered", { decision, by: "client", answers, data }, request.native)
  if (decision === "error" || decision === "answered")
    return said(undefined, hintFields(response, "response") ?? response)
  if (decision === "decline" || decision === "cancel") {
    return said(undefined, request.method === permissionMethod ? beside(request, decision, answer) : undefined)
  }
  if (request.userInput) return said(answersIn(hintFields(answer, "updatedInput") ?? {}), undefined)
  if (request.method === permissionMethod) return said(undefined, beside(request, decision, answer))
  const content = hintFields(answer, "content")
  return formQuestions(formOf(request.asked)).length > 0
    ? said(formAnswers(content), undefined)
    : said(undefined, content)
}
