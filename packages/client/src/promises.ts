/** The same for programs without Effect: promises and async iteration. */
import { Effect, Stream } from "effect"
import { type Client, makeClient } from "./Client.js"
import type { Connection } from "./Connection.js"
import { type EventsOptions, events, type StreamMessage } from "./Events.js"

export interface PromiseClient {
  /** Runs one call: `run((client) => client.threads.list({ urlParams: {} }))`. Rejects with the server's `Problem`. */
  readonly run: <A, E>(call: (client: Client) => Effect.Effect<A, E>) => Promise<A>
  /** The events as they come. Leave the loop to end the subscription; throws the server's `Problem`. */
  readonly events: (options?: EventsOptions) => AsyncIterable<StreamMessage>
}

/** A client of promises. */
export const connect = (connection: Connection): PromiseClient => ({
  run: (call) => Effect.runPromise(Effect.flatMap(makeClient(connection), call)),
  events: (options) => Stream.toAsyncIterable(events(connection, options)),
})
