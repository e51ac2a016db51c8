/**
 * The built web page, from memory. Only what its list names is there: no path of a call ever reaches the file system. All of it is read
 * at the first visit, so that one page never mixes the files of two builds.
 */
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { join } from "node:path"
import { Context, Effect, Layer, Runtime, Schema } from "effect"
import { holds } from "../routes/jsonAnswer.js"
import { isPageAddress, pathOf } from "../security/Guard.js"
import { pagePolicy, securityHeaders } from "../security/headers.js"

/** A file beside all others: no part of it leads out of their folder. */
const assetAddress = /^\/assets\/[A-Za-z0-9._-]+$/

const Manifest = Schema.parseJson(
  Schema.Struct({
    entry: Schema.String.pipe(Schema.pattern(/^[A-Za-z0-9._-]+$/)),
    assets: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        type: Schema.String.pipe(Schema.pattern(/^[\x20-\x7e]+$/)),
        bytes: Schema.Number,
        sha256: Schema.String,
      }),
    }).pipe(Schema.filter((assets) => Object.keys(assets).every((address) => assetAddress.test(address)))),
  }),
)

/** A file of the page, as it is and compressed. */
interface PageFile {
  readonly type: string
  readonly plain: Buffer
  /** Null: it is there as it is alone. */
  readonly coded: Buffer | null
}

interface BuiltPage {
  readonly entry: PageFile
  /** By their paths. */
  readonly assets: ReadonlyMap<string, PageFile>
  /** Of the entry, whatever its coding. */
  readonly etag: string
}

/** The one coding that files of the page are there in: every browser takes it of this machine. Any other is made as they go out. */
const coding = "br"

const readPageFile = (path: string, type: string): PageFile => ({
  type,
  plain: readFileSync(path),
  coded: existsSync(`${path}.br`) ? readFileSync(`${path}.br`) : null,
})

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes)

/** The page of a folder; null: none was built. Throws where it is not what its list says. */
const readBuiltPage = (folder: string): BuiltPage | null => {
  const list = join(folder, "page.json")
  if (!existsSync(list)) return null
  const { assets, entry } = Schema.decodeUnknownSync(Manifest)(readFileSync(list, "utf8"))
  const read = Object.entries(assets).map(([address, { sha256: digest, type }]) => {
    const file = readPageFile(join(folder, address), type)
    if (sha256(file.plain).digest("hex") !== digest) throw new Error(`${address} is not what page.json says`)
    return [address, file] as const
  })
  const page = readPageFile(join(folder, entry), "text/html; charset=utf-8")
  return { entry: page, assets: new Map(read), etag: `W/"${sha256(page.plain).digest("base64url").slice(0, 27)}"` }
}

/** How much a caller wants the coding (RFC 9110, 12.5.3), 0 to 1. */
const weightIn = (header: string): number => {
  let any = 0
  for (const part of header.split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase())
    const weight = Number(parameters.find((text) => text.startsWith("q="))?.slice(2) ?? 1)
    const known = Number.isFinite(weight) ? weight : 0
    if (name === coding) return known
    if (name === "*") any = known
  }
  return any
}

/** Whether a browser asks for a document, to show it. */
export const isVisit = ({ headers, method }: Pick<IncomingMessage, "headers" | "method">): boolean =>
  (method === "GET" || method === "HEAD") && (headers.accept ?? "").toLowerCase().includes("text/html")

/** What is shown where no page was built. */
const notBuilt: PageFile = {
  type: "text/html; charset=utf-8",
  coded: null,
  plain: Buffer.from(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Threadfold</title></head>
<body>
<h1>Threadfold</h1>
<p>The service is running. Its web page was not built: run <code>npm run setup</code> in the checkout, then start the server again.</p>
<p>The API is described in <a href="/docs">/docs</a> and <a href="/openapi.json">/openapi.json</a>. Its calls need the token: the <code>token</code> file in the data directory.</p>
</body>
</html>
`),
}

const send = (
  { headers, method }: IncomingMessage,
  response: ServerResponse,
  { coded, plain, type }: PageFile,
  status: number,
  more: Readonly<Record<string, string>> = {},
): void => {
  const isCoded = coded !== null && weightIn(headers["accept-encoding"] ?? "") > 0
  const bytes = isCoded ? coded : plain
  const all = {
    ...securityHeaders,
    "content-type": type,
    ...(isCoded ? { "content-encoding": coding } : {}),
    ...more,
  }
  for (const [name, value] of Object.entries(all)) response.setHeader(name, value)
  // Beside what a UI of another origin has made of it.
  response.appendHeader("vary", "Accept-Encoding")
  if (status === 304) return void response.writeHead(304).end()
  response.setHeader("content-length", bytes.length)
  response.writeHead(status)
  if (method === "HEAD") response.end()
  else response.end(bytes)
}

/** The files of the web page. */
export class PageFiles extends Context.Tag("@threadfold/server/PageFiles")<
  PageFiles,
  {
    /** Answers a call for the page or for one of its files; false: it is for neither. */
    readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean
  }
>() {
  /** @param folder where the build lies; a server that has none says how to make it */
  static readonly layer = (folder: string): Layer.Layer<PageFiles> =>
    Layer.effect(
      PageFiles,
      Effect.map(Effect.runtime(), (runtime) => {
        let built: BuiltPage | null | undefined
        const page = (): BuiltPage | null => {
          if (built !== undefined) return built
          try {
            built = readBuiltPage(folder)
          } catch (error) {
            const why = error instanceof Error ? error.message : String(error)
            Runtime.runSync(runtime)(Effect.logWarning(`the web page in ${folder} is not shown: ${why}`))
            built = null
          }
          return built
        }
        const answer = (request: IncomingMessage, response: ServerResponse): boolean => {
          if (request.method !== "GET" && request.method !== "HEAD") return false
          const path = pathOf(request.url ?? "")
          if (path.startsWith("/assets/")) {
            const asset = page()?.assets.get(path)
            if (asset === undefined) return false
            send(request, response, asset, 200, {
              // A worker has the policy that its script came with.
              "content-security-policy": pagePolicy,
              "cache-control": "public, max-age=31536000, immutable",
            })
            return true
          }
          if (path !== "/" && !(isVisit(request) && isPageAddress(path))) return false
          const shown = page()
          if (shown === null) {
            send(request, response, notBuilt, path === "/" ? 200 : 404)
            return true
          }
          const { entry, etag } = shown
          const status = holds(request, etag) ? 304 : 200
          send(request, response, entry, status, { "content-security-policy": pagePolicy, etag })
          return true
        }
        return { answer }
      }),
    )
}
