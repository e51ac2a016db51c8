/** Puts placeholders in the place of secrets, and counts them. Equal secrets have equal placeholders. */
import { hash } from "node:crypto"
import { type Found, findSecrets, secretField } from "./detectors.js"

/** Where something was taken out. */
export interface Place {
  readonly streamId: string
  readonly eventId: string
  /** `payload`, `native` or `body`, and the fields below it. */
  readonly field: string
}

/** What was taken out of one place. */
export interface MaskedSample extends Place {
  readonly kind: string
  /** What a person can tell it by: how long it was, never a part of it. */
  readonly shown: string
}

/** How much of one kind was taken out. */
export interface MaskedKind {
  readonly kind: string
  /** Different ones. */
  readonly secrets: number
  /** How often. */
  readonly count: number
}

/** Secrets of a kind that are told apart; of more, each further one gets the number 0. */
const numbered = 100_000
/** Places that are named. */
const named = 1_000

export class Masker {
  private readonly kinds = new Map<string, { count: number; readonly numbers: Map<string, number> }>()
  readonly samples: MaskedSample[] = []

  /** The placeholder of a secret that is taken out of a place. */
  take({ kind, secret }: Pick<Found, "kind" | "secret">, place: Place): string {
    const known = this.kinds.get(kind) ?? { count: 0, numbers: new Map<string, number>() }
    this.kinds.set(kind, known)
    known.count += 1
    // The secret itself is not held for as long as an export takes.
    const digest = hash("sha256", secret, "base64")
    const number = known.numbers.get(digest) ?? (known.numbers.size < numbered ? known.numbers.size + 1 : 0)
    if (number > 0) known.numbers.set(digest, number)
    if (this.samples.length < named) this.samples.push({ ...place, kind, shown: `${secret.length} characters` })
    return `[redacted:${kind}:${number}]`
  }

  /** A text without its secrets. */
  text(text: string, place: Place): string {
    const found = findSecrets(text)
    if (found.length === 0) return text
    let masked = ""
    let last = 0
    for (const one of found) {
      masked += text.slice(last, one.start) + this.take(one, place)
      last = one.end
    }
    return masked + text.slice(last)
  }

  /** A value of JSON without secrets: in its texts, and in the names of its fields. */
  value(value: unknown, place: Place): unknown {
    if (typeof value === "string") return this.text(value, place)
    if (Array.isArray(value)) {
      // A name and its value, as in lists of headers, of variables and of arguments.
      return value.map((entry: unknown, index) => {
        const name: unknown = value[index - 1]
        return typeof name === "string" && name.length <= 60
          ? this.field(name.replace(/^--?/, ""), entry, place)
          : this.value(entry, place)
      })
    }
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, entry]: [string, unknown]) => {
        const at = { ...place, field: `${place.field}.${name.length > 60 ? `${name.slice(0, 60)}…` : name}` }
        const masked = this.text(name, place)
        const below = masked === name ? at : { ...place, field: `${place.field}.…` }
        return [masked, this.field(name, entry, below)]
      }),
    )
  }

  private field(name: string, value: unknown, place: Place): unknown {
    if (typeof value !== "string" || value.length < 6 || !secretField.test(name)) return this.value(value, place)
    // What is a key of a known form keeps its kind.
    const [only, ...others] = findSecrets(value)
    const isWhole = only !== undefined && others.length === 0 && only.start === 0 && only.end === value.length
    if (/^\[redacted:[a-z-]+:\d+\]$/.test(value)) return value
    return this.take(isWhole ? only : { kind: "secret-field", secret: value }, place)
  }

  /** What was taken out, by kind, the most frequent first. */
  report(): readonly MaskedKind[] {
    return [...this.kinds]
      .map(([kind, { count, numbers }]) => ({ kind, secrets: numbers.size, count }))
      .sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1))
  }
}
