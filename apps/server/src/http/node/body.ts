/** The body of a call, whole and bounded. */

import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"
import { askForBody } from "./bodyArrival.js"

/** Media types of bodies. */
export const json = "application/json"
export const ndjson = "application/x-ndjson"
export const gzip = "application/gzip"

/** The media type that a `Content-Type` names, lower case and without parameters; empty where there is none. */
export const mediaTypeOf = (contentType = ""): string => contentType.split(";", 1)[0]?.trim().toLowerCase() ?? ""

const unsupported = (detail: string): Effect.Effect<never, Problem> =>
  Effect.fail(new Problem({ slug: "unsupported-media-type", detail }))

/** Fails with `unsupported-media-type` where the body is compressed. */
export const requireNoCoding = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<void, Problem> => {
  const coding = request.headers["content-encoding"] ?? "identity"
  return coding.toLowerCase() === "identity"
    ? Effect.void
    : unsupported(`The body is coded as ${JSON.stringify(coding)}; send it as it is.`)
}

/** Fails with `unsupported-media-type` unless the body is one of these, and is not compressed. */
export const requireMediaType = (
  request: HttpServerRequest.HttpServerRequest,
  types: readonly string[],
): Effect.Effect<string, Problem> => {
  const type = mediaTypeOf(request.headers["content-type"])
  if (!types.includes(type)) {
    return unsupported(
      `The body is ${type === "" ? "of no named type" : JSON.stringify(type)}; it must be ${types.join(" or ")}.`,
    )
  }
  return Effect.as(requireNoCoding(request), type)
}

/** What a body is to its sender, where that says more than the word. */
export interface BodyName {
  /** With its article, capital first. */
  readonly what: string
  /** The setting that limits it. */
  readonly setting: string
}

/** The problem of a body that is longer than a limit. @param bytes its length; null: not known */
export const tooLarge = (limit: number, bytes: number | null, name?: BodyName): Problem => {
  const what = name?.what ?? "The body"
  const of = name === undefined ? "" : ` (\`${name.setting}\`)`
  return new Problem({
    slug: "payload-too-large",
    detail:
      bytes === null
        ? `${what} is longer than ${limit} bytes${of}.`
        : `${what} has ${bytes} bytes; at most ${limit} are taken${of}.`,
  })
}

/** The problem of a body that ends before it is whole. */
export const brokenOff = (): Problem =>
  new Problem({ slug: "invalid-request", detail: "The body broke off before its end." })

/** Reads the body. Fails with `payload-too-large` as soon as it is known to be, `invalid-request` when it breaks off. */
export const readBody = (
  request: HttpServerRequest.HttpServerRequest,
  limit: number,
  name?: BodyName,
): Effect.Effect<Buffer, Problem> =>
  Effect.async<Buffer, Problem>((resume) => {
    const message = NodeHttpServerRequest.toIncomingMessage(request)
    const announced = Number(message.headers["content-length"] ?? 0)
    if (announced > limit) return resume(Effect.fail(tooLarge(limit, announced, name)))
    const pieces: Buffer[] = []
    let bytes = 0
    const settle = (result: Effect.Effect<Buffer, Problem>) => {
      message.off("data", onData).off("end", onEnd).off("error", onBroken).off("close", onBroken)
      resume(result)
    }
    const onData = (piece: Buffer) => {
      bytes += piece.length
      if (bytes > limit) {
        message.pause()
        return settle(Effect.fail(tooLarge(limit, null, name)))
      }
      pieces.push(piece)
      return undefined
    }
    const onEnd = () => settle(Effect.succeed(Buffer.concat(pieces)))
    const onBroken = () => settle(Effect.fail(brokenOff()))
    message.on("data", onData).on("end", onEnd).on("error", onBroken).on("close", onBroken)
    askForBody(message)
    return undefined
  })
