import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { recordings } from "../../test/support/codexWire.js"
import { parseRecordingLine, readRecording } from "./parseRecordingLine.js"

const ts = "2026-11-20T04:54:41.150Z"
const at = 1795150481150

describe("a recorded line amid noise", () => {
  const recorded = { ts: "2026-11-20T05:00:00.000Z", dir: "recv", msg: { method: "m" } }
  it("is read, its text kept as it is; two in one line are a problem, since one of them would be lost", () => {
    const text = `\u001b[0m${JSON.stringify(recorded)}\r`
    expect(parseRecordingLine(text)).toMatchObject({ dir: "recv", raw: text, message: { method: "m" } })
    const two = JSON.stringify(recorded) + JSON.stringify(recorded)
    expect(parseRecordingLine(two)).toEqual({ problem: "not JSON: the line is broken or cut" })
  })
})

describe("a line of a recording", () => {
  it("is a message in either direction, verbatim and decoded", () => {
    const raw = `{ "ts":"${ts}", "dir":"recv","msg":{"id":0} }`
    expect(parseRecordingLine(raw)).toEqual({ at, dir: "recv", raw, message: { id: 0 } })
    const nothing = `{"ts":"${ts}","dir":"send","msg":null}`
    expect(parseRecordingLine(nothing)).toEqual({ at, dir: "send", raw: nothing, message: null })
  })

  it("is a line of stderr, or a note of the recorder with its fields", () => {
    const said = `{"ts":"${ts}","dir":"stderr","line":""}`
    expect(parseRecordingLine(said)).toEqual({ at, dir: "stderr", raw: said, text: "" })
    const note = `{"ts":"${ts}","dir":"meta","event":"exit","code":null,"sig":"SIGKILL"}`
    expect(parseRecordingLine(note)).toEqual({
      at,
      dir: "meta",
      raw: note,
      event: "exit",
      fields: { code: null, sig: "SIGKILL" },
    })
  })

  it("of a direction we do not know is kept as it is", () => {
    const raw = `{"ts":"${ts}","dir":"upgrade","url":"/"}`
    expect(parseRecordingLine(raw)).toEqual({ at, dir: "upgrade", raw })
  })

  it.each([
    ["", "not JSON: the line is broken or cut"],
    [`{"ts":"${ts}","dir":"recv","msg":{"method":"tu`, "not JSON: the line is broken or cut"],
    ["null", "not a JSON object"],
    ["[1]", "not a JSON object"],
    [`{"dir":"recv","msg":{}}`, "ts: expected an ISO time"],
    [`{"ts":5,"dir":"recv","msg":{}}`, "ts: expected an ISO time"],
    [`{"ts":"yesterday","dir":"recv","msg":{}}`, "ts: expected an ISO time"],
    [`{"ts":"2026-13-45T04:54:41Z","dir":"recv","msg":{}}`, "ts: expected an ISO time"],
    [`{"ts":"${ts}","msg":{}}`, "dir: expected a text"],
    [`{"ts":"${ts}","dir":"send"}`, "msg: a message line has none"],
    [`{"ts":"${ts}","dir":"stderr"}`, "line: expected a string"],
    [`{"ts":"${ts}","dir":"meta"}`, "event: expected a string"],
  ])("that reads %j is a problem with a name", (text, problem) => {
    expect(parseRecordingLine(text)).toEqual({ problem })
  })

  it("never throws", () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(fc.constantFrom("ts", "dir", "msg", "line"), fc.jsonValue()).map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(text, (line) => {
        const parsed = parseRecordingLine(line)
        expect("problem" in parsed ? parsed.problem !== "" : parsed.raw === line).toBe(true)
      }),
    )
  })
})

describe("a recording", () => {
  it("is read whole, and a broken line costs no other", () => {
    const good = `{"ts":"${ts}","dir":"stderr","line":"x"}`
    const { lines, problems } = readRecording([good, "", "{cut", good, ""].join("\n"))
    expect(lines.map(({ raw }) => raw)).toEqual([good, good])
    expect(problems).toEqual([{ line: 3, problem: "not JSON: the line is broken or cut" }])
  })

  it("reads every real one without a problem", () => {
    for (const { name, text } of recordings) expect(readRecording(text).problems, name).toEqual([])
  })
})
