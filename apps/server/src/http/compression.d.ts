/** What we use of `compression`, over Node's own requests; its published types are those of a framework. */
declare module "compression" {
  import type { IncomingMessage, ServerResponse } from "node:http"
  import type { BrotliOptions } from "node:zlib"

  interface Options {
    /** Bytes below which nothing is coded. */
    readonly threshold?: number
    /** Level of gzip and deflate. */
    readonly level?: number
    readonly brotli?: BrotliOptions
    readonly filter?: (request: IncomingMessage, response: ServerResponse) => boolean
  }

  const compression: (
    options?: Options,
  ) => (request: IncomingMessage, response: ServerResponse, next: () => void) => void
  export default compression
}
