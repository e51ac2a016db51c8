/** Output of a command as pieces of one look each: colours by classes of anser, all other control characters taken out. */
import Anser from "anser"

/** A piece of output. */
export interface TerminalPiece {
  readonly text: string
  /** `red`, `bright-red`; empty: the colour of the text. */
  readonly colour: string
  readonly ground: string
  /** Decorations: `bold`, `dim`, `italic`, `underline`, `strikethrough`. */
  readonly looks: readonly string[]
}

const escape = "\\x1b"
const bell = "\\x07"

/**
 * Sequences that are no colours. A link (OSC 8) keeps its text alone: where it leads is not what it shows. One that is cut off at the end
 * goes, too.
 */
const sequences = new RegExp(
  [
    // Titles and links.
    `${escape}\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\|$)`,
    // Device strings, privacy messages.
    `${escape}[PX^_][^${escape}]*(?:${escape}\\\\|$)`,
    // Moves of the cursor, modes: all but `m`, which is a colour.
    `${escape}\\[[0-9;:<=>?]*[ -/]*(?:[@-ln-~]|$)`,
    // Two-character sequences, character sets.
    `${escape}[ -/]*(?:[0-Z\\\\^-~]|$)`,
  ].join("|"),
  "g",
)
/** Control characters that are kept: tabs, ends of lines, and what begins a colour. */
const keptControls = "\t\n\r\u001b"
const controls = /\p{Cc}/gu

/** What a line shows after a program has gone back to its start to write it again, as progress bars do. */
const lastWritten = (line: string): string => {
  const at = line.replace(/\r+$/, "").lastIndexOf("\r")
  return (at === -1 ? line : line.slice(at + 1)).replace(/\r+$/, "")
}

/** Output without what only a terminal could carry out; colours stay. */
export const cleanOutput = (output: string): string =>
  output
    .replace(sequences, "")
    .replace(controls, (sign) => (keptControls.includes(sign) ? sign : ""))
    .split("\n")
    .map(lastWritten)
    .join("\n")

const colourOf = (name: string | null): string => {
  const found = /^ansi-(bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/.exec(name ?? "")
  return found === null ? "" : `${found[1] ?? ""}${found[2]}`
}

/** The pieces of an output. */
export const terminalPieces = (output: string): readonly TerminalPiece[] =>
  Anser.ansiToJson(cleanOutput(output), { json: true, use_classes: true, remove_empty: true }).map(
    ({ bg, content, decorations, fg }) => ({
      // What begins no colour after all.
      text: content.replaceAll("\u001b", ""),
      colour: colourOf(fg),
      ground: colourOf(bg),
      looks: decorations,
    }),
  )

/** The last lines of an output. */
export const lastLines = (output: string, count: number): string => {
  let at = output.trimEnd().length
  for (let lines = 0; lines < count && at !== -1; lines += 1) at = output.lastIndexOf("\n", at - 1)
  return at === -1 ? output.trimEnd() : output.slice(at + 1).trimEnd()
}

const shell = /^(?:\S*\/)?(?:ba|da|z)?sh -l?c ([\s\S]+)$/

/** A command without the shell that agents wrap it in, for one line: `/bin/bash -lc 'npm test'` → `npm test`. */
export const bareCommand = (command: string): string => {
  const inner = shell.exec(command)?.[1]
  if (inner === undefined) return command
  // A quote inside of quotes is written as '"'"', or as '\''.
  const single = /^'((?:[^']|'"'"'|'\\'')*)'$/.exec(inner)?.[1]
  if (single !== undefined) return single.replace(/'"'"'|'\\''/g, "'")
  return /^"([^"\\$`]*)"$/.exec(inner)?.[1] ?? inner
}
