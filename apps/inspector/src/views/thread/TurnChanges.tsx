/** What a turn changed, file by file, read when a person opens it; or what one item of it changed. */
import type { TurnChanges as Changes, FileChange, ItemView } from "@threadfold/contracts"
import { type ReactNode, useEffect, useState } from "react"
import { counted, entryOf, visible } from "../../format/format.js"
import { ProblemNotice } from "../../shell/Notice.js"
import { usePage } from "../../shell/PageContext.js"
import { DiffCounts, DiffTable } from "../../text/DiffTable.js"
import { LongText } from "../../text/LongText.js"
import classes from "./TurnChanges.module.css"

interface ChangesProps {
  readonly turnId: string
  /** Only what this item changed. */
  readonly item?: ItemView
  /** The moment that is shown: what a turn changed is known as of now alone. */
  readonly at: number | null
  /** What is shown where nothing is known of the changes. */
  readonly children?: ReactNode
}

type Read = { readonly changes: Changes } | { readonly error: unknown }

/** The files that an item changed: by its id, or by their paths where the turn has one diff for all. */
export const filesOf = (changes: Changes, item: ItemView | undefined): readonly FileChange[] => {
  if (item === undefined) return changes.items
  if (changes.source === "items") return changes.items.filter(({ itemId }) => itemId === item.itemId)
  const words = `${item.title ?? ""} ${JSON.stringify(item.data)}`
  return changes.items.filter(({ path }) => words.includes(path))
}

const words: Readonly<Record<string, string>> = { added: "new", deleted: "deleted", renamed: "renamed" }

const File = ({ file }: { file: FileChange }) => {
  const word = entryOf(words, file.change)
  return (
    <div className={classes.file}>
      <p className={classes.name}>
        <code>{visible(file.from === null ? file.path : `${file.from} → ${file.path}`)}</code>
        {word === undefined ? null : <span className={classes.word}>{word}</span>}
        <DiffCounts additions={file.additions} deletions={file.deletions} />
      </p>
      {file.binary ? (
        <p className={classes.word}>It holds no text.</p>
      ) : file.diff === null ? null : (
        <LongText
          cut={file.truncated?.diff}
          show={(text) => <DiffTable diff={text} names={false} />}
          text={file.diff}
        />
      )}
    </div>
  )
}

export const TurnChanges = ({ at, children, item, turnId }: ChangesProps) => {
  const { api } = usePage()
  const [read, setRead] = useState<Read | null>(null)
  useEffect(() => {
    if (at !== null) return
    const ends = new AbortController()
    api.get<Changes>(`/v1/turns/${encodeURIComponent(turnId)}/changes`, { limit: 500 }, { signal: ends.signal }).then(
      (changes) => setRead({ changes }),
      (error: unknown) => ends.signal.aborted || setRead({ error }),
    )
    return () => ends.abort()
  }, [api, at, turnId])
  if (at !== null) return children
  if (read === null) return <p className={classes.word}>Reading the changes …</p>
  if ("error" in read) return <ProblemNotice error={read.error} />
  const files = filesOf(read.changes, item)
  if (files.length === 0) return children ?? <p className={classes.word}>No changes are reported.</p>
  return (
    <div className={classes.files}>
      {item === undefined ? (
        <p className={classes.word}>
          {counted(read.changes.files, "file")}{" "}
          <DiffCounts additions={read.changes.additions} deletions={read.changes.deletions} />
          {read.changes.next !== null || read.changes.partial ? " · not all are shown" : ""}
        </p>
      ) : null}
      {files.map((file, index) => (
        <File file={file} key={`${file.path} ${index}`} />
      ))}
    </div>
  )
}
