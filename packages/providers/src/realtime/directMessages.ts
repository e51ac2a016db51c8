/**
 * The OpenAI Realtime protocol, as far as a voice conversation needs it: what is sent, and what the messages of the server mean. Pure:
 * one state per connection, messages in, words and answers out.
 * Source: the API reference of Realtime (client events, server events); older servers name some events without `output_`.
 */
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  isFields,
  parseFields,
} from "../runtime/readFields.js"
import {
  askLater,
  type ClientMessage,
  callAnswer,
  confirmedBy,
  type DirectState,
  hintId,
  note,
  refused,
  responseBegun,
  responseOver,
  workFunction,
} from "./directState.js"
import type { VoiceAudio, VoiceRequest, VoiceWord } from "./VoiceTransport.js"

/** What Codex calls the version of this protocol. */
export const directVersion = "v2"
/** Sample rate of the protocol's PCM, Hz. */
export const sampleRate = 24_000

const instructions = [
  "You are the voice of a coding agent. You talk with its user.",
  `For anything that needs the project, its files, commands or the web, call ${workFunction} with what the user wants, and say that the work has begun.`,
  "When its output comes, tell the user the outcome in a sentence or two.",
].join(" ")

/** The settings of a session: its first message. */
export const sessionUpdate = ({ modality, prompt, voice }: VoiceRequest): ClientMessage => ({
  type: "session.update",
  session: {
    type: "realtime",
    instructions: prompt ?? instructions,
    output_modalities: [modality],
    audio: {
      input: {
        format: { type: "audio/pcm", rate: sampleRate },
        transcription: { model: "gpt-4o-mini-transcribe" },
        turn_detection: { type: "server_vad", interrupt_response: true, create_response: true },
      },
      output: { format: { type: "audio/pcm", rate: sampleRate }, ...(voice === null ? {} : { voice }) },
    },
    tools: [
      {
        type: "function",
        name: workFunction,
        description: "Hands work to the coding agent, which has the project, a shell and the web.",
        parameters: {
          type: "object",
          properties: { prompt: { type: "string", description: "What the user wants, in whole sentences." } },
          required: ["prompt"],
          additionalProperties: false,
        },
      },
    ],
    tool_choice: "auto",
  },
})

export const audioMessage = ({ data }: VoiceAudio): ClientMessage => ({
  type: "input_audio_buffer.append",
  audio: data,
})

/** What follows from a message of the server. */
export interface Heard {
  readonly words: readonly VoiceWord[]
  /** Messages to send. */
  readonly answers: readonly ClientMessage[]
  /** Why the session cannot go on; null: it goes on. */
  readonly fatal: string | null
  /** True: the server has taken the settings of the session. */
  readonly isReady: boolean
  /** Ids of ours that the server has taken. */
  readonly confirmed: readonly string[]
  /** An id of ours that it has not, and why; null: none. */
  readonly refused: { readonly id: string; readonly message: string } | null
}

const nothing: Heard = { words: [], answers: [], fatal: null, isReady: false, confirmed: [], refused: null }
const says = (...words: readonly VoiceWord[]): Heard => ({ ...nothing, words })

/** Errors about one message of ours, after which a session goes on. */
const passingTypes: ReadonlySet<string> = new Set(["invalid_request_error"])
const fatalCodes: ReadonlySet<string> = new Set(["session_expired", "invalid_api_key", "model_not_found"])

const heardError = (state: DirectState, message: Fields, raw: string): Heard => {
  const error = hintFields(message, "error") ?? {}
  const code = hintText(error, "code") ?? ""
  const text = hintText(error, "message") ?? "The realtime model reported an error and did not say which."
  const isPassing = passingTypes.has(hintText(error, "type") ?? "") && !fatalCodes.has(code)
  if (!isPassing) return { ...nothing, fatal: text }
  const word: VoiceWord = { type: "realtime.item-added", payload: { kind: "error", item: error }, raw }
  // One was under way of which we did not know: ours follows it.
  if (code === "conversation_already_has_active_response") {
    askLater(state)
    return says(word)
  }
  const id = hintId(error, "event_id")
  if (id === undefined) return says(word)
  return { ...says(word), answers: refused(state, id), refused: { id, message: text } }
}

const promptOf = (item: Fields): string => {
  const text = hintText(item, "arguments") ?? ""
  // A model may make arguments that are no JSON: then they are what it wants.
  return hintText(parseFields(text) ?? {}, "prompt") ?? text
}

/** A whole call of a function: a handoff, or one that there is not. */
const heardCall = (state: DirectState, item: Fields, raw: string): Heard => {
  const callId = hintId(item, "call_id")
  if (callId === undefined || !note(state.calls, callId)) return nothing
  const name = hintText(item, "name")
  if (name !== undefined && name !== workFunction) {
    return { ...nothing, answers: callAnswer(state, callId, `There is no function ${name}.`) }
  }
  return says({ type: "realtime.handoff", payload: { text: promptOf(item) }, native: { handoffId: callId }, raw })
}

const heardItem = (state: DirectState, message: Fields, raw: string): Heard => {
  const item = hintFields(message, "item") ?? {}
  const id = hintId(item, "id")
  if (id !== undefined && !note(state.knownItems, id)) return nothing
  const confirmed = confirmedBy(state, item)
  const kind = hintText(item, "type")
  // The outcome of a handoff is told by what gave it back.
  if (kind === "function_call_output") return { ...nothing, confirmed }
  const native = id === undefined ? {} : { native: { itemId: id } }
  return { ...says({ type: "realtime.item-added", payload: { kind, item }, ...native, raw }), confirmed }
}

const nativeOf = (message: Fields) => {
  const itemId = hintId(message, "item_id")
  return itemId === undefined ? {} : { native: { itemId } }
}

const piece = (role: string, message: Fields, raw: string): Heard => {
  const delta = hintText(message, "delta")
  return delta === undefined
    ? nothing
    : says({ type: "realtime.transcript.delta", payload: { role, delta, frames: 1 }, ...nativeOf(message), raw })
}

const whole = (role: string, text: string | undefined, message: Fields, raw: string): Heard =>
  text === undefined
    ? nothing
    : says({ type: "realtime.transcript.done", payload: { role, text }, ...nativeOf(message), raw })

const heardAudio = (message: Fields, raw: string): Heard => {
  const bytes = (hintText(message, "delta") ?? "").length
  const rate = hintNumber(message, "sample_rate") ?? sampleRate
  return says({
    type: "realtime.audio",
    payload: { direction: "output", bytes, sampleRate: rate, frames: 1 },
    ...nativeOf(message),
    raw,
  })
}

/** What a message of the server means. A message that means nothing here changes nothing. */
export const hear = (state: DirectState, message: Fields, raw: string): Heard => {
  const eventId = hintId(message, "event_id")
  if (eventId !== undefined && !note(state.seenEvents, eventId)) return nothing
  switch (hintText(message, "type")) {
    case "session.updated":
      return { ...nothing, isReady: true }
    case "error":
      return heardError(state, message, raw)
    case "conversation.item.added":
    case "conversation.item.created":
      return heardItem(state, message, raw)
    case "conversation.item.done":
    case "response.output_item.done": {
      const item = hintFields(message, "item") ?? {}
      return hintText(item, "type") === "function_call" ? heardCall(state, item, raw) : nothing
    }
    case "response.function_call_arguments.done":
      return hintId(message, "call_id") === undefined ? nothing : heardCall(state, message, raw)
    case "response.created":
      return { ...nothing, confirmed: responseBegun(state) }
    case "response.done": {
      const response = hintFields(message, "response") ?? {}
      const calls = hintArray(response, "output")
        .filter(isFields)
        .filter((item) => hintText(item, "type") === "function_call")
        .map((item) => heardCall(state, item, raw))
      const answers = responseOver(state)
      const failed: readonly VoiceWord[] =
        hintText(response, "status") === "failed"
          ? [{ type: "realtime.item-added", payload: { kind: "response.failed", item: response }, raw }]
          : []
      return {
        ...nothing,
        words: [...calls.flatMap(({ words }) => words), ...failed],
        answers: [...calls.flatMap((call) => call.answers), ...answers],
      }
    }
    case "input_audio_buffer.speech_started":
    case "input_audio_buffer.speech_stopped":
      return says({
        type: "realtime.item-added",
        payload: { kind: String(message.type), item: { item_id: message.item_id } },
        ...nativeOf(message),
        raw,
      })
    case "response.output_audio_transcript.delta":
    case "response.audio_transcript.delta":
    case "response.output_text.delta":
    case "response.text.delta":
      return piece("assistant", message, raw)
    case "response.output_audio_transcript.done":
    case "response.audio_transcript.done":
      return whole("assistant", hintText(message, "transcript"), message, raw)
    case "response.output_text.done":
    case "response.text.done":
      return whole("assistant", hintText(message, "text"), message, raw)
    case "conversation.item.input_audio_transcription.delta":
      return piece("user", message, raw)
    case "conversation.item.input_audio_transcription.completed":
      return whole("user", hintText(message, "transcript"), message, raw)
    case "response.output_audio.delta":
    case "response.audio.delta":
      return heardAudio(message, raw)
    default:
      return nothing
  }
}
