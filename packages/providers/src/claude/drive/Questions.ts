/**
 * Questions of the agent that wait for an answer. They are heard of twice: on the wire, which names them and tells the world,
 * and by the SDK, which asks us for the answer; in this order.
 */
import type { Fields } from "../../runtime/readFields.js"
import { hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { elicitationMethod, permissionMethod } from "../translate/claudeQuestions.js"

/** A question that has no answer yet. */
export interface Question {
  /** JSON text of its id. */
  readonly id: string
  /** What it asks, in the provider's words. */
  readonly asked: Fields
  /** Gives the answer to the SDK, in its words. */
  readonly answer: (value: unknown) => void
  /** What the SDK waits for. */
  readonly value: Promise<unknown>
}

export interface Questions {
  /** A line of the wire, before anybody else hears of it. */
  readonly hear: (message: Fields) => void
  /** The open question of that id. */
  readonly find: (id: string) => Question | undefined
  /** The question is answered, or of no interest any more. */
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
  /** All that the SDK may still ask us for, answered ones too: the answer may come before it asks. */
  const known = new Map<string, Question>()

  const forget = (id: string): void => {
    questions.delete(id)
    known.delete(id)
  }

  const hear = (message: Fields): void => {
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

  /** The question that the SDK means: by its id, or, where it does not tell it, by what it asks. */
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
    hear,
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
