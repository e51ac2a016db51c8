/**
 * Redacts the secrets that we hold in everything that is recorded of an agent. An agent may print its environment, read a
 * file with our token, or repeat its command line, and logs are kept and passed on. Only exact values are redacted. Text that
 * merely looks like a secret is redacted by display and export.
 */
import { createHmac } from "node:crypto"
import { isFields } from "../runtime/readFields.js"
import { redactedText, secretArguments, secretValues } from "./secretValues.js"

/** The secrets that we hold and that must not be recorded. */
export interface HeldSecrets {
  readonly values: readonly string[]
  /** Called for every place where a secret was redacted. */
  readonly onRedacted: () => void
  /** Key of the log. It keeps two ids apart that hold different secrets. Absent: no log is kept. */
  readonly idKey?: string | undefined
}

/** The secrets of an agent: those of its environment and of its command line, and `others`. */
export const secretsOfAgent = (
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  others?: HeldSecrets,
): HeldSecrets => ({
  values: [...secretValues(environment), ...secretArguments(args), ...(others?.values ?? [])],
  onRedacted: others?.onRedacted ?? (() => {}),
  // Read at each use, because the log is opened after the agents are configured.
  get idKey() {
    return others?.idKey
  },
})

/** A piece of a stream: its text, and its line where no other event keeps that line. */
export interface Piece {
  readonly text: string
  readonly raw: string | undefined
}

export interface Redactor {
  /** The text without held values. Values that are escaped as in JSON are redacted, too. */
  readonly text: (text: string) => string
  /**
   * A native id. A digest replaces each held value, made with the log's key. Different ids stay different, the digest does not
   * reveal the value, and {@link real} finds the id again as long as the value is held, even after a restart.
   */
  readonly id: (id: string) => string
  /** The id that the agent knows. Messages to the agent must use it. */
  readonly real: (id: string) => string
  /** A type, or the name of a channel or provider. If it holds a held value, the whole becomes a digest, so it stays short. */
  readonly name: (name: string) => string
  /** A JSON value without held values in texts and names at any depth. The same object where there are none. */
  readonly value: (value: unknown) => unknown
  /**
   * Pieces of one stream, and their lines, without a held value that is split over them. `before`: the end of the stream that
   * is recorded already and may begin a held value.
   */
  readonly pieces: (pieces: readonly Piece[], before: string) => readonly Piece[]
  /** The longest end of a text that may begin a held value, if it has at least `shortest` characters. Else empty. */
  readonly openEnd: (text: string, shortest: number) => string
}

interface Span {
  readonly from: number
  readonly to: number
}

const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A line with one of its texts replaced. A line that is no JSON is replaced as a whole, so that it reveals no secret. */
const withTextReplaced = (line: string, text: string, replacement: string): string => {
  try {
    return JSON.stringify(JSON.parse(line, (_, member: unknown) => (member === text ? replacement : member)))
  } catch {
    return redactedText
  }
}

/** Members of a payload that hold native ids. They must stay equal to the ids in the envelopes. */
const idMember = /^(native|\w*Native)\w*Ids?$/

/** The beginning of every digest that replaces a held value in an id. */
const markStart = "removed-"

/** Makes a redactor. Null: no secrets are held. */
export const makeRedactor = (secrets: HeldSecrets): Redactor | null => {
  const { onRedacted, values } = secrets
  const plain = [...new Set(values)].filter((value) => value !== "").sort((one, other) => other.length - one.length)
  if (plain.length === 0) return null
  // Each value also as it is written in JSON, and in JSON inside a text of JSON.
  const written = [...new Set(plain.flatMap((value) => [escaped(escaped(value)), escaped(value), value]))]

  const text = (whole: string): string => {
    let left = whole
    for (const value of written) {
      if (!left.includes(value)) continue
      const parts = left.split(value)
      for (let count = 1; count < parts.length; count += 1) onRedacted()
      left = parts.join(redactedText)
    }
    return left
  }

  const digestOf = (held: string): string =>
    `${markStart}${createHmac("sha256", secrets.idKey ?? "")
      .update(held)
      .digest("hex")
      .slice(0, 24)}`

  /** The digest of each held value, for one key. The key of the log is known before the first id. */
  let marks: { readonly key: string | undefined; readonly of: ReadonlyMap<string, string> } | null = null
  const allMarks = (): ReadonlyMap<string, string> => {
    if (marks === null || marks.key !== secrets.idKey) {
      marks = { key: secrets.idKey, of: new Map(written.map((held) => [held, digestOf(held)])) }
    }
    return marks.of
  }

  const holds = (whole: string): boolean => written.some((held) => whole.includes(held))

  const id: Redactor["id"] = (whole) => {
    if (!holds(whole)) return whole
    onRedacted()
    let left = whole
    for (const [held, mark] of allMarks()) left = left.replaceAll(held, () => mark)
    return left
  }

  const real: Redactor["real"] = (redacted) => {
    if (!redacted.includes(markStart)) return redacted
    let whole = redacted
    for (const [held, mark] of allMarks()) whole = whole.replaceAll(mark, () => held)
    return whole
  }

  const name: Redactor["name"] = (whole) => {
    if (!holds(whole)) return whole
    onRedacted()
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

  /** The places of held values, in order. Of two that overlap, only the longer one. */
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

  /**
   * One piece without the spans. The replacement text stands where a value begins, or at the beginning of the first piece
   * where a value began in what is recorded already.
   */
  const without = (own: string, start: number, all: readonly Span[], first: number): string => {
    if (own === "") return own
    let left = ""
    let at = 0
    for (const { from, to } of all) {
      if (to <= start || from >= start + own.length) continue
      left += own.slice(at, Math.max(at, from - start))
      if (from >= start || start === first) left += redactedText
      at = to - start
    }
    return left + own.slice(at)
  }

  const pieces: Redactor["pieces"] = (original, before) => {
    const all = spans(before + original.map((piece) => piece.text).join("")).filter(({ to }) => to > before.length)
    if (all.length === 0) return original
    for (const _ of all) onRedacted()
    let start = before.length
    return original.map((piece) => {
      const left = without(piece.text, start, all, before.length)
      start += piece.text.length
      if (left === piece.text || piece.raw === undefined) return { text: left, raw: piece.raw }
      return { text: left, raw: withTextReplaced(piece.raw, piece.text, left) }
    })
  }

  /** The longest end of a text that may begin one held value. */
  const openEndFor = (whole: string, held: string, shortest: number): string => {
    const beginning = held.slice(0, shortest)
    let at = whole.indexOf(beginning, Math.max(0, whole.length - held.length + 1))
    while (at !== -1 && !held.startsWith(whole.slice(at))) at = whole.indexOf(beginning, at + 1)
    return at === -1 ? "" : whole.slice(at)
  }

  const openEnd: Redactor["openEnd"] = (whole, shortest) =>
    plain.reduce((longest, held) => {
      const end = openEndFor(whole, held, shortest)
      return end.length > longest.length ? end : longest
    }, "")

  return { text, id, real, name, value: (whole) => value(whole), pieces, openEnd }
}
