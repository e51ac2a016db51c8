/** What the voice of a thread says, as audio, while it says it. */
import { StreamAudio } from "@threadfold/contracts/api"
import { Effect, Option, Stream } from "effect"
import type { Connection } from "./Connection.js"
import type { Failure } from "./Failure.js"
import { dataOf, type SubscriptionOptions, subscribe } from "./subscription.js"

const readAudio = dataOf(StreamAudio)

/** Beside audio a stream has events: of the rarest type, which nobody here looks at. */
const rare = "realtime.closed"

type Passing =
  | { readonly kind: "passed"; readonly cursor: string }
  | { readonly kind: "audio"; readonly cursor: null; readonly audio: StreamAudio }

/** Listens from now on. What is said while a connection is lost is not heard. */
export const voiceAudio = (
  connection: Connection,
  threadId: string,
  options: Omit<SubscriptionOptions, "threadId"> = {},
): Stream.Stream<StreamAudio, Failure> =>
  subscribe<Passing>(
    connection,
    {
      path: `/v1/threads/${encodeURIComponent(threadId)}/events?types=${rare}&audio=live`,
      messageOf: (_, cursor) => Effect.succeed({ kind: "passed" as const, cursor }),
      withoutPlace: ({ data, event }) =>
        event === "audio"
          ? Effect.map(readAudio(data), (audio) => ({ kind: "audio" as const, cursor: null, audio }))
          : null,
    },
    options,
  ).pipe(Stream.filterMap((message) => (message.kind === "audio" ? Option.some(message.audio) : Option.none())))
