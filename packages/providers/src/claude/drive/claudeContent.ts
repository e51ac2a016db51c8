/** The parts of a message as content blocks of Claude. */
import { type DrivenPart, slashText } from "../../ProviderDriver.js"

/** A path as Claude takes a mention of it. */
const mention = (path: string): string => (/[\s"]/.test(path) ? `@"${path}"` : `@${path}`)

const wordsOf = (part: DrivenPart): readonly string[] => {
  switch (part.type) {
    case "text":
      return [part.text]
    // Claude runs a skill that stands first as a slash command, and knows it by the same name anywhere else.
    case "skill":
    case "command":
      return [slashText(part)]
    case "file":
    case "directory":
      return [mention(part.path)]
    case "image":
      return []
  }
}

/**
 * The content of a message: its images, then all words of it in one block. Claude looks for a slash command and for mentions in the last
 * block alone.
 */
export const claudeContent = (text: string, parts: readonly DrivenPart[] | undefined): readonly object[] => {
  if (parts === undefined) return [{ type: "text", text }]
  const images = parts.flatMap((part) =>
    part.type === "image"
      ? [
          {
            type: "image",
            source: { type: "base64", media_type: part.mediaType, data: Buffer.from(part.bytes).toString("base64") },
          },
        ]
      : [],
  )
  const [first] = parts
  // What stands behind the name of a skill or a command are its arguments.
  const joint = first?.type === "skill" ? " " : "\n\n"
  const [head = "", ...rest] = parts.flatMap(wordsOf)
  const words = [head, ...(rest.length === 0 ? [] : [rest.join("\n\n")])].join(joint)
  return words === "" ? images : [...images, { type: "text", text: words }]
}
