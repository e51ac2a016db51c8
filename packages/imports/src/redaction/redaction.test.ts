/** Planted secrets are found wherever they stand, and what only looks like one stays. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import type { EventDraft } from "@threadfold/engine"
import { makePauses, plantedSecrets, recordings } from "@threadfold/testkit"
import { Effect, Either } from "effect"
import { idFor, MemoryLog } from "../../test/MemoryLog.js"
import { findSecrets } from "./detectors.js"

const { harmless, planted } = plantedSecrets
const cases = planted.flatMap(({ kind, secret, texts }) =>
  texts.map((text) => ({ kind, secret, text: text.replace("{}", () => secret) })),
)
/** The cases dealt out into as many heaps: one log of all would take its worker for seconds. */
const heaps = Array.from({ length: 6 }, (_, heap) => [
  cases.filter((_case, index) => index % 6 === heap),
]) satisfies readonly (readonly [typeof cases])[]

/** One level of escapes as JSON may write them: every character of the text by its number. */
const byNumbers = (text: string): string =>
  [...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")
const quoted = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A log whose one turn says every text in every way in which an agent can. */
const logWith = (...texts: readonly string[]): MemoryLog => {
  const log = new MemoryLog()
  const drafts: EventDraft[] = []
  const add = (
    type: string,
    payload: unknown,
    native: Readonly<Record<string, string>> = {},
    raw = JSON.stringify({ method: type, params: payload }),
  ): void => {
    const seq = drafts.length + 1
    const event = {
      type,
      payload,
      native: { threadId: "t", ...native },
      channel: "agent",
      seq,
      at: 1_795_150_511_000 + seq,
      raw,
    }
    drafts.push({ to: { streamId: idFor("t") }, sessionId: idFor("s"), actor: "provider", event })
  }
  const turn = { turnId: "u" }
  add("session.started", { provider: "x", mode: "imported" })
  add("turn.started", {}, turn)
  texts.forEach((text, index) => {
    const item = (id: string) => ({ ...turn, itemId: `${id}-${index}` })
    const whole = (kind: string, content: object) =>
      add("item.completed", { kind, status: "completed", ...content }, item(kind))
    whole("agent_message", { text })
    whole("command", { title: text, data: { argv: ["sh", "-c", text], [text]: 1 } })
    add("turn.diff.updated", { diff: `+++ b/x\n+${text}\n` }, turn)
    whole("tool_call", { data: { arguments: JSON.stringify({ deep: JSON.stringify({ text }) }) } })
    whole("other", { data: { shell: `printf '${byNumbers(text)}'`, twice: quoted(quoted(text)) } })
    const native = `{"method":"x/notice","params":{"note":"${byNumbers(text)}"}}\nplain ${text}`
    add("provider.unmapped", { method: "x/notice", known: false }, {}, native)
    for (const size of [1, 5]) {
      // Two items take turns, so that the pieces of one are not neighbours.
      for (let at = 0; at < text.length; at += size) {
        const piece = (kind: string, stream: string, delta: string) =>
          add("content.delta", { kind, stream, delta }, item(`${stream}-${size}`))
        piece("agent_message", "text", text.slice(at, at + size))
        piece("command", "output", quoted(text).slice(at, at + size))
      }
    }
  })
  const result = log.submit({ drafts })
  const refused = Either.isRight(result) ? result.right.results.filter(({ status }) => status !== "appended") : result
  expect(refused).toEqual([])
  return log
}

const levels = (text: string): readonly string[] => {
  const plain = text.replace(/\\(?:u([0-9a-f]{4})|(.))/gis, (_, code: string | undefined, other: string | undefined) =>
    code === undefined
      ? ({ n: "\n", r: "\r", t: "\t" }[other ?? ""] ?? other ?? "")
      : String.fromCharCode(Number.parseInt(code, 16)),
  )
  return plain === text ? [text] : [text, ...levels(plain)]
}

/** Everything that a bundle says, without any level of escapes, and each streamed text in one piece. */
const saidBy = (bundle: string): string => {
  const streamed = new Map<string, string>()
  for (const line of bundle.trimEnd().split("\n")) {
    const { event }: { event?: { type: string; itemId?: string; payload: { delta?: string } } } = JSON.parse(line)
    if (event?.type !== "content.delta") continue
    streamed.set(event.itemId ?? "", `${streamed.get(event.itemId ?? "") ?? ""}${event.payload.delta ?? ""}`)
  }
  return levels([bundle, ...streamed.values()].join("\n")).join("\n")
}

describe("secrets", () => {
  it.each(cases)("of the kind $kind are found: $text", ({ kind, secret, text }) => {
    expect(findSecrets(text).map((found) => found.secret)).toContain(secret)
    expect(findSecrets(text).find((found) => found.secret === secret)?.kind).toBe(kind)
  })

  it.each(harmless)("are not seen in: %s", (text) => {
    expect(findSecrets(text)).toEqual([])
  })

  it.each(heaps)(
    "leave a masked bundle from texts, commands, diffs, fields, native lines, escapes and pieces",
    (heap) => {
      const { outcome, text } = logWith(...heap.map((one) => one.text)).bundle({ redaction: "masked" })
      const said = saidBy(text)
      for (const { kind, secret, text } of heap)
        expect([kind, text, said.includes(secret)]).toEqual([kind, text, false])
      expect(new Set(outcome.masked.map(({ kind }) => kind))).toEqual(new Set(heap.map(({ kind }) => kind)))
      // A sample tells where, never what.
      const samples = JSON.stringify(outcome.samples)
      for (const { secret } of heap) expect(samples).not.toContain(secret)
      for (const place of ["payload.text", "payload.title", "payload.delta", "payload.diff", "body"]) {
        expect([place, outcome.samples.some(({ field }) => field.startsWith(place))]).toEqual([place, true])
      }
    },
  )

  it("that are equal have equal placeholders, others have others", () => {
    const { text } = logWith(`a jane@acme-mail.dev, b joe@acme-mail.dev, c jane@acme-mail.dev`).bundle({
      redaction: "masked",
    })
    expect(text).toContain("a [redacted:email:1], b [redacted:email:2], c [redacted:email:1]")
  })
})

describe("a masked bundle", () => {
  it.effect("of the recordings keeps ids, types, times and the order, and masks hardly anything", () =>
    Effect.gen(function* () {
      const pause = Effect.promise(makePauses())
      const log = new MemoryLog()
      for (const { name, path } of recordings) yield* Effect.zipRight(pause, log.record(name, readFileSync(path)))
      const whole = log.bundle({ redaction: "none" })
      yield* pause
      const masked = log.bundle({ redaction: "masked" })
      const skeleton = (bundle: string) =>
        bundle.split("\n").flatMap((line) => {
          if (!line.startsWith('{"event"')) return []
          const { payload: _payload, payloadText: _text, native: _native, ...rest } = JSON.parse(line).event
          return [rest]
        })
      yield* pause
      expect(skeleton(masked.text)).toEqual(skeleton(whole.text))
      expect(masked.outcome.events).toBe(whole.outcome.events)
      expect(masked.outcome.hash).not.toBe(whole.outcome.hash)
      expect(masked.outcome.masked).toMatchInlineSnapshot(`
        [
          {
            "count": 48,
            "kind": "user",
            "secrets": 3,
          },
        ]
      `)
    }),
  )
})

describe("a bundle of the structure", () => {
  it("has no text of a person, an agent or a program, and still folds into the same turns and items", () => {
    const text = "Words that only a person says"
    const log = logWith(text)
    const { outcome, text: bundle } = log.bundle({ redaction: "structure" })
    expect(saidBy(bundle)).not.toContain("Words")
    expect(bundle).toContain(`[text:${text.length}]`)
    expect(outcome.bodies).toBe(0)
    expect(outcome.events).toBe(log.eventsOf(idFor("t")).length)
    expect(outcome.hash).not.toBeNull()
  })

  it("has no key, name or address where a source gives ids, types, words and fields of its own", () => {
    const [key = "", mail, path, name] = [
      `ghp_${"aB3d".repeat(9)}`,
      "alice@acme-mail.io",
      "/home/alice/f.txt",
      "Alice_is_ill",
    ]
    const log = logWith("x")
    const drafts: EventDraft[] = [
      { type: "session.state.changed", payload: { state: "running", reason: key, nativeState: key, flags: [key] } },
      { type: key, payload: { [name]: 1 } },
      { type: "item.started", payload: { kind: "other", nativeKind: mail }, native: { turnId: mail, itemId: path } },
    ].map(({ native, ...fields }, index) => ({
      to: { streamId: idFor("t") },
      sessionId: idFor("s"),
      actor: "provider",
      event: {
        ...fields,
        native: { threadId: mail, ...native },
        channel: "adapter:x",
        seq: index + 1,
        at: 1_795_150_511_000,
        raw: null,
      },
    }))
    expect(Either.isRight(log.submit({ drafts }))).toBe(true)
    const { text } = log.bundle({ redaction: "structure" })
    for (const said of [key, mail, path, name]) expect([said, text.includes(said)]).toEqual([said, false])
    expect(text).toContain("unknown.id-")
    const masked = log.bundle({ redaction: "masked" }).text
    for (const said of [key, mail]) expect([said, masked.includes(said)]).toEqual([said, false])
  })
})
