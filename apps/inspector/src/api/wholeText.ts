/** Texts that do not ride along, read by range (`truncated` of an entry, `GET …/text`). */
import type { TextRange } from "@threadfold/contracts"
import type { Api, CallOptions } from "./Api.js"

/** Bytes of a part. */
const partBytes = 65_536
/** Most that is read for one look, bytes: more of it would only make the page slow. */
export const mostBytes = 4 * 1024 * 1024

/** A text as far as it was read. */
export interface WholeText {
  readonly text: string
  /** Length of all of it, bytes. */
  readonly bytes: number
  /** False: it is longer than what was to be read. */
  readonly whole: boolean
}

/** Reads a text from its `href` on, part by part; `most` bytes of it. */
export const readWholeText = async (
  api: Pick<Api, "get">,
  href: string,
  options: CallOptions = {},
  most: number = mostBytes,
): Promise<WholeText> => {
  const [path = "", query = ""] = href.split("?")
  const said = Object.fromEntries(new URLSearchParams(query))
  const parts: string[] = []
  let bytes = 0
  for (let offset: number | null = 0; offset !== null && offset < most; ) {
    const part: TextRange = await api.get(path, { ...said, offset, limit: partBytes }, options)
    parts.push(part.text ?? "")
    bytes = part.bytes
    offset = part.next
    if (offset === null) return { text: parts.join(""), bytes, whole: true }
  }
  return { text: parts.join(""), bytes, whole: false }
}
