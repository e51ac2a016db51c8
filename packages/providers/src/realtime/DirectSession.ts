/** One connection of a conversation with a realtime model: from its handshake until it is over. */
import { Deferred, Effect, Exit, Scope } from "effect"
import type { Redactor } from "../redaction/Redactor.js"
import { isFields, parseFields } from "../runtime/readFields.js"
import type { DirectVoiceSettings } from "./DirectVoiceSettings.js"
import { type Heard, hear, sessionUpdate } from "./directMessages.js"
import { type ClientMessage, carriedOver, contextMessages, type DirectState, makeDirectState } from "./directState.js"
import { type NoSocket, openSocket, type RealtimeSocket, type SocketEnd } from "./RealtimeSocket.js"
import type { VoiceRequest, VoiceWord } from "./VoiceTransport.js"

/** How long a model may take to answer a connection and to take the settings of its session, and to confirm an input, ms. */
export const READY_MS = 15_000

/** One connection of the conversation. */
export interface Session {
  readonly socket: RealtimeSocket
  readonly state: DirectState
  readonly scope: Scope.CloseableScope
  /** Why it is over. */
  readonly over: Effect.Effect<Over>
}

export type Over =
  | { readonly kind: "hung-up" }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "fatal"; readonly message: string }

const overBy = (end: SocketEnd): Over => {
  if (end.kind === "broken") return end
  const why = end.reason === "" ? "" : `: ${end.reason}`
  return end.code === 1000
    ? { kind: "hung-up" }
    : { kind: "broken", message: `The realtime model closed the connection with code ${end.code}${why}.` }
}

/** `https://host/v1` → `wss://host/v1/realtime?model=…` */
const addressOf = (baseUrl: string, model: string): string => {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/realtime`)
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:"
  url.searchParams.set("model", model)
  return url.href
}

/** A message that is no object of JSON is kept, and means nothing. */
const unreadable = (raw: string): VoiceWord => ({ type: "realtime.item-added", payload: { kind: "unreadable" }, raw })

/** What a connection is made with. */
export interface SessionParts {
  readonly settings: DirectVoiceSettings
  readonly request: VoiceRequest
  readonly redactor: Redactor | null
  readonly emit: (words: readonly VoiceWord[]) => void
  /** Called with its socket before anything was heard of it. */
  readonly onSocket: (socket: RealtimeSocket) => void
  /** Called with the ids of inputs that the model has taken, and with the one that it has refused. */
  readonly settle: (confirmed: readonly string[], refused: Heard["refused"]) => void
  /** What the session in whose place this one comes knew; null: it is the first one. */
  readonly lost: DirectState | null
}

/**
 * Opens one connection, and returns when the session on it has its settings, the conversation so far, and what the one before it had
 * not confirmed.
 */
export const connect = ({
  emit,
  lost,
  onSocket,
  redactor,
  request,
  settings,
  settle,
}: SessionParts): Effect.Effect<Session, NoSocket> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const state = makeDirectState()
    const ready = yield* Deferred.make<void, NoSocket>()
    const over = yield* Deferred.make<Over>()
    let socket: RealtimeSocket | null = null
    const send = (messages: readonly ClientMessage[]): void => {
      for (const message of messages) socket?.send(JSON.stringify(message))
    }
    let isFatal = false
    const onText = (text: string): void => {
      // What comes behind the word that ended the session means nothing any more.
      if (isFatal) return
      const raw = redactor === null ? text : redactor.text(text)
      const message = parseFields(raw)
      if (message === null) return emit([unreadable(raw)])
      const { answers, confirmed, fatal, isReady, refused, words } = hear(state, message, raw)
      if (words.length > 0) emit(words)
      settle(confirmed, refused)
      send(answers)
      if (isReady) Deferred.unsafeDone(ready, Effect.void)
      const error = fatal ?? (message.type === "error" ? "The realtime model refused the session." : null)
      // Before the session has its settings, any error is about them.
      if (error !== null)
        Deferred.unsafeDone(ready, Effect.fail({ message: errorText(message, error), mayPass: false }))
      if (fatal === null) return
      isFatal = true
      Deferred.unsafeDone(over, Effect.succeed({ kind: "fatal", message: fatal }))
    }
    const settled = Effect.gen(function* () {
      const opened = yield* openSocket({
        url: addressOf(settings.baseUrl, request.model ?? settings.model),
        headers: { authorization: `Bearer ${settings.apiKey ?? ""}` },
        onText,
        onOver: () => Deferred.unsafeDone(ready, Effect.fail({ message: "It was closed at once.", mayPass: true })),
      })
      socket = opened
      onSocket(opened)
      yield* Effect.forkScoped(
        Effect.flatMap(opened.over, (end) => Effect.sync(() => Deferred.unsafeDone(over, Effect.succeed(overBy(end))))),
      )
      send([sessionUpdate({ ...request, voice: request.voice ?? settings.voice })])
      yield* Deferred.await(ready)
      return opened
    })
    const opening = Effect.gen(function* () {
      const opened = yield* Effect.timeoutFail(settled, {
        duration: READY_MS,
        onTimeout: (): NoSocket => ({
          message: `It did not answer, or not take the session's settings, within ${READY_MS} ms.`,
          mayPass: true,
        }),
      })
      send(contextMessages(state, yield* request.context))
      if (lost !== null) {
        const { confirmed, messages } = carriedOver(state, lost)
        send(messages)
        settle(confirmed, null)
      }
      return { socket: opened, state, scope, over: Deferred.await(over) }
    })
    return yield* Effect.onError(Scope.extend(opening, scope), (cause) => Scope.close(scope, Exit.failCause(cause)))
  })

const errorText = (message: Readonly<Record<string, unknown>>, otherwise: string): string => {
  const { error } = message
  return isFields(error) && typeof error.message === "string" ? error.message : otherwise
}
