import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { receivedLines } from "./liveLines.js"
import { messagesIn } from "./messagesIn.js"

const message = { method: "turn/started", params: { text: 'a "{" and a \\ and \u001b[1m', nested: { id: "x" } } }
const json = JSON.stringify(message)
const messages = (raw: string) => receivedLines(7, raw).map((line) => line.message)

describe("a line of the agent", () => {
  it.each([
    ["escape sequences before and behind", `\u001b[2K\u001b[1G${json}\u001b[0m`],
    ["an operating system command", `\u001b]0;title\u0007${json}`],
    ["escape sequences inside", json.replace(',"params"', ',\u001b[?25l"params"')],
    ["a progress bar", `Downloading 100%${json}`],
    ["a prompt", `Continue? [y/N] ${json}`],
    ["braces that begin no message", `{ warning {} ${json} }`],
    ["a carriage return and a NUL", `\r\u0000${json}\r`],
    ["a byte order mark", `\ufeff${json}`],
  ])("with %s is understood", (_, raw) => {
    expect(messages(raw)).toEqual([message])
    expect(receivedLines(7, raw)[0]?.raw).toBe(raw)
  })

  it.each([
    ["torn", `${json.slice(0, -1)}`],
    ["torn within", '{"method":"a","params":{"item":{"type":"x","id":"y"}'],
    ["nested too deeply", `{"method":"a","params":${'{"type":"x","p":'.repeat(600)}1${"}".repeat(601)}`],
  ])("that is %s tells nothing of what is inside it", (_, raw) => {
    expect(messages(raw)).toEqual([undefined])
  })

  it("that holds two messages is two, which share its text", () => {
    const raw = `x${json}y{"id":0,"result":{}}z`
    expect(messages(raw)).toEqual([message, { id: 0, result: {} }])
    expect(
      receivedLines(7, raw)
        .map((line) => line.raw)
        .join(""),
    ).toBe(raw)
  })

  it.each(["no message", "", "{", '{"a":1} {"b"', '{"level":"warn"} noise', '"text"', "[1,2]", "null"])(
    "that holds none is kept as it is: %s",
    (raw) => {
      const lines = receivedLines(7, raw)
      expect(lines).toHaveLength(1)
      expect(lines[0]?.raw).toBe(raw)
    },
  )

  it("is understood between any noise without braces, and never costs more than a few passes", () => {
    const noise = fc.string({ maxLength: 20 }).map((text) => text.replace(/[{}"]/g, "").replaceAll("\u001b", ""))
    const value = fc.jsonValue({ maxDepth: 3 })
    fc.assert(
      fc.property(noise, value, noise, (before, params, behind) => {
        const one = JSON.parse(JSON.stringify({ method: "m", params }))
        expect(messages(`${before}${JSON.stringify(one)}${behind}`)).toEqual([one])
      }),
    )
    const open = "{".repeat(200_000)
    expect(messagesIn(open)).toEqual([])
    expect(messagesIn(`${open}${json}`)).toEqual([])
  })
})
