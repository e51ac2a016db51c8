/** Routes of voice conversations: their start, what goes into them, and their end. What comes out are events of the thread. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import {
  maxVoiceAudio,
  maxVoiceText,
  VoiceTransportAsked,
  VoiceTransportName,
  voiceSettings,
} from "../commands/index.js"
import { field, growing, maybe, optional, optText, shape, text } from "../fields.js"
import { threadPath } from "./Endpoint.js"
import { described } from "./operation.js"
import { bodyCall, databaseCall, writeCall } from "./problemSets.js"

/** Body of `POST …/realtime/start`; may be left out. */
export const StartVoiceBody = shape(
  "StartVoiceBody",
  "How a voice conversation is started; may be left out.",
  voiceSettings,
)
export type StartVoiceBody = typeof StartVoiceBody.Type

const VoiceText = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(maxVoiceText))

/** Which conversation an input is meant for. */
const meantFor = {
  realtimeId: maybe(
    Schema.String,
    "The conversation that this is meant for: it is refused where another one, or none, is live. Absent: whichever is live.",
  ),
} as const

/** Body of `POST …/realtime/text` and `POST …/realtime/speech`. */
export const VoiceTextBody = shape("VoiceTextBody", "A text for a voice conversation.", {
  text: field(VoiceText, "The text, 1 to 32,000 characters."),
  ...meantFor,
})
export type VoiceTextBody = typeof VoiceTextBody.Type

/** Body of `POST …/realtime/audio`. */
export const VoiceAudioBody = shape("VoiceAudioBody", "A piece of audio for a voice conversation.", {
  data: field(
    Schema.String.pipe(
      Schema.minLength(1),
      Schema.maxLength(maxVoiceAudio),
      Schema.pattern(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, {
        message: () => "expected base64 with its padding",
      }),
    ),
    "PCM, 16 bits, little endian, as base64 of at most 524,288 characters (8 seconds of 24,000 samples a second).",
  ),
  sampleRate: optional(
    Schema.Number.pipe(Schema.int(), Schema.between(8_000, 96_000)),
    "Samples per second (Hz), 8,000 to 96,000; 24,000 by default.",
  ),
  channels: optional(Schema.Literal(1, 2), "1 by default."),
  ...meantFor,
})
export type VoiceAudioBody = typeof VoiceAudioBody.Type

/** A conversation that is live. */
export const VoiceStarted = shape("VoiceStarted", "A voice conversation that is live.", {
  realtimeId: text("Our id of its run."),
  transport: field(growing(VoiceTransportName), "What carries it."),
  version: optText("Protocol version, for example `v2`; null: not known."),
})
export type VoiceStarted = typeof VoiceStarted.Type

/** A conversation that was stopped. */
export const VoiceStopped = shape("VoiceStopped", "What was stopped.", {
  realtimeId: optText("The run whose close is in the log now; null: the thread had none."),
})

/** Something was put into a conversation. */
export const VoiceTaken = shape("VoiceTaken", "The conversation has taken it.", {})

/** The voices and models of a transport. */
export const VoiceList = shape("VoiceList", "The voices and models that a conversation can have.", {
  versions: field(
    Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }),
    "Voices by protocol version, for example `v2`.",
  ),
  defaults: field(
    Schema.Record({ key: Schema.String, value: Schema.String }),
    "The voice that each version takes by default.",
  ),
  models: field(
    Schema.NullOr(Schema.Array(Schema.String)),
    "Realtime models that a start may name; null: the transport does not list them, and takes any that its model server has.",
  ),
  defaultModel: optText("The model of a start that names none; null: not known."),
})

const inputCall = {
  problems: [...bodyCall, "voice-not-live" as const, "voice-refused" as const, "voice-failed" as const],
}

/** Voice conversations. A call about one is not repeated by itself, and takes no `Idempotency-Key`. */
export class VoiceGroup extends HttpApiGroup.make("voice")
  .add(
    HttpApiEndpoint.post("start", "/v1/threads/:threadId/realtime/start")
      .setPath(threadPath)
      .setPayload(StartVoiceBody)
      .addSuccess(VoiceStarted)
      .annotateContext(
        described(
          "Starts a voice conversation, and answers when it is live. What is asked for is checked first: a start that is refused " +
            "(400 `voice-refused`) leaves a live conversation as it is. Else that one ends as `replaced`, and then the new one starts. " +
            "What is said comes as events of the thread (`realtime.*`), without audio unless `types` or `audio=true` asks for it.",
          {
            problems: [
              ...bodyCall,
              "thread-not-found",
              "thread-not-run",
              "thread-read-only",
              "thread-busy",
              "agent-not-found",
              "voice-refused",
              "voice-busy",
              "voice-failed",
            ],
            bodyOptional: true,
          },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("text", "/v1/threads/:threadId/realtime/text")
      .setPath(threadPath)
      .setPayload(VoiceTextBody)
      .addSuccess(VoiceTaken)
      .annotateContext(
        described("Puts a text of the user into the live conversation; the voice answers it.", inputCall),
      ),
  )
  .add(
    HttpApiEndpoint.post("audio", "/v1/threads/:threadId/realtime/audio")
      .setPath(threadPath)
      .setPayload(VoiceAudioBody)
      .addSuccess(VoiceTaken)
      .annotateContext(
        described(
          "Puts a piece of the user's audio into the live conversation. The pieces of one call after the other follow each other; " +
            "the transport may drop what it cannot keep up with.",
          inputCall,
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("speech", "/v1/threads/:threadId/realtime/speech")
      .setPath(threadPath)
      .setPayload(VoiceTextBody)
      .addSuccess(VoiceTaken)
      .annotateContext(described("Has the voice say a text. What it is saying is cut short.", inputCall)),
  )
  .add(
    HttpApiEndpoint.post("stop", "/v1/threads/:threadId/realtime/stop")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({
          realtimeId: optional(Schema.String, "Only this conversation is ended, and none that has taken its place."),
        }),
      )
      .addSuccess(VoiceStopped)
      .annotateContext(
        described("Ends the conversation, and answers when its close is in the log. None is live: no change.", {
          problems: writeCall,
        }),
      ),
  )
  .add(
    HttpApiEndpoint.get("voices", "/v1/threads/:threadId/realtime/voices")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({
          transport: optional(VoiceTransportAsked, "The transport; absent: the one that a start would choose."),
        }),
      )
      .addSuccess(VoiceList)
      .annotateContext(
        described(
          "The voices and models that a conversation of the thread can have. The agent is started where it is asked for them.",
          {
            problems: [...databaseCall, "thread-not-found", "agent-not-found", "voice-refused"],
          },
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Voice" })) {}
