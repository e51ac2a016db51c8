/** Every call of the API as a typed function, derived from the API itself. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { Api } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { authorization, type Connection } from "./Connection.js"

/**
 * The client of a server: `client.threads.list({ urlParams: {} })`, `client.sessions.attach(…)`, `client.livez()`.
 * Calls fail with the server's `Problem`, or with what the transport fails with.
 */
export const makeClient = (connection: Connection) =>
  HttpApiClient.make(Api, {
    baseUrl: connection.url,
    transformClient: HttpClient.mapRequest(HttpClientRequest.setHeaders(authorization(connection))),
  }).pipe(Effect.provide(FetchHttpClient.layer))

/** Such a client. */
export type Client = Effect.Effect.Success<ReturnType<typeof makeClient>>
