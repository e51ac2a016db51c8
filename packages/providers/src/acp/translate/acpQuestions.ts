/** The decisions and changes of an ACP agent's requests, in words that are the same for every agent. */
import type { ChangedFile, Choice, PortableDecision } from "@threadfold/contracts"
import { textDiff } from "../../questions/textDiff.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"

/** Our general words, and the kind of option that means exactly the same. */
export const optionKinds: ReadonlyMap<PortableDecision, string> = new Map<PortableDecision, string>([
  ["accept", "allow_once"],
  ["acceptForSession", "allow_always"],
  ["decline", "reject_once"],
])

/** The first option of the kind that a general word stands for. */
export const optionFor = (options: ReadonlyMap<string, string>, decision: string): string | undefined => {
  const kind = [...optionKinds].find(([word]) => word === decision)?.[1]
  return kind === undefined ? undefined : [...options].find(([, one]) => one === kind)?.[0]
}

/** The choices of a request for permission: its options, and `cancel`. */
export const permissionChoices = (params: Fields, options: ReadonlyMap<string, string>): readonly Choice[] => {
  const named = hintArray(params, "options").flatMap((option): readonly Choice[] => {
    const decision = isFields(option) ? hintText(option, "optionId") : undefined
    if (decision === undefined || !isFields(option)) return []
    const label = hintText(option, "name")
    const [means] = [...optionKinds.keys()].filter((word) => optionFor(options, word) === decision)
    return [{ decision, ...(means === undefined ? {} : { means }), ...(label === undefined ? {} : { label }) }]
  })
  return options.has("cancel") ? named : [...named, { decision: "cancel", means: "cancel" }]
}

/** The choices of a form or a link. */
export const elicitationChoices: readonly Choice[] = [
  { decision: "accept", means: "accept", data: "optional" },
  { decision: "decline", means: "decline" },
  { decision: "cancel", means: "cancel" },
]

/** The form of an elicitation. */
export const formOf = (params: Fields): Fields | undefined => hintFields(params, "requestedSchema")

/** The files that a tool call changes, with their diffs. Where it has no diffs: the locations that it names. */
export const changesOf = (tool: Fields): readonly ChangedFile[] => {
  const shown = hintArray(tool, "content").flatMap((part): readonly ChangedFile[] => {
    const path = isFields(part) && part.type === "diff" ? hintText(part, "path") : undefined
    if (path === undefined || !isFields(part)) return []
    const before = typeof part.oldText === "string" ? part.oldText : null
    const after = typeof part.newText === "string" ? part.newText : ""
    return [{ path, kind: before === null ? "add" : "update", diff: textDiff(before ?? "", after) }]
  })
  if (shown.length > 0) return shown
  return hintArray(tool, "locations").flatMap((one) => {
    const path = isFields(one) ? hintText(one, "path") : undefined
    return path === undefined ? [] : [{ path }]
  })
}
