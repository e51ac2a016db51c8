/** Every call of the API as a typed function, derived from the API itself. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { Api } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { authorization, type Connection } from "./Connection.js"
import { checkCalls } from "./checkCalls.js"

/** An error that is no problem of the server comes from a program in between: only its status counts. */
const fromServer = (response: HttpClientResponse.HttpClientResponse) =>
  response.status < 400 || (response.headers["content-type"] ?? "").startsWith("application/problem+json")
    ? Effect.succeed(response)
    : Effect.fail(new HttpClientError.ResponseError({ request: response.request, response, reason: "StatusCode" }))

/**
 * Asks a server on the same machine not to compress: a loopback is faster than any coder. Browsers do not let a page say so, and ask
 * for what they like.
 */
const codingOf = ({ url }: Connection): Readonly<Record<string, string>> =>
  /^http:\/\/(127\.|localhost|\[::1\])/.test(url) ? { "accept-encoding": "identity" } : {}

/**
 * Sends a read again, once, whose connection is lost. A server closes a connection that has been idle for long, and a call may be on its
 * way then: it was not looked at, and a read changes nothing (RFC 9110, 9.2.2).
 */
export const resendRead = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  HttpClient.retry(client, {
    times: 1,
    while: (error) =>
      error._tag === "RequestError" && error.reason === "Transport" && ["GET", "HEAD"].includes(error.request.method),
  })

/**
 * The client of a server: `client.threads.list({ urlParams: {} })`, `client.sessions.attach(…)`, `client.livez()`.
 * Calls fail with the server's `Problem`, with `invalid-request` before anything is sent where they are not valid for the API, or
 * with what the transport fails with.
 */
export const makeClient = (connection: Connection) =>
  HttpApiClient.make(Api, {
    baseUrl: connection.url,
    transformClient: (client) =>
      client.pipe(
        HttpClient.mapRequest(HttpClientRequest.setHeaders({ ...authorization(connection), ...codingOf(connection) })),
        HttpClient.transformResponse(Effect.flatMap(fromServer)),
        resendRead,
      ),
  }).pipe(
    Effect.provide(FetchHttpClient.layer),
    Effect.map((client) => checkCalls(client)),
  )

/** Such a client. */
export type Client = Effect.Effect.Success<ReturnType<typeof makeClient>>
