/** How a page for people looks: colours only where a person reads them, text of others made harmless. */
import { stripVTControlCharacters } from "node:util"

export interface Look {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly busy: (text: string) => string
  /** Columns of the terminal; 100 where there is none. */
  readonly width: number
  /** Our clock, ms since the epoch: what relative times are relative to. */
  readonly now: number
}

/** Whether a stream takes colours. `NO_COLOR`, set to anything but nothing, forbids them (no-color.org). */
export const takesColour = (
  stream: { readonly isTTY?: boolean | undefined },
  env: { readonly NO_COLOR?: string | undefined; readonly TERM?: string | undefined },
): boolean => stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb"

const sgr = (colour: boolean, code: number) => (text: string) => (colour ? `\u001B[${code}m${text}\u001B[0m` : text)

/** The look of a page on standard output. */
export const lookOf = (colour: boolean, width: number, now: number): Look => ({
  bold: sgr(colour, 1),
  dim: sgr(colour, 2),
  good: sgr(colour, 32),
  bad: sgr(colour, 31),
  busy: sgr(colour, 33),
  width,
  now,
})

// Control characters, bidirectional overrides and line separators: nothing an agent wrote may drive the terminal.
const controls = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu

/** Removes escape sequences and turns every other control character but the newline into a space. */
export const harmless = (text: string): string =>
  stripVTControlCharacters(text).replace(controls, (character) => (character === "\n" ? "\n" : " "))

/** The text on one line. */
export const oneLine = (text: string): string => harmless(text).replace(/\s+/g, " ").trim()

const good = new Set(["completed", "answered", "idle", "closed"])
const bad = new Set(["failed", "error", "stalled", "expired"])
const busy = new Set(["running", "working", "waiting", "starting", "open", "requested", "started", "answering"])

/** Paints a word of state. */
export const paintStatus =
  (look: Look) =>
  (text: string): string =>
    bad.has(text) ? look.bad(text) : busy.has(text) ? look.busy(text) : good.has(text) ? look.good(text) : text
