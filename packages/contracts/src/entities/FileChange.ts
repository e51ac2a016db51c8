/** What a turn changed, file by file. */
import { Schema } from "effect"
import { field, flag, growing, int, listed, optInt, optText, shape, text } from "../fields.js"
import { truncated } from "./Truncated.js"

/** What happened to a file. */
export const FileChangeKind = listed(
  "FileChangeKind",
  "What happened to a file.",
  "added",
  "deleted",
  "modified",
  "renamed",
)
export type FileChangeKind = typeof FileChangeKind.Type

/** What a turn changed in one file. */
export const FileChange = shape("FileChange", "What a turn changed in one file.", {
  path: text("The file as the provider names it; of a renamed one its new name."),
  from: optText("Its name before; null: it was not renamed."),
  change: field(growing(FileChangeKind), "What happened to it."),
  binary: flag("True: it holds no text, so that nothing of it is counted or shown."),
  additions: optInt("Lines that were added; null: not known."),
  deletions: optInt("Lines that were removed; null: not known."),
  diff: optText("Its unified diff; null: the provider gave none."),
  offset: optInt(
    "Where its diff begins in the `diff` of the turn, bytes of UTF-8; null: the turn has none, it is that of an item.",
  ),
  itemId: optText("The item that changed it, where the turn has no diff of its own; null: it has one."),
  truncated,
})
export type FileChange = typeof FileChange.Type

/** What a turn changed. */
export const TurnChanges = shape("TurnChanges", "What a turn changed, file by file.", {
  sequence: int("Sequence of the log that this is true for."),
  turnId: text("The turn."),
  source: field(
    growing(listed("TurnChangesSource", "What the changes of a turn are made of.", "turn", "items", "none")),
    "`turn`: the provider reports the turn's changes as one diff; `items`: they are those of its file changes, one after the other, so that a file may come twice; `none`: nothing is reported.",
  ),
  files: int("Files in all, those of other pages included."),
  additions: int("Lines that were added, as far as they are known."),
  deletions: int("Lines that were removed, as far as they are known."),
  items: field(Schema.Array(FileChange), "The files."),
  next: optInt("`after` of what follows; null: these are the last."),
  partial: flag("True: there is more than is looked at (4 MiB of diffs, 500 items): the counts are of what was."),
})
export type TurnChanges = typeof TurnChanges.Type
