/** How many columns a text takes in a terminal, and cutting it to so many. */

const segments = new Intl.Segmenter("en", { granularity: "grapheme" })
// East Asian wide and full-width blocks, and what is shown as a picture.
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u
const nothing = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

const columnsOf = (grapheme: string): number => (nothing.test(grapheme) ? 0 : wide.test(grapheme) ? 2 : 1)

/** Columns of a text without escape sequences. */
export const columns = (text: string): number => {
  let sum = 0
  for (const { segment } of segments.segment(text)) sum += columnsOf(segment)
  return sum
}

/** The text, or its beginning and an ellipsis, in at most `limit` columns. */
export const cut = (text: string, limit: number): string => {
  let sum = 0
  let kept = ""
  let fits = ""
  for (const { segment } of segments.segment(text)) {
    sum += columnsOf(segment)
    if (sum > limit) return limit <= 0 ? "" : `${fits}…`
    kept += segment
    if (sum <= limit - 1) fits = kept
  }
  return text
}
