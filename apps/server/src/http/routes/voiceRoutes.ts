/** Routes of voice conversations. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Api, StartVoiceBody, VoiceAudioBody, VoiceTextBody } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { VoiceRuns } from "@threadfold/orchestrator"
import { Effect } from "effect"
import { orProblem, type ServiceError } from "../../problems/toProblem.js"
import { HttpLimits } from "../HttpLimits.js"
import { plainAnswer } from "./jsonAnswer.js"
import { type Body, optional, readCommandBody, required } from "./requestBody.js"

interface Call {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly path: { readonly threadId: string }
}

export const voiceRoutes = HttpApiBuilder.group(Api, "voice", (handlers) =>
  Effect.gen(function* () {
    const { bodyBytes } = yield* HttpLimits
    const voices = yield* VoiceRuns
    const withProblems = orProblem(yield* Engine)

    /** A call with a body. Who goes away ends nothing that has begun. */
    const withBody =
      <A, I, B>(body: Body<A, I>, act: (threadId: string, value: A) => Effect.Effect<B, ServiceError | Problem>) =>
      ({ path, request }: Call) =>
        Effect.gen(function* () {
          const { value } = yield* readCommandBody(request, body, bodyBytes)
          return plainAnswer((yield* act(path.threadId, value)) ?? {})
        }).pipe(withProblems)

    return handlers
      .handleRaw("start", withBody(optional(StartVoiceBody), voices.start))
      .handleRaw(
        "text",
        withBody(required(VoiceTextBody), (threadId, { realtimeId, text }) =>
          voices.appendText(threadId, text, realtimeId),
        ),
      )
      .handleRaw(
        "audio",
        withBody(required(VoiceAudioBody), (threadId, { channels = 1, data, realtimeId, sampleRate = 24_000 }) =>
          voices.appendAudio(threadId, { data, sampleRate, channels }, realtimeId),
        ),
      )
      .handleRaw(
        "speech",
        withBody(required(VoiceTextBody), (threadId, { realtimeId, text }) => voices.speak(threadId, text, realtimeId)),
      )
      .handle("stop", ({ path, urlParams }) =>
        Effect.map(voices.stop(path.threadId, urlParams.realtimeId), (realtimeId) => plainAnswer({ realtimeId })).pipe(
          withProblems,
        ),
      )
      .handle("voices", ({ path, urlParams }) =>
        Effect.map(voices.voices(path.threadId, urlParams.transport ?? null), (found) => plainAnswer(found)).pipe(
          withProblems,
        ),
      )
  }),
)
