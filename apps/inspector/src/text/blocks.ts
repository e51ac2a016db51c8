/** Markdown as blocks: tokens of marked's lexer, never HTML. A text that grows is read again from the block on that may still change. */
import { Marked, type Token, type Tokens } from "marked"
import { entryOf } from "../format/format.js"

export type { Token, Tokens }

/** One block of a text, and where it begins in it. */
export interface Block {
  readonly token: Token
  readonly start: number
}

export interface ReadText {
  readonly text: string
  readonly blocks: readonly Block[]
}

const marked = new Marked({ gfm: true, breaks: true })

/** Of a longer text only the beginning is read as Markdown; the rest is shown as it is. */
export const mostRead = 400_000

const lex = (text: string, start: number): readonly Block[] => {
  let at = start
  return marked.lexer(text).map((token) => {
    const block = { token, start: at }
    at += token.raw.length
    return block
  })
}

/** Blocks that take a next line in, where that begins no block of its own. */
const open: ReadonlySet<string> = new Set(["paragraph", "text", "list", "blockquote", "table", "html", "def", "code"])

/**
 * The first block that may still become another one. It is the last one, or, where no blank line parts them, the open one before it: the
 * rule `****` after a paragraph is a line of it as soon as more is written. Blank lines do not close a list.
 */
const firstOpen = (blocks: readonly Block[]): number => {
  let index = blocks.findLastIndex(({ token }) => token.type !== "space")
  while (index > 0 && open.has(blocks[index - 1]?.token.type ?? "")) index -= 1
  return index
}

/** What a text consists of. `before`: what was read of a shorter form of it, whose blocks are kept but for the last ones. */
export const readBlocks = (text: string, before: ReadText | null = null): ReadText => {
  if (before !== null && before.text === text) return before
  if (before !== null && text.startsWith(before.text)) {
    const index = firstOpen(before.blocks)
    const first = before.blocks[index]
    if (first !== undefined && index > 0) {
      return { text, blocks: [...before.blocks.slice(0, index), ...lex(text.slice(first.start), first.start)] }
    }
  }
  return { text, blocks: lex(text, 0) }
}

/** Schemes that a link may have. Anything else stays text: `javascript:`, `data:` and `file:` do things that a reader does not expect. */
const schemes: readonly string[] = ["http:", "https:", "mailto:"]

/** The address of a link, if it leads to a page or a mail; null: it does not, or cannot be read. */
export const safeAddress = (href: string): string | null => {
  try {
    const url = new URL(href)
    return schemes.includes(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" }

/** Character references as characters: elements are made of texts, in which `&amp;` would stay as it is written. */
export const unescaped = (text: string): string =>
  text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return entryOf(named, name) ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : "\ufffd"
  })
