/** What a turn changed, file by file: out of the turn's own diff, or out of its file changes. */
import type { ChangedFile, FileChange, FileChangeKind, TurnChanges } from "@threadfold/contracts"
import { bounded, type FileDiff, filesOfDiff, fitting, textHref } from "@threadfold/core/model"
import type { ReadChanges } from "@threadfold/projections"
import { fileChangesIn } from "@threadfold/providers"

const kinds: ReadonlyMap<string, FileChangeKind> = new Map<string, FileChangeKind>([
  ["add", "added"],
  ["delete", "deleted"],
])

const ofTurn = (diff: string): readonly FileChange[] => {
  let [bytes, until] = [0, 0]
  return filesOfDiff(diff).map(({ start, ...file }: FileDiff) => {
    bytes += Buffer.byteLength(diff.slice(until, start))
    until = start
    return { ...file, offset: bytes, itemId: null }
  })
}

/** A file of an item: its diff may have no header. */
const ofItem = (itemId: string, { diff, kind, path }: ChangedFile): FileChange => {
  const own = typeof diff === "string" ? filesOfDiff(diff) : []
  const [counted] =
    own.length > 0 || typeof diff !== "string" ? own : filesOfDiff(`--- a/${path}\n+++ b/${path}\n${diff}\n`)
  return {
    path,
    from: null,
    change: kinds.get(kind ?? "") ?? "modified",
    binary: false,
    additions: counted?.additions ?? null,
    deletions: counted?.deletions ?? null,
    diff: diff ?? null,
    offset: null,
    itemId,
  }
}

const sum = (files: readonly FileChange[], field: "additions" | "deletions"): number =>
  files.reduce((total, file) => total + (file[field] ?? 0), 0)

/** A page of what a turn changed. @param after files that are passed over */
export const turnChangesPage = (
  turnId: string,
  { diff, items, partial, sequence }: ReadChanges,
  { after = 0, limit = 100 }: { readonly after?: number | undefined; readonly limit?: number | undefined },
): TurnChanges => {
  const files =
    diff === null
      ? items.flatMap(({ data, itemId }) => fileChangesIn(data).map((file) => ofItem(itemId, file)))
      : ofTurn(diff)
  const wanted = files
    .slice(after, after + limit)
    .map((file) =>
      bounded(file, () =>
        file.itemId === null ? textHref("turns", [turnId], "diff") : textHref("items", [file.itemId], "data"),
      ),
    )
  const shown = wanted.slice(0, fitting(wanted))
  const end = after + shown.length
  return {
    sequence,
    turnId,
    source: diff !== null ? "turn" : items.length > 0 ? "items" : "none",
    files: files.length,
    additions: sum(files, "additions"),
    deletions: sum(files, "deletions"),
    items: shown,
    next: end < files.length ? end : null,
    partial,
  }
}
