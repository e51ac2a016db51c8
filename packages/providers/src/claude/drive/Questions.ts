/**
 * Questions of the agent that wait for an answer. Each comes twice, in this order: on the wire, which has its id and makes its
 * event, and from the SDK, which waits for the answer.
 */
import type { Fields } from "../../runtime/readFields.js"
import { hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { elicitationMethod, permissionMethod } from "../translate/claudeQuestions.js"

/** A question that has no answer yet. */
export interface Question {
  /** JSON text of its id. */
  readonly id: string
  /** Its content, as the provider sent it. */
  readonly asked: Fields
  /** Gives the answer to the SDK, in the SDK's form. */
  readonly answer: (value: unknown) => void
  /** The answer that the SDK waits for. */
  readonly value: Promise<unknown>
}

export interface Questions {
  /** Updates the questions from a message of the agent, before the translator gets its line. */
  readonly observe: (message: Fields) => void
  /** The open question with that id. */
  readonly find: (id: string) => Question | undefined
  /** Closes a question that is answered or withdrawn. */
  readonly close: (id: string) => void
  /** The SDK's `canUseTool`. */
  readonly canUseTool: (name: string, input: unknown, options: unknown) => Promise<unknown>
  /** The SDK's `onElicitation`. */
  readonly onElicitation: (request: unknown, options: unknown) => Promise<unknown>
}

const open = (id: string, asked: Fields): Question => {
  let answer: (value: unknown) => void = () => {}
  const value = new Promise<unknown>((resolve) => {
    answer = resolve
  })
  return { id, asked, answer, value }
}

export const makeQuestions = (): Questions => {
  const questions = new Map<string, Question>()
  /** The questions that the SDK may still ask for. Answered ones, too, because the answer may come before the SDK asks. */
  const known = new Map<string, Question>()

  const forget = (id: string): void => {
    questions.delete(id)
    known.delete(id)
  }

  const observe = (message: Fields): void => {
    const requestId = hintText(message, "request_id")
    if (requestId === undefined) return
    const id = JSON.stringify(requestId)
    if (message.type === "control_cancel_request") return forget(id)
    const asked = message.type === "control_request" ? hintFields(message, "request") : undefined
    if (asked?.subtype !== permissionMethod && asked?.subtype !== elicitationMethod) return
    const question = open(id, asked)
    questions.set(id, question)
    known.set(id, question)
  }

  /** The question that the SDK means: by its id, or by its content where the SDK gives no id. */
  const meant = (options: unknown, isMeant: (asked: Fields) => boolean): Question | undefined => {
    const requestId = isFields(options) ? hintText(options, "requestId") : undefined
    const byId = requestId === undefined ? undefined : known.get(JSON.stringify(requestId))
    return byId ?? [...known.values()].find(({ asked }) => isMeant(asked))
  }

  const wait = async (question: Question | undefined, none: unknown): Promise<unknown> => {
    if (question === undefined) return none
    const value = await question.value
    known.delete(question.id)
    return value
  }

  return {
    observe,
    find: (id) => questions.get(id),
    close: (id) => {
      questions.delete(id)
    },
    canUseTool: (name, _input, options) => {
      const toolUseId = isFields(options) ? hintText(options, "toolUseID") : undefined
      const question = meant(
        options,
        (asked) => asked.subtype === permissionMethod && asked.tool_name === name && asked.tool_use_id === toolUseId,
      )
      return wait(question, { behavior: "deny", message: "Nobody can be asked for permission." })
    },
    onElicitation: (request, options) => {
      const server = isFields(request) ? request.serverName : undefined
      const message = isFields(request) ? request.message : undefined
      const question = meant(
        options,
        (asked) => asked.subtype === elicitationMethod && asked.mcp_server_name === server && asked.message === message,
      )
      return wait(question, { action: "decline" })
    },
  }
}
