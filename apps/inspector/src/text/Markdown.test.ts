import fc from "fast-check"
import { createElement } from "react"
import { renderToStaticMarkup } from "react-dom/server"
import { describe, expect, it } from "vitest"
import { readBlocks, safeAddress, unescaped } from "./blocks.js"
import { Markdown } from "./Markdown.js"

const html = (text: string): string => renderToStaticMarkup(createElement(Markdown, { text }))

/** The tags and attributes of a markup: what a browser would act on. */
const tagsOf = (markup: string): readonly string[] =>
  [...markup.matchAll(/<([a-z0-9]+)((?:\s[^>]*)?)>/gi)].map(([, tag = "", rest = ""]) => `${tag}${rest}`)

const attacks = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "text <b onclick=alert(1)>bold</b> text",
  "<iframe src='https://example.com'></iframe>",
  "<style>body{display:none}</style>",
  "<svg/onload=alert(1)>",
  '<a href="javascript:alert(1)">x</a>',
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\tscript:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](<javascript:alert(1)>)",
  "[x](vbscript:msgbox(1))",
  "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
  "[x](file:///etc/passwd)",
  "[x](blob:https://example.com/1)",
  "![x](javascript:alert(1))",
  "![x](data:text/html,<script>alert(1)</script>)",
  "![x](https://example.com/pixel.png)",
  "<javascript:alert(1)>",
  "[x]: javascript:alert(1)\n\n[x]",
  "```<img src=x onerror=alert(1)>\ncode\n```",
  '```js" onmouseover="alert(1)\nx\n```',
  "`<img src=x onerror=alert(1)>`",
  "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
  "- <details open ontoggle=alert(1)>",
  '> <math><mi xlink:href="javascript:alert(1)">x</mi></math>',
  '# <base href="https://example.com">',
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "<!-- --><script>alert(1)</script>",
  '[![x](x" onerror="alert(1))](javascript:alert(1))',
]

const allowed =
  /^(div|p|h[3-6]|span|a|code|pre|figure|strong|em|del|ul|ol|li|table|thead|tbody|tr|th|td|blockquote|hr\/?|br\/?|button|svg|path|input)\b/

describe.each(attacks)("an attack: %s", (attack) => {
  it("makes no element that acts", () => {
    const markup = html(attack)
    for (const tag of tagsOf(markup)) {
      expect(tag).toMatch(allowed)
      expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\son[a-z]+=|\ssrc=|\ssrcdoc=|\sstyle=/i)
      const href = /\shref="([^"]*)"/.exec(tag)?.[1]
      if (href !== undefined) expect(href).toMatch(/^(https?:|mailto:)/)
    }
  })
})

it("shows HTML as the text that it is", () => {
  expect(html("a <b>c</b>")).toContain("a &lt;b&gt;c&lt;/b&gt;")
})

it("shows an image as a link, so that nothing is loaded for it", () => {
  expect(html("![alt](https://example.com/a.png)")).toContain(
    '<a href="https://example.com/a.png" rel="noreferrer noopener" target="_blank"',
  )
})

it("makes what Markdown has", () => {
  const markup = html(
    "# T\n\n**b** _i_ ~~d~~ `c`\n\n1. one\n2. two\n\n- [x] done\n\n> q\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n---\n\n```ts\nlet a = 1\n```",
  )
  for (const part of [
    "<h3",
    "<strong>b</strong>",
    "<em>i</em>",
    "<del>d</del>",
    "<ol",
    "checked",
    "<blockquote",
    "<table",
    "<hr",
    "let a = 1",
  ]) {
    expect(markup).toContain(part)
  }
})

it("reads character references", () => {
  expect(unescaped("&amp;&lt;&#65;&#x41;&unknown;&#0;&#xd800;")).toBe("&<AA&unknown;\ufffd\ufffd")
  expect(html("a &amp; b")).toContain("a &amp; b")
})

it("knows which addresses lead to pages", () => {
  expect(safeAddress("https://example.com/a?b#c")).toBe("https://example.com/a?b#c")
  for (const bad of [
    "",
    "//x",
    "/relative",
    "javascript:1",
    " javascript:1",
    "\u0001javascript:1",
    "ftp://x",
    "http://[",
    "about:blank",
  ]) {
    expect(safeAddress(bad), bad).toBeNull()
  }
})

const parts = [
  "# head\n",
  "text ",
  "\n",
  "\n\n",
  "- item\n",
  "  more\n",
  "1. one\n",
  "```js\n",
  "code();\n",
  "```\n",
  "> quote\n",
  "| a | b |\n",
  "|---|---|\n",
  "| 1 | 2 |\n",
  "**bold",
  "**",
  "---\n",
  "<b>",
  "    indented\n",
  "===\n",
  "* [ ] task\n",
]

it("reads a text that grows as it reads the whole of it", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 40 }), (pieces) => {
      let text = ""
      let read = readBlocks("")
      for (const piece of pieces) {
        text += piece
        read = readBlocks(text, read)
      }
      const plain = (of: typeof read) =>
        of.blocks.filter(({ token }) => token.type !== "space").map(({ token }) => [token.type, token.raw.trimEnd()])
      expect(plain(read)).toEqual(plain(readBlocks(text)))
    }),
    { numRuns: 300, examples: [[["code();\n", "**", "**", "# head\n"]]] },
  )
})

it("reads only the end of a long text again", () => {
  const long = Array.from({ length: 2_000 }, (_, n) => `Paragraph ${n}.`).join("\n\n")
  const before = readBlocks(long)
  const after = readBlocks(`${long} More.`, before)
  expect(after.blocks.slice(0, -1).every(({ token }, index) => token === before.blocks[index]?.token)).toBe(true)
  expect(after.blocks.at(-1)?.token.raw).toBe("Paragraph 1999. More.")
})

it("knows no character reference by a word that every object has", () => {
  expect(unescaped("&constructor; &valueOf; &amp;")).toBe("&constructor; &valueOf; &")
})
