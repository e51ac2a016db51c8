/** A text in `count` pieces of about the same length, none of them empty; fewer where the text has fewer characters. */
export const inPieces = (text: string, count: number): readonly string[] => {
  // By code points: half of a surrogate pair is no text.
  const characters = Array.from(text)
  const size = Math.max(1, Math.ceil(characters.length / Math.max(1, count)))
  const pieces: string[] = []
  for (let start = 0; start < characters.length; start += size) {
    pieces.push(characters.slice(start, start + size).join(""))
  }
  return pieces
}

/** How a text is streamed: in this many pieces, or in exactly these. */
export type Deltas = number | readonly string[]

/** The pieces of a text; without a wish, three. */
export const piecesOf = (text: string, deltas: Deltas = 3): readonly string[] =>
  typeof deltas === "number" ? inPieces(text, deltas) : deltas
