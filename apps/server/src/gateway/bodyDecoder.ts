/** Decodes a compressed body beside its passing, chunk by chunk, so that its events can be read. */

import { Transform } from "node:stream"
import * as zlib from "node:zlib"

/** What a chunk adds to the decoded body. */
export interface BodyDecoder {
  /** Gives the decoded bytes of a chunk to `take`, piece by piece, and then calls `done`. After an error there are none. */
  readonly decode: (chunk: Uint8Array, take: (piece: Uint8Array) => void, done: () => void) => void
  /** False: the body is not what its headers say. */
  readonly isReadable: () => boolean
  readonly close: () => void
}

const sync = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH }
const brotliFlush = { flush: zlib.constants.BROTLI_OPERATION_FLUSH, finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }

/** Newer versions of Node know `zstd`, too. */
const makeZstd: unknown = Reflect.get(zlib, "createZstdDecompress")

const transformOf = (encoding: string): Transform | null => {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return zlib.createGunzip(sync)
    case "deflate":
      return zlib.createInflate(sync)
    case "br":
      return zlib.createBrotliDecompress(brotliFlush)
    case "zstd": {
      const made: unknown = typeof makeZstd === "function" ? Reflect.apply(makeZstd, zlib, []) : null
      return made instanceof Transform ? made : null
    }
    default:
      return null
  }
}

const decoderOf = (transform: Transform): BodyDecoder => {
  let readable = true
  let taker: ((piece: Uint8Array) => void) | null = null
  let finish: (() => void) | null = null
  const finished = (): void => {
    const done = finish
    finish = null
    taker = null
    done?.()
  }
  transform.on("data", (piece: Uint8Array) => taker?.(piece))
  transform.on("error", () => {
    readable = false
    finished()
  })
  return {
    decode: (chunk, take, done) => {
      if (!readable) return done()
      taker = take
      finish = done
      transform.write(chunk, finished)
    },
    isReadable: () => readable,
    close: () => transform.destroy(),
  }
}

/** The decoder of a body with this `content-encoding`; `plain`: it needs none; null: there is none for it. */
export const bodyDecoder = (contentEncoding: string | undefined): BodyDecoder | "plain" | null => {
  const encoding = (contentEncoding ?? "").trim().toLowerCase()
  if (encoding === "" || encoding === "identity") return "plain"
  const transform = transformOf(encoding)
  return transform === null ? null : decoderOf(transform)
}
