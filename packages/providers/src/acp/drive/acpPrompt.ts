/** The parts of a message as content blocks of the Agent Client Protocol. */
import { basename } from "node:path"
import { pathToFileURL } from "node:url"
import { type DrivenPart, slashText } from "../../ProviderDriver.js"
import type { Fields } from "../../runtime/readFields.js"

/** What the agent reports that it takes in a prompt. Text and links it always takes. */
export interface PromptCapabilities {
  readonly image: boolean
  /** Content of files in the prompt, in place of links. */
  readonly embeddedContext: boolean
}

/** Bytes as a text; null: they are none. */
const textOf = (bytes: Uint8Array): string | null => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    return text.includes("\0") ? null : text
  } catch {
    return null
  }
}

const link = (path: string, size?: number): Fields => ({
  type: "resource_link",
  uri: pathToFileURL(path).href,
  name: basename(path),
  ...(size === undefined ? {} : { size }),
})

const blockOf = (part: DrivenPart, can: PromptCapabilities): Fields => {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text }
    case "image":
      return { type: "image", mimeType: part.mediaType, data: Buffer.from(part.bytes).toString("base64") }
    case "file": {
      const text = can.embeddedContext && part.bytes !== null ? textOf(part.bytes) : null
      return text === null
        ? link(part.path, part.bytes?.length)
        : { type: "resource", resource: { uri: pathToFileURL(part.path).href, mimeType: "text/plain", text } }
    }
    case "directory":
      return link(part.path)
    case "skill":
    case "command":
      return { type: "text", text: slashText(part) }
  }
}

/** The prompt of a message; a text says why the agent does not take it. */
export const acpPrompt = (
  text: string,
  parts: readonly DrivenPart[] | undefined,
  can: PromptCapabilities,
): readonly Fields[] | string => {
  if (parts === undefined) return [{ type: "text", text }]
  if (!can.image && parts.some(({ type }) => type === "image")) return "The agent takes no images."
  return parts.map((part) => blockOf(part, can))
}
