/**
 * The driver's state of a connection: the open sessions, their running prompts, and the open questions. It changes where a
 * line is read or an operation runs, before the events are emitted.
 */
import { type Fields, hintFields, hintText } from "../../runtime/readFields.js"
import { cancelRequestMethod, methodNotFound, updateMethod } from "../translate/acpProtocol.js"
import { formOf } from "../translate/acpQuestions.js"
import { isQuestion, optionsOf } from "../translate/acpRequests.js"
import { giveUp, type OpenQuestion } from "./acpDecisions.js"
import { makeAcpNews } from "./acpLists.js"
import type { Peer } from "./Peer.js"
import { type Offer, renewOffer } from "./sessionSettings.js"

/** A prompt that has no answer yet, or is about to be sent. */
export interface RunningPrompt {
  /** The native id that the translator gives its turn. */
  readonly nativeTurnId: string
  cancelled: boolean
}

/** A session that is open on the connection. */
export interface OpenThread {
  readonly id: string
  offer: Offer
  /** How many prompts it was sent. The translator counts the same. */
  prompts: number
  running: RunningPrompt | null
}

export const makeThreads = () => {
  const open = new Map<string, OpenThread>()
  const references = new Map<string, string>()
  const questions = new Map<string, OpenQuestion>()
  let starting: string | null = null
  const news = makeAcpNews()

  /** Links a new session with our thread. An agent may name it before it answers the call that opens it. One opens at a time. */
  const refer = (params: Fields): void => {
    const id = hintText(params, "sessionId")
    if (starting !== null && id !== undefined && !references.has(id)) references.set(id, starting)
  }

  /** The agent has shown the options of a session anew. */
  const offered = (id: string | undefined, said: Fields): void => {
    const thread = open.get(id ?? "")
    if (thread !== undefined) thread.offer = renewOffer(thread.offer, said)
  }

  const questionsOf = (nativeThreadId: string): readonly (readonly [string, OpenQuestion])[] =>
    [...questions].filter(([, question]) => question.nativeThreadId === nativeThreadId)

  return {
    open,
    references,
    questions,
    questionsOf,
    /** What the agent says of itself. */
    news,

    /** A session is about to be started for this thread of ours. Null: not any more. */
    start: (threadId: string | null): void => {
      starting = threadId
    },

    /** A request of the agent. A question waits for its answer. All other requests are refused. */
    onRequest: (peer: Peer, id: string, method: string, params: Fields): void => {
      refer(params)
      if (!isQuestion(method)) {
        const message = `This client does not offer ${method}.`
        return peer.respondSoon(id, { error: { code: methodNotFound, message } })
      }
      const nativeThreadId = hintText(params, "sessionId")
      const question = { method, nativeThreadId, options: optionsOf(params), form: formOf(params) }
      // The turn is being cancelled, so the user is not asked any more.
      if (open.get(nativeThreadId ?? "")?.running?.cancelled === true) {
        return peer.respondSoon(id, { result: giveUp(question) })
      }
      questions.set(id, question)
    },

    offered,

    /** A notification of the agent: it may withdraw a question, or offer other options. */
    onNotification: (peer: Peer, method: string, params: Fields): void => {
      refer(params)
      if (method === updateMethod) {
        const update = hintFields(params, "update") ?? {}
        offered(hintText(params, "sessionId"), update)
        news.updated(update)
      }
      if (method !== cancelRequestMethod) return
      const id = JSON.stringify(params.requestId)
      const question = questions.get(id)
      if (question === undefined) return
      questions.delete(id)
      peer.respondSoon(id, { result: giveUp(question) })
    },

    /** Removes a closed session and its questions. */
    close: (nativeThreadId: string): void => {
      open.delete(nativeThreadId)
      for (const [id] of questionsOf(nativeThreadId)) questions.delete(id)
    },
  }
}

export type Threads = ReturnType<typeof makeThreads>
