/** A value of JSON as a tree whose parts open and close. Long lists and long texts show their beginning until a person asks for more. */

import { type ReactNode, useState } from "react"
import { visible } from "../format/format.js"
import classes from "./JsonTree.module.css"

/** Entries of a list that are shown at a time. */
const entriesAtOnce = 100
/** Characters of a text that are shown at first. */
const shortText = 2_000
/** Names of what is in a closed part, characters in all. */
const previewLength = 60

type Entries = readonly (readonly [name: string, value: unknown])[]

const entriesOf = (value: unknown): Entries | null => {
  if (Array.isArray(value)) return value.map((one, index) => [String(index), one])
  return typeof value === "object" && value !== null ? Object.entries(value) : null
}

/** `{type, text, …}`: what a closed part holds. */
const previewOf = (value: unknown, entries: Entries): string => {
  if (Array.isArray(value)) return `[${entries.length}]`
  const names = visible(entries.map(([name]) => name).join(", "))
  return `{${names.length > previewLength ? `${names.slice(0, previewLength)}…` : names}}`
}

const Text = ({ text }: { text: string }) => {
  const [whole, setWhole] = useState(false)
  const isLong = text.length > shortText && !whole
  return (
    <span className={classes.string}>
      {visible(JSON.stringify(isLong ? text.slice(0, shortText) : text))}
      {isLong ? (
        <button className={classes.more} onClick={() => setWhole(true)} type="button">
          {(text.length - shortText).toLocaleString("en")} more characters
        </button>
      ) : null}
    </span>
  )
}

const Leaf = ({ value }: { value: unknown }): ReactNode => {
  if (typeof value === "string") return <Text text={value} />
  return <span className={classes[typeof value] ?? classes.null}>{String(value)}</span>
}

const Entry = ({ depth, name, open, value }: { name: string; value: unknown; depth: number; open: number }) => {
  const entries = entriesOf(value)
  const [isOpen, setOpen] = useState(depth < open)
  const [shown, setShown] = useState(entriesAtOnce)
  if (entries === null || entries.length === 0) {
    return (
      <li className={classes.entry}>
        <span className={classes.name}>{visible(name)}</span>
        {entries === null ? <Leaf value={value} /> : <span className={classes.null}>{previewOf(value, entries)}</span>}
      </li>
    )
  }
  return (
    <li className={classes.entry}>
      <button aria-expanded={isOpen} className={classes.toggle} onClick={() => setOpen(!isOpen)} type="button">
        <span className={classes.name}>{visible(name)}</span>
        <span className={classes.preview}>{isOpen ? "" : previewOf(value, entries)}</span>
      </button>
      {isOpen ? (
        <ul className={classes.list}>
          {entries.slice(0, shown).map(([key, one]) => (
            <Entry depth={depth + 1} key={key} name={key} open={open} value={one} />
          ))}
          {entries.length > shown ? (
            <li>
              <button className={classes.more} onClick={() => setShown(shown + entriesAtOnce)} type="button">
                {(entries.length - shown).toLocaleString("en")} more entries
              </button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  )
}

interface TreeProps {
  readonly value: unknown
  /** How deep it is open at first. */
  readonly open?: number
}

export const JsonTree = ({ open = 2, value }: TreeProps) => {
  const entries = entriesOf(value)
  if (entries === null || entries.length === 0) {
    return (
      <div className={classes.tree}>
        {entries === null ? <Leaf value={value} /> : <span className={classes.null}>{previewOf(value, entries)}</span>}
      </div>
    )
  }
  return (
    <ul className={classes.tree}>
      {entries.slice(0, entriesAtOnce * 5).map(([name, one]) => (
        <Entry depth={1} key={name} name={name} open={open} value={one} />
      ))}
    </ul>
  )
}
