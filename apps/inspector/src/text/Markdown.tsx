/**
 * A text in Markdown as elements. Raw HTML in it is shown as the text that it is, images are links, and links lead to pages and mails
 * alone.
 */

import { Fragment, memo, type ReactNode, useRef } from "react"
import { visible } from "../format/format.js"
import { mostRead, type ReadText, readBlocks, safeAddress, type Token, type Tokens, unescaped } from "./blocks.js"
import { CodeBlock } from "./CodeBlock.js"
import classes from "./Markdown.module.css"
import { ScrollBox } from "./ScrollBox.js"

/** A link that opens beside the page, and tells the page that it leads to nothing of this one. */
export const OutLink = ({ children, href }: { children: ReactNode; href: string }) => {
  const address = safeAddress(href)
  return address === null ? (
    <span className={classes.deadLink} title={visible(href)}>
      {children}
    </span>
  ) : (
    <a href={address} rel="noreferrer noopener" target="_blank" title={address}>
      {children}
    </a>
  )
}

/** What has the form of a token of marked; extensions could make others. */
const isA = <T extends Tokens.Generic>(token: Token, type: string): token is T & Token => token.type === type

const inline = (tokens: readonly Token[] | undefined): ReactNode =>
  // Tokens have no identity but their place.
  tokens?.map((token, index) => <Fragment key={String(index)}>{inlineOf(token)}</Fragment>)

const inlineOf = (token: Token): ReactNode => {
  if (isA<Tokens.Text>(token, "text"))
    return token.tokens === undefined ? visible(unescaped(token.text)) : inline(token.tokens)
  if (isA<Tokens.Escape>(token, "escape")) return visible(unescaped(token.text))
  if (isA<Tokens.Strong>(token, "strong")) return <strong>{inline(token.tokens)}</strong>
  if (isA<Tokens.Em>(token, "em")) return <em>{inline(token.tokens)}</em>
  if (isA<Tokens.Del>(token, "del")) return <del>{inline(token.tokens)}</del>
  if (isA<Tokens.Codespan>(token, "codespan")) return <code className={classes.code}>{visible(token.text)}</code>
  if (isA<Tokens.Br>(token, "br")) return <br />
  if (isA<Tokens.Link>(token, "link")) return <OutLink href={token.href}>{inline(token.tokens)}</OutLink>
  if (isA<Tokens.Image>(token, "image")) return <OutLink href={token.href}>{visible(token.text || token.href)}</OutLink>
  if (isA<Tokens.Checkbox>(token, "checkbox")) return null
  return visible(token.raw)
}

const Item = ({ item }: { item: Tokens.ListItem }) => (
  <li className={item.task ? classes.task : undefined}>
    {item.task ? (
      <input
        aria-label={item.checked === true ? "done" : "not done"}
        checked={item.checked === true}
        readOnly
        type="checkbox"
      />
    ) : null}
    <div>{blocksOf(item.tokens)}</div>
  </li>
)

const List = ({ list }: { list: Tokens.List }) => {
  const items = list.items.map((item, index) => <Item item={item} key={String(index)} />)
  return list.ordered ? (
    <ol className={classes.ordered} start={list.start === "" ? 1 : list.start}>
      {items}
    </ol>
  ) : (
    <ul className={classes.list}>{items}</ul>
  )
}

const Table = ({ table: { align, header, rows } }: { table: Tokens.Table }) => (
  <ScrollBox className={classes.tableFrame} label="Table">
    <table className={classes.table}>
      <thead>
        <tr>
          {header.map(({ tokens }, index) => (
            <th data-align={align[index] ?? undefined} key={String(index)}>
              {inline(tokens)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, line) => (
          <tr key={String(line)}>
            {row.map(({ tokens }, index) => (
              <td data-align={align[index] ?? undefined} key={String(index)}>
                {inline(tokens)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollBox>
)

const headings = ["h3", "h4", "h5", "h6", "h6", "h6"] as const

/** A block. Headings begin at the third level: the page has the first two. */
const blockOf = (token: Token): ReactNode => {
  if (isA<Tokens.Space>(token, "space") || isA<Tokens.Def>(token, "def")) return null
  if (isA<Tokens.Paragraph>(token, "paragraph")) return <p>{inline(token.tokens)}</p>
  if (isA<Tokens.Heading>(token, "heading")) {
    const Heading = headings[token.depth - 1] ?? "h6"
    return <Heading className={classes.heading}>{inline(token.tokens)}</Heading>
  }
  if (isA<Tokens.Code>(token, "code"))
    return <CodeBlock code={token.text} language={token.lang?.split(/\s/)[0] ?? ""} />
  if (isA<Tokens.List>(token, "list")) return <List list={token} />
  if (isA<Tokens.Blockquote>(token, "blockquote"))
    return <blockquote className={classes.quote}>{blocksOf(token.tokens)}</blockquote>
  if (isA<Tokens.Table>(token, "table")) return <Table table={token} />
  if (isA<Tokens.Hr>(token, "hr")) return <hr className={classes.rule} />
  // Raw HTML is what somebody wrote, not what this page shows.
  if (isA<Tokens.HTML>(token, "html")) return <p className={classes.raw}>{visible(token.raw.trimEnd())}</p>
  return inlineOf(token)
}

const blocksOf = (tokens: readonly Token[]): ReactNode =>
  tokens.map((token, index) => <Fragment key={String(index)}>{blockOf(token)}</Fragment>)

/** A block renders once: while a text grows, only its last block is another. */
const MemoBlock = memo(
  ({ token }: { token: Token }) => blockOf(token),
  (one, other) =>
    one.token === other.token || (one.token.type === other.token.type && one.token.raw === other.token.raw),
)

export const Markdown = memo(({ text }: { text: string }) => {
  const read = useRef<ReadText | null>(null)
  const head = text.length > mostRead ? text.slice(0, mostRead) : text
  read.current = readBlocks(head, read.current)
  return (
    <div className={classes.text}>
      {read.current.blocks.map(({ start, token }) => (
        <MemoBlock key={start} token={token} />
      ))}
      {head === text ? null : <p className={classes.raw}>{visible(text.slice(head.length))}</p>}
    </div>
  )
})
