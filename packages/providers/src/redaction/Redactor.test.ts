import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeRedactor, secretsOfAgent } from "./Redactor.js"

const key = "sk-0123456789abcdef"

const removing = (...values: readonly string[]) => {
  let count = 0
  const redactor = makeRedactor({
    values,
    onRedacted: () => {
      count += 1
    },
  })
  if (redactor === null) throw new Error("nothing is held")
  return { ...redactor, count: () => count }
}

describe("what is held", () => {
  it("are the secrets of the environment and of the command line, and what the server adds", () => {
    const environment = { OPENAI_API_KEY: key, PATH: "/usr/bin", CLAUDE_CODE_MAX_OUTPUT_TOKENS: "32000000" }
    const args = ["app-server", "-c", 'token="quoted-secret"', "--api-key", "option-secret", "--max-tokens=10000000"]
    const others = { values: ["server-token"], onRedacted: () => {} }
    expect(secretsOfAgent(environment, args, others).values).toEqual([
      key,
      "quoted-secret",
      "option-secret",
      "server-token",
    ])
  })

  it("may be nothing", () => {
    expect(makeRedactor({ values: ["", ""], onRedacted: () => {} })).toBeNull()
  })
})

describe("the redaction of secrets", () => {
  it("leaves a value that holds none as it is", () => {
    const { count, value } = removing(key)
    const payload = { a: ["text", 1, null, { b: true }], c: undefined }
    expect(value(payload)).toBe(payload)
    expect(count()).toBe(0)
  })

  it("takes them out of texts and names at any depth, and counts the places", () => {
    const { count, value } = removing(key)
    expect(value({ a: [`x ${key} ${key} y`, 1], [key]: { b: null } })).toEqual({
      a: ["x [removed] [removed] y", 1],
      "[removed]": { b: null },
    })
    expect(count()).toBe(3)
  })

  it("finds them where they are escaped, once or twice", () => {
    const secret = 'pass"word\\1'
    const { text } = removing(secret)
    const line = JSON.stringify({ said: secret, arguments: JSON.stringify({ said: secret }) })
    expect(JSON.parse(text(line))).toEqual({ said: "[removed]", arguments: '{"said":"[removed]"}' })
  })

  it("names in payloads what the envelopes name: ids of theirs keep apart and keep together", () => {
    const { id, value } = removing(key, "other-secret-value")
    const parent = `thread ${key}`
    expect(value({ parentNativeThreadId: parent, note: parent, childNativeThreadIds: [parent, "plain"] })).toEqual({
      parentNativeThreadId: id(parent),
      note: "thread [removed]",
      childNativeThreadIds: [id(parent), "plain"],
    })
    expect(value({ nativeSessionId: "other-secret-value" })).not.toEqual(value({ nativeSessionId: key }))
    expect(id(parent)).not.toContain(key)
  })

  it("gives back every id that it took a value from, and no other", () => {
    const { id, real } = removing(key, 'with"quote\\1', `${key}-longer`)
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(key, 'with"quote\\1', `${key}-longer`), fc.string()), { maxLength: 4 }),
        (parts) => {
          const whole = parts.join("")
          const texts = [whole, JSON.stringify(whole)]
          for (const text of texts) {
            expect(real(id(text))).toBe(text)
            for (const secret of [key, 'with"quote\\1']) expect(id(text)).not.toContain(secret)
          }
        },
      ),
    )
  })

  it("takes the longer one where one holds the other", () => {
    expect(removing(key, `${key}-and-more`).text(`a ${key}-and-more b ${key}`)).toBe("a [removed] b [removed]")
    const { text } = removing("secret-and-more", "secret")
    expect(text("x secret-and-more y secret z secret")).toBe("x [removed] y [removed] z [removed]")
  })
})

describe("a secret that several pieces tell", () => {
  const line = (delta: string) => JSON.stringify({ method: "delta", params: { delta, itemId: "i" } })
  const reported = (...texts: readonly string[]) => texts.map((text) => ({ text, raw: line(text) }))

  it("is taken out of them and of their lines", () => {
    const { count, pieces } = removing(key)
    expect(pieces(reported("the key sk-01", "2345", "6789abcdef, see", " above"), "")).toEqual(
      reported("the key [removed]", "", ", see", " above"),
    )
    expect(count()).toBe(1)
  })

  it("is taken out of what follows where its beginning is recorded already", () => {
    expect(removing(key).pieces(reported("3456789abcdef", " and on"), "the key sk-012")).toEqual(
      reported("[removed]", " and on"),
    )
  })

  it("leaves nothing of a line that is no JSON", () => {
    const [first] = removing(key).pieces([{ text: `a ${key}`, raw: `delta: a ${key}` }], "")
    expect(first).toEqual({ text: "a [removed]", raw: "[removed]" })
  })

  it("begins with the end of a text that is its beginning, and is as long as is asked for", () => {
    const { openEnd } = removing(key, "other-secret")
    expect(openEnd("the key sk-0", 4)).toBe("sk-0")
    expect(openEnd("the key sk-", 4)).toBe("")
    expect(openEnd("the key sk-", 1)).toBe("sk-")
    expect(openEnd("sk-0 is no end", 1)).toBe("")
    expect(openEnd(`whole: ${key}`, 1)).toBe("")
    expect(openEnd("an oth", 1)).toBe("oth")
  })
})
