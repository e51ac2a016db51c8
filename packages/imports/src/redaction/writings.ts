/** The ways in which a text is written otherwise than by its characters, and what it says then. */

/** A text and where each of its units stands in the text that was given. */
export interface View {
  readonly text: string
  /** Start of each unit, and of the end. */
  readonly places: readonly number[] | null
}

const named: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" }

/** How a text may be written otherwise than by its characters. */
export interface Writing {
  /** What must be in a text that is written so. */
  readonly hint: RegExp
  readonly pattern: RegExp
  readonly decode: (match: RegExpMatchArray) => string
}

/** Escapes of JSON and shells. */
export const escapes: Writing = {
  hint: /\\/,
  pattern: /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs,
  decode: ([, unicode, byte, other = ""]) => {
    const code = unicode ?? byte
    return code === undefined ? (named[other] ?? other) : String.fromCharCode(Number.parseInt(code, 16))
  },
}

/** Colours of terminals, and characters that take no room. */
export const unseen: Writing = {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of terminals begin with one
  hint: /[\u001b\u200b-\u200d\u2060\ufeff\u00ad]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of terminals begin with one
  pattern: /\u001b\[[0-9;?]*[A-Za-z]|[\u200b-\u200d\u2060\ufeff\u00ad]/g,
  decode: () => "",
}

/** Characters of URLs. */
export const percents: Writing = {
  hint: /%[0-9a-fA-F]{2}/,
  pattern: /%([0-9a-fA-F]{2})/g,
  decode: ([, code = ""]) => String.fromCharCode(Number.parseInt(code, 16)),
}

/** The view of what a text says that is written so. Null: it is not. */
export const read = ({ places, text }: View, { decode, hint, pattern }: Writing): View | null => {
  if (!hint.test(text)) return null
  let out = ""
  const starts: number[] = []
  const at = (index: number): number => places?.[index] ?? index
  let last = 0
  const copy = (until: number): void => {
    for (let index = last; index < until; index++) starts.push(at(index))
    out += text.slice(last, until)
  }
  for (const match of text.matchAll(pattern)) {
    copy(match.index)
    const character = decode(match)
    // A character of two units stands where its escape begins.
    for (let unit = 0; unit < character.length; unit++) starts.push(at(match.index))
    out += character
    last = match.index + match[0].length
  }
  copy(text.length)
  starts.push(at(text.length))
  return { text: out, places: starts }
}
