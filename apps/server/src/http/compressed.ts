/**
 * Large answers compressed, where their caller asks for it (`Accept-Encoding`). The `ETag` of an answer names the version of its
 * resource, which is the same in every coding; nothing in between may keep an answer (`Cache-Control: no-store`).
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import { constants } from "node:zlib"
import compression from "compression"

/** Answers of fewer bytes go out as they are: what is saved is less than what it costs. */
const threshold = 16 * 1024

/** Event streams stay as they are: a coder would hold their events back. */
const isCompressible = (type: string): boolean => /json|text\/html|javascript|yaml/.test(type)

const compress = compression({
  threshold,
  level: constants.Z_BEST_SPEED,
  brotli: { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } },
  filter: (_, response) => isCompressible(String(response.getHeader("content-type") ?? "")),
})

/**
 * Event of a response whose answer is whole and is being coded. The coder stops while the socket takes nothing, and the response itself
 * ends only after it: who waits for a reader counts from here.
 */
export const wholeAnswer = "threadfold.whole"

/** Calls `next` with a response that codes what is written to it. The fastest level: a loopback is faster than any better one. */
export const compressed = (request: IncomingMessage, response: ServerResponse, next: () => void): void =>
  compress(request, response, () => {
    response.end = new Proxy(response.end, {
      apply: (end, self, parts) => {
        response.emit(wholeAnswer)
        return Reflect.apply(end, self, parts)
      },
    })
    next()
  })
