/** The sign-in of the web page, and the keys of browsers. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Api, PageChallengeBody, PageExchangeBody, PageTokenBody } from "@threadfold/contracts/api"
import { Effect } from "effect"
import { PageAccess } from "../page/PageAccess.js"
import { plainAnswer } from "./jsonAnswer.js"
import { type Body, nothing, readCommandBody, required } from "./requestBody.js"

/** Longest body, bytes. Whoever sends one has not signed in yet. */
const bodyBytes = 4_096

const read = <A, I>(request: HttpServerRequest.HttpServerRequest, body: Body<A, I>) =>
  Effect.map(readCommandBody(request, body, bodyBytes), ({ value }) => value)

const made = (body: unknown) => HttpServerResponse.setStatus(plainAnswer(body), 201)

export const pageAccessRoutes = HttpApiBuilder.group(Api, "page", (handlers) =>
  Effect.map(PageAccess, ({ challenge, exchange, keys, newCode, newToken, revoke }) =>
    handlers
      .handleRaw("code", ({ request }) => Effect.map(Effect.zipRight(read(request, nothing), newCode), made))
      .handleRaw("exchange", ({ request }) =>
        Effect.map(Effect.flatMap(read(request, required(PageExchangeBody)), exchange), made),
      )
      .handleRaw("challenge", ({ request }) =>
        Effect.map(
          Effect.flatMap(read(request, required(PageChallengeBody)), ({ keyId }) => challenge(keyId)),
          made,
        ),
      )
      .handleRaw("token", ({ request }) =>
        Effect.map(Effect.flatMap(read(request, required(PageTokenBody)), newToken), made),
      )
      .handle("keys", () => Effect.map(keys, (items) => ({ items })))
      .handle("revoke", ({ path: { keyId }, request }) =>
        revoke(keyId, NodeHttpServerRequest.toServerResponse(request)),
      ),
  ),
)
