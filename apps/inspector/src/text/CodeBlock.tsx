/** Code with its colours, which come from a worker: until then, and where the language is not known, it is shown without. */

import { type ReactNode, useEffect, useState } from "react"
import { visible } from "../format/format.js"
import { Icon } from "../shell/Icon.js"
import { announce } from "../shell/PageContext.js"
import type { Piece } from "../worker/highlight.js"
import { PageWorker } from "../worker/PageWorker.js"
import classes from "./CodeBlock.module.css"
import { ScrollBox } from "./ScrollBox.js"

const worker = new PageWorker("highlight")
/** Codes whose colours are known, the newest last: a block that scrolls back into view has them at once. */
const known = new Map<string, readonly Piece[]>()
const mostKnown = 300
/** Code that still grows is coloured when it pauses. */
const growsMs = 120

const isPieces = (value: unknown): value is readonly Piece[] => Array.isArray(value)

/** The coloured pieces of a code; null: there are none, or not yet. */
export const usePieces = (code: string, language: string): readonly Piece[] | null => {
  const key = `${language}\n${code}`
  const [pieces, setPieces] = useState<{ readonly key: string; readonly pieces: readonly Piece[] } | null>(null)
  useEffect(() => {
    if (language === "" || known.has(key)) return
    let wanted = true
    const timer = setTimeout(() => {
      worker.ask({ code, language }).then(
        (answer) => {
          if (!isPieces(answer)) return
          known.set(key, answer)
          const oldest = known.keys().next()
          if (known.size > mostKnown && oldest.done !== true) known.delete(oldest.value)
          if (wanted) setPieces({ key, pieces: answer })
        },
        // Without colours it is still code.
        () => undefined,
      )
    }, growsMs)
    return () => {
      wanted = false
      clearTimeout(timer)
    }
  }, [key, code, language])
  return known.get(key) ?? (pieces?.key === key ? pieces.pieces : null)
}

/** Pieces as elements; those without a colour as texts. */
export const colouredPieces = (pieces: readonly Piece[]): ReactNode =>
  pieces.map(({ kind, text }, index) =>
    kind === "" ? (
      visible(text)
    ) : (
      // A piece has no identity but its place.
      <span data-code={kind} key={String(index)}>
        {visible(text)}
      </span>
    ),
  )

/** A button that copies a text. */
export const CopyButton = ({ text, what }: { text: string; what: string }) => {
  const [done, setDone] = useState(false)
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        setDone(true)
        announce(`${what} copied`)
        setTimeout(() => setDone(false), 1_500)
      },
      () => announce(`${what} could not be copied`),
    )
  }
  return (
    <button
      aria-label={`Copy ${what.toLowerCase()}`}
      className={classes.copy}
      onClick={copy}
      title={`Copy ${what.toLowerCase()}`}
      type="button"
    >
      <Icon name={done ? "check" : "copy"} size={14} />
    </button>
  )
}

export const CodeBlock = ({ code, language }: { code: string; language: string }) => {
  const pieces = usePieces(code, language)
  return (
    <figure className={classes.block}>
      <div className={classes.head}>
        <span className={classes.language}>{visible(language)}</span>
        <CopyButton text={code} what="Code" />
      </div>
      <ScrollBox as="pre" className={classes.code} label="Code">
        <code>{pieces === null ? visible(code) : colouredPieces(pieces)}</code>
      </ScrollBox>
    </figure>
  )
}
