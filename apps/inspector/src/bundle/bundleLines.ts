/** The lines of a bundle: unpacked where they are packed, one at a time. Memory holds one of them, and what came with it. */
import { shownBundle } from "@threadfold/contracts"

/** Why a file is not opened, in words for a person. */
export class BundleRefused extends Error {
  override readonly name = "BundleRefused"

  constructor(
    readonly title: string,
    readonly detail: string,
    readonly next: string,
  ) {
    super(`${title}: ${detail}`)
  }
}

const mebibyte = 1024 * 1024

/** How much is opened. */
export const bundleLimits = {
  ...shownBundle,
  /** Bytes that one byte of the file unpacks to, on the whole, beyond {@link bundleLimits.ratioFrom}: recorded sessions have 5 to 40. */
  ratio: 250,
  ratioFrom: 64 * mebibyte,
} as const

export type BundleLimits = { readonly [Name in keyof typeof bundleLimits]: number }

/** A file that is larger than what a browser can hold. */
export const tooLarge = (detail: string): BundleRefused =>
  new BundleRefused("The bundle is too large for this page", detail, "Import it: `threadfold import threadfold FILE`.")

/** A file that is not what `threadfold export` wrote. */
export const damaged = (detail: string): BundleRefused =>
  new BundleRefused(
    "The bundle is damaged",
    detail,
    "It was cut or changed on its way. Copy it again, or export it again.",
  )

const newline = 0x0a

const unpackedStream = (file: Blob, isPacked: boolean): ReadableStream<Uint8Array> =>
  isPacked ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream()

/** One piece after another; the reading ends with its reader. */
async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

const joined = (parts: readonly Uint8Array[], length: number): Uint8Array => {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The lines, without their newlines. A line is good until the next one. Throws {@link BundleRefused} where a limit is passed. */
export async function* bundleLines(file: Blob, limits: BundleLimits = bundleLimits): AsyncGenerator<Uint8Array, void> {
  if (file.size > limits.packed) throw tooLarge(`The file has more than ${limits.packed / mebibyte} MiB.`)
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  const isPacked = head[0] === 0x1f && head[1] === 0x8b
  const mostUnpacked = Math.min(limits.unpacked, Math.max(limits.ratioFrom, file.size * limits.ratio))
  let unpacked = 0
  let held: Uint8Array[] = []
  let length = 0
  const hold = (piece: Uint8Array): void => {
    length += piece.length
    if (length > limits.line) throw tooLarge(`A line has more than ${limits.line / mebibyte} MiB.`)
    if (piece.length > 0) held.push(piece)
  }
  try {
    for await (const piece of piecesOf(unpackedStream(file, isPacked))) {
      unpacked += piece.length
      if (unpacked > mostUnpacked) {
        throw tooLarge(
          mostUnpacked < limits.unpacked
            ? `It unpacks to more than ${limits.ratio} times its size.`
            : `It unpacks to more than ${limits.unpacked / mebibyte} MiB.`,
        )
      }
      let from = 0
      for (let at = piece.indexOf(newline); at !== -1; at = piece.indexOf(newline, from)) {
        hold(piece.subarray(from, at))
        from = at + 1
        const line = joined(held, length)
        held = []
        length = 0
        yield line
      }
      hold(piece.subarray(from))
    }
  } catch (error) {
    if (error instanceof BundleRefused) throw error
    // A file that cannot be read is told of by a `DOMException`, bytes that cannot be unpacked by any other error.
    if (isPacked && !(error instanceof DOMException)) throw damaged("It cannot be unpacked.")
    throw error
  }
  if (length > 0) yield joined(held, length)
}
