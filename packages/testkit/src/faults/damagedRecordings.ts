/** Damage to recordings: what a full disk, a crash of the recorder or a bad copy leaves behind. */

/** The first `bytes` bytes of the UTF-8 file; a cut may fall inside a line and inside a character. */
export const cutAt = (text: string, bytes: number): Uint8Array => Buffer.from(text, "utf8").subarray(0, bytes)

/** Replaces line `line` (from 1) by its own first half, which no JSON parser takes; the other lines stay as they are. */
export const corruptLine = (text: string, line: number): string => {
  const lines = text.split("\n")
  const found = lines[line - 1]
  if (found === undefined || found.trim() === "")
    throw new Error(`the recording has nothing to corrupt on line ${line}`)
  return lines.with(line - 1, found.slice(0, Math.ceil(found.length / 2))).join("\n")
}
