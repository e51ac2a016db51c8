/** The file of an export: a bundle, or the web page with a bundle in it, which opens it without a server. */
import { once } from "node:events"
import { createWriteStream, existsSync, readFileSync, renameSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { Transform } from "node:stream"
import { finished } from "node:stream/promises"
import { brotliDecompressSync, createGzip } from "node:zlib"
import { htmlBundleBytes, shownBundle } from "@threadfold/contracts"
import { ExportFailed, type ExportOutcome } from "@threadfold/imports"
import { pageFolder } from "../../installed.js"
import { makeDurable } from "./wholeDatabase.js"

/** Takes pieces of a file, in order. */
export interface Target {
  readonly write: (text: string) => Promise<void>
  /** Ends it, and gives its size in bytes. */
  readonly end: () => Promise<number>
  /** Lets go of it, whole or not. A file that is being opened is there a moment later: only then it can be removed. */
  readonly close: () => Promise<void>
}

export const nowhere: Target = {
  write: () => Promise.resolve(),
  end: () => Promise.resolve(0),
  close: () => Promise.resolve(),
}

export const exists = (file: string) =>
  new ExportFailed({ kind: "file-exists", message: `${file} exists already; name a file that does not.` })

/** What stands before the bundle of a page, and behind it. */
export interface ExportedPage {
  readonly head: string
  readonly tail: string
}

/** Where the page of the build has its bundle. */
const bundlePlace = "@@BUNDLE@@"

/** The page that a bundle is put into. Throws where it was not built. */
export const exportedPage = (): ExportedPage => {
  const file = join(pageFolder, "export.html.br")
  const [head, tail] = existsSync(file)
    ? brotliDecompressSync(readFileSync(file)).toString("utf8").split(bundlePlace)
    : []
  if (head !== undefined && tail !== undefined) return { head, tail }
  const message = "The web page was not built: run `npm run setup` in the checkout, or export a bundle without --html."
  throw new ExportFailed({ kind: "page-not-built", message })
}

const mebibyte = 1024 * 1024

const tooLarge = (what: string) =>
  new ExportFailed({
    kind: "too-large",
    message: `A page cannot hold ${what}. Name fewer threads with --thread, or export a bundle without --html.`,
  })

/** Refuses what the page would refuse to open. */
export class PageBounds {
  private bytes = 0

  line(text: string): void {
    const bytes = Buffer.byteLength(text) + 1
    this.bytes += bytes
    if (bytes > shownBundle.line) throw tooLarge(`an event of more than ${shownBundle.line / mebibyte} MiB`)
    if (this.bytes > shownBundle.unpacked) throw tooLarge(`more than ${shownBundle.unpacked / mebibyte} MiB of events`)
  }

  end({ events, streams }: Pick<ExportOutcome, "events" | "streams">): void {
    if (events > shownBundle.events) throw tooLarge(`more than ${shownBundle.events.toLocaleString("en")} events`)
    if (streams > shownBundle.streams) throw tooLarge(`more than ${shownBundle.streams.toLocaleString("en")} threads`)
  }
}

/** Bytes in base64 between two texts. Threes of bytes are coded together: what is left over goes with the next piece. */
const within = ({ head, tail }: ExportedPage): Transform => {
  let rest: Buffer = Buffer.alloc(0)
  let bytes = 0
  let begun = false
  const begin = (to: Transform): void => {
    if (!begun) to.push(head)
    begun = true
  }
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      begin(this)
      bytes += piece.length
      if (bytes > htmlBundleBytes) return done(tooLarge(`a bundle of more than ${htmlBundleBytes / mebibyte} MiB`))
      const all = Buffer.concat([rest, piece])
      const whole = all.length - (all.length % 3)
      rest = all.subarray(whole)
      done(null, all.toString("base64", 0, whole))
    },
    flush(done) {
      begin(this)
      done(null, `${rest.toString("base64")}${tail}`)
    },
  })
}

/** A file that is there under its name only when it is whole. `page`: what the bundle is put into; null: it is a file by itself. */
export const fileTarget = (file: string, partial: string, page: ExportedPage | null): Target => {
  const gzip = createGzip({ level: page === null ? 6 : 9 })
  const out = createWriteStream(partial, { flags: "wx", mode: 0o600 })
  const coder = page === null ? null : within(page)
  if (coder === null) gzip.pipe(out)
  else gzip.pipe(coder).pipe(out)
  // What cannot be written ends the file, which then takes nothing: the coder must not wait for it.
  coder?.once("error", (error) => {
    gzip.destroy(error)
    out.destroy(error)
  })
  out.once("error", (error) => gzip.destroy(error))
  return {
    write: async (text) => {
      if (gzip.errored !== null) throw gzip.errored
      if (!gzip.write(text)) await once(gzip, "drain")
    },
    end: async () => {
      gzip.end()
      await finished(out)
      makeDurable(partial)
      // Another process may have made it meanwhile.
      if (existsSync(file)) throw exists(file)
      renameSync(partial, file)
      makeDurable(dirname(file))
      return statSync(file).size
    },
    close: () =>
      new Promise((resolve) => {
        if (out.closed) return resolve()
        out.once("close", resolve)
        gzip.destroy()
        coder?.destroy()
        out.destroy()
      }),
  }
}
