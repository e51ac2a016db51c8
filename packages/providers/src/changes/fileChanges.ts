/**
 * The files that a file change has changed, out of the data of its item: each agent tells them in words of its own. An agent whose words
 * are not known here tells the name of its file alone, or nothing.
 */
import type { ChangedFile } from "@threadfold/contracts"
import { changesOf as acpChanges } from "../acp/translate/acpQuestions.js"
import { textDiff } from "../questions/textDiff.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../runtime/readFields.js"

/** What Codex says of a change as a unified diff: of a file that is new or gone it may have told the text. */
const codexDiff = (kind: string | undefined, said: string): string => {
  if (said.startsWith("@@") || said.startsWith("--- ") || said.startsWith("diff ")) return said
  if (kind === "add") return textDiff("", said)
  return kind === "delete" ? textDiff(said, "") : said
}

/** Codex: `changes`, whose `diff` is a unified diff, or of a file that is new or gone its text. */
const codexChange = (change: unknown): readonly ChangedFile[] => {
  const path = isFields(change) ? hintText(change, "path") : undefined
  if (path === undefined || !isFields(change)) return []
  const kind = typeof change.kind === "string" ? change.kind : hintText(hintFields(change, "kind") ?? {}, "type")
  const diff = typeof change.diff === "string" ? codexDiff(kind, change.diff) : undefined
  return [{ path, ...(kind === undefined ? {} : { kind }), ...(diff === undefined ? {} : { diff }) }]
}

/** A hunk of Claude's patch as a unified diff has it. */
const hunkOf = (hunk: unknown): readonly string[] => {
  if (!isFields(hunk)) return []
  const { newLines, newStart, oldLines, oldStart } = hunk
  const sizes = [oldStart, oldLines, newStart, newLines]
  if (!sizes.every((size) => typeof size === "number")) return []
  const lines = hintArray(hunk, "lines").filter((line) => typeof line === "string")
  return [`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, ...lines]
}

/** Claude: the input of the call has the file, its result the patch. Of a new file the patch is empty: its text is in the input. */
const claudeChanges = (data: Fields): readonly ChangedFile[] => {
  const input = hintFields(data, "input") ?? {}
  const result = hintFields(data, "result") ?? {}
  const path = hintText(input, "file_path") ?? hintText(input, "notebook_path") ?? hintText(result, "filePath")
  if (path === undefined) return []
  const patch = hintArray(result, "structuredPatch").flatMap(hunkOf)
  const isNew = result.type === "create"
  const kind = isNew ? "add" : "update"
  if (patch.length > 0) return [{ path, kind, diff: patch.join("\n") }]
  return [
    isNew && typeof input.content === "string" ? { path, kind, diff: textDiff("", input.content) } : { path, kind },
  ]
}

/** The files of an item's data, in order. */
export const fileChangesIn = (data: unknown): readonly ChangedFile[] => {
  if (!isFields(data)) return []
  const codex = hintArray(data, "changes").flatMap(codexChange)
  if (codex.length > 0) return codex
  const acp = acpChanges(data)
  return acp.length > 0 ? acp : claudeChanges(data)
}
