/**
 * Takes secrets that we hold out of what is recorded of an agent: it may print its environment, read a file with our token
 * in it, or repeat what it was started with, and a log is kept and passed on. Only exact values; what merely looks like a
 * secret is a matter of display and export.
 */
import { createHmac } from "node:crypto"
import { isFields } from "../runtime/readFields.js"
import { removed, secretArguments, secretValues } from "./secretValues.js"

/** Secrets that must not be recorded. */
export interface HeldSecrets {
  readonly values: readonly string[]
  /** Called for every place from which one was taken. */
  readonly onRemoved: () => void
  /** Key of the log, by which an id that holds a secret is told from another such id; absent: no log is kept. */
  readonly idKey?: string | undefined
}

/** What must not be recorded of an agent: the secrets of its environment and of its command line, and `others`. */
export const secretsOfAgent = (
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  others?: HeldSecrets,
): HeldSecrets => ({
  values: [...secretValues(environment), ...secretArguments(args), ...(others?.values ?? [])],
  onRemoved: others?.onRemoved ?? (() => {}),
  // Read when it is used: the log is opened after the agents are configured.
  get idKey() {
    return others?.idKey
  },
})

/** A piece of a stream: its text, and the line that told it where no other event keeps that line. */
export interface Piece {
  readonly text: string
  readonly raw: string | undefined
}

export interface Removal {
  /** The text without held values, also where they are escaped as in JSON. */
  readonly text: (text: string) => string
  /**
   * A native id. In place of a held value stands a digest of it, by the log's key: two stay two, neither tells what it was, and
   * {@link real} finds it again for as long as the value is held, also after a restart.
   */
  readonly id: (id: string) => string
  /** The id as its agent knows it: what is sent to the agent must name the real one. */
  readonly real: (id: string) => string
  /** A type, or the name of a channel or provider: one that holds a held value becomes a digest, which is never too long. */
  readonly name: (name: string) => string
  /** A JSON value without them, in texts and names at any depth; the value itself where it holds none. */
  readonly value: (value: unknown) => unknown
  /**
   * Pieces without a value that several of them tell together; in their lines, too. `before`: the open end of what the same
   * stream told before them, and which is recorded already.
   */
  readonly pieces: (pieces: readonly Piece[], before: string) => readonly Piece[]
  /** The longest end of a text that may be the beginning of a held value, if it is at least so long; else empty. */
  readonly openEnd: (text: string, shortest: number) => string
}

interface Span {
  readonly from: number
  readonly to: number
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A line with another text where it told this one. Of a line that is no JSON nothing is left: better than one that tells it. */
const retold = (line: string, told: string, instead: string): string => {
  try {
    return JSON.stringify(JSON.parse(line, (_, member: unknown) => (member === told ? instead : member)))
  } catch {
    return removed
  }
}

/** Members of a payload that hold native ids: they must name what the envelopes name. */
const idMember = /^(native|\w*Native)\w*Ids?$/

/** How every mark of a held value in an id begins. */
const markStart = "removed-"

/** Null: nothing is held. */
export const makeRemoval = (secrets: HeldSecrets): Removal | null => {
  const { onRemoved, values } = secrets
  const plain = [...new Set(values)].filter((value) => value !== "").sort((one, other) => other.length - one.length)
  if (plain.length === 0) return null
  // In a line of JSON, and in JSON that is a text of it.
  const written = [...new Set(plain.flatMap((value) => [escaped(escaped(value)), escaped(value), value]))]

  const text = (whole: string): string => {
    let left = whole
    for (const value of written) {
      if (!left.includes(value)) continue
      const parts = left.split(value)
      for (let count = 1; count < parts.length; count += 1) onRemoved()
      left = parts.join(removed)
    }
    return left
  }

  const digestOf = (held: string): string =>
    `${markStart}${createHmac("sha256", secrets.idKey ?? "")
      .update(held)
      .digest("hex")
      .slice(0, 24)}`

  /** What stands for each held value in ids. Of one key: that of the log is known before the first id is. */
  let marks: { readonly key: string | undefined; readonly of: ReadonlyMap<string, string> } | null = null
  const allMarks = (): ReadonlyMap<string, string> => {
    if (marks === null || marks.key !== secrets.idKey) {
      marks = { key: secrets.idKey, of: new Map(written.map((held) => [held, digestOf(held)])) }
    }
    return marks.of
  }

  const holds = (whole: string): boolean => written.some((held) => whole.includes(held))

  const id: Removal["id"] = (whole) => {
    if (!holds(whole)) return whole
    onRemoved()
    let left = whole
    for (const [held, mark] of allMarks()) left = left.replaceAll(held, () => mark)
    return left
  }

  const real: Removal["real"] = (redacted) => {
    if (!redacted.includes(markStart)) return redacted
    let whole = redacted
    for (const [held, mark] of allMarks()) whole = whole.replaceAll(mark, () => held)
    return whole
  }

  const name: Removal["name"] = (whole) => {
    if (!holds(whole)) return whole
    onRemoved()
    return digestOf(whole)
  }

  const value = (whole: unknown, clean: (said: string) => string = text): unknown => {
    if (typeof whole === "string") return clean(whole)
    if (Array.isArray(whole)) {
      const items = whole.map((item) => value(item, clean))
      return items.some((item, index) => item !== whole[index]) ? items : whole
    }
    if (!isFields(whole)) return whole
    const members = Object.entries(whole)
    const cleaned = members.map(
      ([name, member]) => [text(name), value(member, idMember.test(name) ? id : text)] as const,
    )
    const isClean = cleaned.every(([name, member], index) => {
      const before = members[index]
      return before !== undefined && name === before[0] && member === before[1]
    })
    return isClean ? whole : Object.fromEntries(cleaned)
  }

  /** Where held values stand, in order, none over another; of two that overlap the longer one. */
  const spans = (whole: string): readonly Span[] => {
    const found: Span[] = []
    for (const held of plain) {
      for (let from = whole.indexOf(held); from !== -1; from = whole.indexOf(held, from + held.length)) {
        const to = from + held.length
        if (!found.some((span) => span.from < to && from < span.to)) found.push({ from, to })
      }
    }
    return found.sort((one, other) => one.from - other.from)
  }

  /** The part of a text from `start` on that is left; the mark stands where a value begins, or went on from before. */
  const without = (own: string, start: number, all: readonly Span[], first: number): string => {
    if (own === "") return own
    let left = ""
    let at = 0
    for (const { from, to } of all) {
      if (to <= start || from >= start + own.length) continue
      left += own.slice(at, Math.max(at, from - start))
      if (from >= start || start === first) left += removed
      at = to - start
    }
    return left + own.slice(at)
  }

  const pieces: Removal["pieces"] = (told, before) => {
    const all = spans(before + told.map((piece) => piece.text).join("")).filter(({ to }) => to > before.length)
    if (all.length === 0) return told
    for (const _ of all) onRemoved()
    let start = before.length
    return told.map((piece) => {
      const left = without(piece.text, start, all, before.length)
      start += piece.text.length
      if (left === piece.text || piece.raw === undefined) return { text: left, raw: piece.raw }
      return { text: left, raw: retold(piece.raw, piece.text, left) }
    })
  }

  /** The longest end of a text with which one value may begin. */
  const openEndFor = (whole: string, held: string, shortest: number): string => {
    const beginning = held.slice(0, shortest)
    let at = whole.indexOf(beginning, Math.max(0, whole.length - held.length + 1))
    while (at !== -1 && !held.startsWith(whole.slice(at))) at = whole.indexOf(beginning, at + 1)
    return at === -1 ? "" : whole.slice(at)
  }

  const openEnd: Removal["openEnd"] = (whole, shortest) =>
    plain.reduce((longest, held) => {
      const end = openEndFor(whole, held, shortest)
      return end.length > longest.length ? end : longest
    }, "")

  return { text, id, real, name, value: (whole) => value(whole), pieces, openEnd }
}
