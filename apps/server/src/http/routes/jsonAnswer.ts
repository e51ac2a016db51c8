/** Answers as JSON, with the sequence that they are true for, and an `ETag` where one resource is meant; and the tag that a caller sends back. */
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Problem } from "@threadfold/contracts/problem"
import { wellFormedJson } from "@threadfold/core/model"
import type { Resource } from "@threadfold/projections"
import { Effect } from "effect"

/** A body that stays text until it goes out: Node then writes it together with its head. */
export const textAnswer = (
  text: string,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): HttpServerResponse.HttpServerResponse => {
  // Agents and adapters may say half of a pair of surrogates: no reader of ours is to fail for it.
  const body = contentType.includes("json") ? wellFormedJson(text) : text
  return HttpServerResponse.raw(body, {
    contentType,
    headers: { "content-length": String(Buffer.byteLength(body)), ...headers },
  })
}

/** JSON that is true for no sequence of the log. */
export const plainAnswer = (
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpServerResponse.HttpServerResponse => textAnswer(JSON.stringify(body), "application/json", headers)

/** 202: work that goes on, as it is now, and where to look for it. */
export const begunAnswer = (body: unknown, location: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setStatus(plainAnswer(body, { location }), 202)

/** JSON with the sequence of the log that it is true for. */
export const answer = (
  body: unknown,
  sequence: number,
  headers: Readonly<Record<string, string>> = {},
): HttpServerResponse.HttpServerResponse => answerText(JSON.stringify(body), sequence, headers)

/** The same for JSON that is text already. */
export const answerText = (
  json: string,
  sequence: number,
  headers: Readonly<Record<string, string>> = {},
): HttpServerResponse.HttpServerResponse =>
  textAnswer(json, "application/json", { sequence: String(sequence), ...headers })

/**
 * The tag of a version of a resource: the sequence of the event that last touched its row, in its log. `part`: what
 * else the answer depends on, such as how much of a list it shows.
 */
export const etagOf = (logId: string, version: number, part?: string | number): string =>
  `"${logId}.${version}${part === undefined ? "" : `.${part}`}"`

/** Whether the caller holds this version already (RFC 9110, If-None-Match: a list, weak comparison, or `*`). */
export const holds = (
  { headers }: { readonly headers: Readonly<Record<string, string | readonly string[] | undefined>> },
  etag: string,
): boolean =>
  String(headers["if-none-match"] ?? "")
    .split(",")
    .map(strong)
    .some((tag) => tag === strong(etag) || tag === "*")

const strong = (tag: string): string => tag.trim().replace(/^W\//, "")

/** 304: nothing changed. */
export const notModified = (etag: string, sequence: number): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.empty({ status: 304, headers: { etag, sequence: String(sequence) } })

/** A resource as it is, or 304 for a caller who holds this version already. */
export const resourceAnswer = (
  request: HttpServerRequest.HttpServerRequest,
  logId: string,
  { remade, sequence, value, version }: Resource<unknown>,
): HttpServerResponse.HttpServerResponse => {
  const etag = etagOf(logId, version, `r${remade}`)
  return holds(request, etag) ? notModified(etag, sequence) : answer(value, sequence, { etag })
}

/** An `ETag` of ours: the log, the version, and what else the answer depended on. */
const ours = /^"([^".]+)\.(\d+)(?:\.[^"]*)?"$/

/**
 * The version that `If-Match` names: that of the resource as the caller has seen it; undefined where there is none, or `*`. Fails with
 * `precondition-failed` for a tag of another log, and with `invalid-request` for what is no tag of ours.
 */
export const versionNamed = (logId: string, header: string | undefined): Effect.Effect<number | undefined, Problem> => {
  if (header === undefined || header.trim() === "*") return Effect.succeed(undefined)
  const [, log, version] = ours.exec(header.trim()) ?? []
  if (log === undefined) {
    return new Problem({ slug: "invalid-request", detail: "If-Match must be one ETag as the server gave it, or *." })
  }
  return log === logId
    ? Effect.succeed(Number(version))
    : new Problem({ slug: "precondition-failed", detail: "The tag in If-Match is of another log." })
}
