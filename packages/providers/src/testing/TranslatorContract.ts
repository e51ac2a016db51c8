/** The contract suite of translators, over the lines of a wire. */
import { decodePayload, isEventType, ProviderEvent } from "@threadfold/contracts"
import { paused } from "@threadfold/testkit"
import { Either, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Emitted, Translator, WireLine } from "../Translator.js"

export interface TranslatorSubject {
  /** Makes a new translator. */
  readonly make: () => Translator
  /** Lines of a real or invented wire. Their texts must differ and hold no line break. */
  readonly lines: readonly WireLine[]
}

/** Translates all lines and ends the connection. `pauses`: the indexes of the lines after which it is flushed. */
export const translate = (
  subject: TranslatorSubject,
  pauses: ReadonlySet<number> = new Set(),
): { readonly emitted: readonly Emitted[]; readonly fates: readonly string[] } => {
  const translator = subject.make()
  const emitted: Emitted[] = []
  const fates: string[] = []
  for (const [index, line] of subject.lines.entries()) {
    const translated = translator.push(line)
    fates.push(translated.fate)
    emitted.push(...translated.emitted)
    if (pauses.has(index)) emitted.push(...translator.flush())
  }
  emitted.push(...translator.end(subject.lines.at(-1)?.at ?? 0, "recording-ended"))
  return { emitted, fates }
}

/** The name of a scope, to group by. */
export const scopeName = ({ scope }: Emitted): string =>
  scope.kind === "connection" ? "connection" : `${scope.nativeThreadId} ${scope.session}`

const groupBy = (emitted: readonly Emitted[], key: (one: Emitted) => string): ReadonlyMap<string, Emitted[]> => {
  const groups = new Map<string, Emitted[]>()
  for (const one of emitted) groups.set(key(one), [...(groups.get(key(one)) ?? []), one])
  return groups
}

/** Faults of numbering: each channel of each scope must count from 1 without a gap, in the order of emission. */
export const numberingFaults = (emitted: readonly Emitted[]): readonly string[] =>
  [...groupBy(emitted, (one) => `${scopeName(one)} ${one.event.channel}`)].flatMap(([channel, events]) =>
    events.flatMap((one, index) =>
      one.event.seq === index + 1 ? [] : [`${channel}: ${one.event.seq} at ${index + 1}`],
    ),
  )

/** Faults of contents: each event must be of a known type and decode by the catalogue. */
export const contentFaults = (emitted: readonly Emitted[]): readonly string[] =>
  emitted.flatMap(({ event }) => {
    if (Either.isLeft(Schema.decodeUnknownEither(ProviderEvent)(event))) return [`${event.type}: not a provider event`]
    if (!isEventType(event.type)) return [`${event.type}: unknown type`]
    const decoded = decodePayload(event.type)(event.payload)
    return Either.isLeft(decoded) ? [`${event.type}: ${decoded.left.message}`] : []
  })

/** The texts of lines that the events carry. */
export const carriedLines = (emitted: readonly Emitted[]): readonly string[] =>
  emitted.flatMap(({ event }) => event.raw?.split("\n") ?? [])

interface Said {
  readonly what: string
  text: string
}

const member = (payload: unknown, key: string): unknown =>
  typeof payload === "object" && payload !== null
    ? Object.entries(payload).find(([name]) => name === key)?.[1]
    : undefined

/** The content of each scope with consecutive pieces of one stream joined, so that merging makes no difference. */
export const contentPerScope = (emitted: readonly Emitted[]): ReadonlyMap<string, readonly Said[]> => {
  const reported = new Map<string, Said[]>()
  for (const one of emitted) {
    const { type, native, channel, payload } = one.event
    const list = reported.get(scopeName(one)) ?? []
    reported.set(scopeName(one), list)
    const delta = member(payload, "delta")
    if (typeof delta !== "string") {
      list.push({ what: JSON.stringify([type, channel, native, payload]), text: "" })
      continue
    }
    const stream = [member(payload, "stream"), member(payload, "part"), member(payload, "role")]
    const what = JSON.stringify([type, channel, native, stream])
    const last = list.at(-1)
    if (last?.what === what) last.text += delta
    else list.push({ what, text: delta })
  }
  return reported
}

/** Registers the suite for one wire. */
export const translatorContract = (name: string, subject: TranslatorSubject): void => {
  describe(`Translator contract: ${name}`, () => {
    it("gives every line a fate, and keeps the lines verbatim that it does not map", () => {
      const { emitted, fates } = translate(subject)
      expect(fates).toHaveLength(subject.lines.length)
      const unmapped = emitted.filter(({ event }) => event.type === "provider.unmapped")
      expect(unmapped).toHaveLength(fates.filter((fate) => fate === "kept").length)
    })

    it("carries the text of each line exactly once", () => {
      const carried = carriedLines(translate(subject).emitted)
      expect([...carried].sort()).toEqual(subject.lines.map((line) => line.raw).sort())
    })

    it("numbers every channel of every scope from 1 without a gap", () => {
      expect(numberingFaults(translate(subject).emitted)).toEqual([])
    })

    it("emits only events of the catalogue", () => {
      expect(contentFaults(translate(subject).emitted)).toEqual([])
    })

    it("emits the same events for the same lines", () => {
      expect(translate(subject)).toEqual(translate(subject))
    })

    it("changes nothing but merging where it is flushed in between", async () => {
      const whole = contentPerScope(translate(subject).emitted)
      await fc.assert(
        paused(
          fc.property(fc.uniqueArray(fc.nat({ max: Math.max(0, subject.lines.length - 1) })), (pauses) => {
            const paused = translate(subject, new Set(pauses)).emitted
            expect(contentPerScope(paused)).toEqual(whole)
            expect(numberingFaults(paused)).toEqual([])
          }),
        ),
        { numRuns: 20 },
      )
    })

    it("ends every session once, then the connection, and only once", () => {
      const { emitted } = translate(subject)
      for (const [scope, events] of groupBy(emitted, scopeName)) {
        const closing = scope === "connection" ? "connection.closed" : "session.exited"
        expect(events.filter(({ event }) => event.type === closing).length, scope).toBeGreaterThan(0)
      }
      expect(emitted.at(-1)?.event.type).toBe("connection.closed")
      const translator = subject.make()
      for (const line of subject.lines) translator.push(line)
      translator.end(0, "transport-closed")
      expect(translator.end(0, "transport-closed")).toEqual([])
      expect(translator.nextDeadline()).toBeNull()
    })

    it("releases events at its deadline, and holds none that were due", () => {
      const translator = subject.make()
      for (const line of subject.lines) {
        translator.push(line)
        const deadline = translator.nextDeadline()
        if (deadline === null) continue
        expect(translator.tick(deadline - 1)).toEqual([])
        expect(translator.tick(deadline).length).toBeGreaterThan(0)
        const next = translator.nextDeadline()
        expect(next === null || next > deadline).toBe(true)
      }
    })
  })
}
