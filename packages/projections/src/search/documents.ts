/** What of the rows can be searched: what was said and done, as documents of the index. */
import { wellFormed } from "@threadfold/core/model"
import type Sqlite from "better-sqlite3"
import { chunkText, textBeginning } from "../LongTexts.js"

/** What a document is of. */
export type DocumentKind = "item" | "request" | "thread" | "turn"

/** One thing that can be found. */
export interface SearchDocument {
  readonly rowId: string
  readonly kind: DocumentKind
  readonly threadId: string
  readonly turnId: string | null
  /** By the clock of the source, ms since the epoch. */
  readonly at: number | null
  /** Words that choose documents: of its thread and of its kind. */
  readonly marks: string
  readonly title: string | null
  readonly body: string | null
}

/** Characters of a text that can be searched … */
const longestText = 32_768
/** … and of a title. */
const longestTitle = 1_000
/** Characters of an item's other fields, where it has no text. */
const longestData = 8_192

/** Marks of where a match begins and ends: no document holds them. */
export const [matchBegins, matchEnds] = ["\u0002", "\u0003"] as const

const marksOfMatches = new RegExp(`[\u0000${matchBegins}${matchEnds}]`, "g")

const plain = (text: string | null, most: number): string | null =>
  text === null || text === "" ? null : wellFormed(text.slice(0, most).replace(marksOfMatches, " "))

/** The mark of a thread. */
export const threadMark = (threadId: string): string => `t${threadId.replace(/[^0-9A-Za-z]/g, "")}`
/** The mark of a kind of item, or of the kind of a document. */
export const kindMark = (kind: string): string => `k${kind.replace(/[^0-9A-Za-z]/g, "")}`

/** The texts in a JSON value, one a line. */
const textsIn = (json: string): string => {
  const found: string[] = []
  let length = 0
  const walk = (value: unknown): void => {
    if (length > longestData) return
    if (typeof value === "string") {
      found.push(value)
      length += value.length
    } else if (typeof value === "object" && value !== null) {
      for (const each of Object.values(value)) walk(each)
    }
  }
  try {
    walk(JSON.parse(json))
  } catch {
    return ""
  }
  return found.join("\n").slice(0, longestData)
}

interface ItemFound {
  readonly threadId: string
  readonly turnId: string | null
  readonly kind: string
  readonly status: string
  readonly title: string | null
  readonly text: string | null
  readonly data: string | null
  readonly at: number | null
}

/** The rows that documents are made of, over a connection that reads. */
export const documentsOf = (database: Sqlite.Database) => {
  const itemRow = database.prepare<[string], ItemFound>(
    `SELECT thread_id AS "threadId", turn_id AS "turnId", kind, status, title,
       substr(${textBeginning("items", "text")}, 1, ${longestText}) AS text,
       CASE WHEN text IS NULL THEN substr(data, 1, 65536) END AS data, coalesce(ended_at, started_at) AS at
     FROM items WHERE item_id = ?`,
  )
  const chunks = database
    .prepare<[string], string>(
      `SELECT ${chunkText("item_chunks")} AS text FROM item_chunks WHERE item_id = ? ORDER BY ordinal`,
    )
    .pluck()
  /** As much of what streamed as can be searched; null: nothing did. */
  const streamedOf = (itemId: string): string | null => {
    let text: string | null = null
    for (const chunk of chunks.iterate(itemId)) {
      text = (text ?? "") + chunk
      if (text.length >= longestText) break
    }
    return text
  }
  const turnRow = database.prepare<[string], { threadId: string; text: string | null; at: number | null }>(
    `SELECT thread_id AS "threadId", substr(${textBeginning("turns", "text")}, 1, ${longestText}) AS text,
       coalesce(started_at, requested_at) AS at
     FROM turns WHERE turn_id = ? AND steered_into IS NULL
       AND NOT EXISTS (SELECT 1 FROM items WHERE items.turn_id = turns.turn_id AND native_item_id IS NOT NULL AND kind = 'user_message')`,
  )
  const threadRow = database.prepare<[string], { title: string | null; at: number | null }>(
    "SELECT title, created_at AS at FROM threads WHERE thread_id = ? AND status <> 'purged'",
  )
  const requestRow = database.prepare<
    [string],
    { threadId: string; turnId: string | null; title: string | null; at: number | null }
  >(`SELECT thread_id AS "threadId", turn_id AS "turnId", title, opened_at AS at FROM requests WHERE request_id = ?`)
  const markedBy = (threadId: string, kind: DocumentKind, itemKind = ""): string =>
    [threadMark(threadId), kindMark(kind), ...(itemKind === "" ? [] : [kindMark(itemKind)])].join(" ")

  return {
    /** The document of an item; `open`: it has not ended, and its text may grow; null: there is none. */
    item: (itemId: string): SearchDocument | "open" | null => {
      const row = itemRow.get(itemId)
      if (row === undefined) return null
      if (row.status === "open") return "open"
      const streamed = row.text === null ? streamedOf(itemId) : row.text
      return {
        rowId: itemId,
        kind: "item",
        threadId: row.threadId,
        turnId: row.turnId,
        at: row.at,
        marks: markedBy(row.threadId, "item", row.kind),
        title: plain(row.title, longestTitle),
        body: plain(streamed ?? (row.data === null ? null : textsIn(row.data)), longestText),
      }
    },
    /** The document of a turn's message, where no item of the turn repeats it. */
    turn: (turnId: string): SearchDocument | null => {
      const row = turnRow.get(turnId)
      return row === undefined || row.text === null
        ? null
        : {
            rowId: turnId,
            kind: "turn",
            threadId: row.threadId,
            turnId,
            at: row.at,
            marks: markedBy(row.threadId, "turn"),
            title: null,
            body: plain(row.text, longestText),
          }
    },
    /** The document of a thread's title: its first words are those of an item. */
    thread: (threadId: string): SearchDocument | null => {
      const row = threadRow.get(threadId)
      return row === undefined
        ? null
        : {
            rowId: threadId,
            kind: "thread",
            threadId,
            turnId: null,
            at: row.at,
            marks: markedBy(threadId, "thread"),
            title: plain(row.title, longestTitle),
            body: null,
          }
    },
    /** The document of a request's title. */
    request: (requestId: string): SearchDocument | null => {
      const row = requestRow.get(requestId)
      return row === undefined || row.title === null
        ? null
        : {
            rowId: requestId,
            kind: "request",
            threadId: row.threadId,
            turnId: row.turnId,
            at: row.at,
            marks: markedBy(row.threadId, "request"),
            title: plain(row.title, longestTitle),
            body: null,
          }
    },
  }
}
