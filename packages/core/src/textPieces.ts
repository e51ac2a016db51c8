/**
 * The pieces of a text, in order: each of so many UTF-16 units, or of one more, so that none ends between the halves of a surrogate pair.
 * What is looked at piece by piece is in memory no second time.
 */
export function* textPieces(text: string, units: number): Iterable<string> {
  for (let at = 0; at < text.length; ) {
    const end = at + units
    const isBetween = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800
    const until = isBetween ? end + 1 : end
    yield text.slice(at, until)
    at = until
  }
}
