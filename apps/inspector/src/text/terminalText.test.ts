import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bareCommand, cleanOutput, lastLines, terminalPieces } from "./terminalText.js"

const control = /(?![\t\n])\p{Cc}/u

const textOf = (output: string): string =>
  terminalPieces(output)
    .map(({ text }) => text)
    .join("")

describe("output of a command", () => {
  it("has its colours and decorations", () => {
    expect(terminalPieces("a \u001b[31mred\u001b[0m \u001b[1;92mgood\u001b[0m")).toEqual([
      { text: "a ", colour: "", ground: "", looks: [] },
      { text: "red", colour: "red", ground: "", looks: [] },
      { text: " ", colour: "", ground: "", looks: [] },
      { text: "good", colour: "bright-green", ground: "", looks: ["bold"] },
    ])
  })

  it("has of a link its text alone", () => {
    const link =
      "\u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007 and \u001b]8;;https://example.com\u001b\\here\u001b]8;;\u001b\\"
    expect(textOf(link)).toBe("click and here")
  })

  it.each([
    ["a title of a window", "\u001b]0;title\u0007x", "x"],
    ["a jump of the cursor", "\u001b[2J\u001b[1;1Hx\u001b[K", "x"],
    ["a private mode", "\u001b[?25lx\u001b[?25h", "x"],
    ["a device string", "\u001bP1$r0m\u001b\\x", "x"],
    ["a choice of a character set", "\u001b(Bx", "x"],
    ["a sequence that is cut off", "x\u001b[3", "x"],
    ["a link that is cut off", "x\u001b]8;;https://exa", "x"],
    ["a bell and a backspace", "\u0007x\u0008", "x"],
    ["lines of another system", "a\r\nb\r\n", "a\nb\n"],
    ["a progress bar", "10%\r50%\r100%\ndone", "100%\ndone"],
  ])("is free of %s", (_, output, shown) => {
    expect(textOf(output)).toBe(shown)
  })

  it("never holds a control character but tabs and ends of lines", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "\u001b",
            "[",
            "]",
            "8",
            ";",
            "m",
            "\u0007",
            "\\",
            "x",
            "\n",
            "\r",
            "3",
            "1",
            "P",
            "?",
            "\u0000",
            "\u009b",
          ),
          { maxLength: 60 },
        ),
        (signs) => {
          expect(textOf(signs.join(""))).not.toMatch(control)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it("shows HTML as text", () => {
    expect(cleanOutput("<img src=x onerror=alert(1)>&amp;")).toBe("<img src=x onerror=alert(1)>&amp;")
  })
})

it("gives the last lines", () => {
  expect([lastLines("a\nb\nc\n", 2), lastLines("a", 3), lastLines("", 3), lastLines("a\nb\n\n\n", 1)]).toEqual([
    "b\nc",
    "a",
    "",
    "b",
  ])
})

it.each([
  ["npm test", "npm test"],
  ["/bin/bash -lc 'npm test'", "npm test"],
  ['bash -c "npm test"', "npm test"],
  ["zsh -lc ls", "ls"],
  [`/bin/bash -lc 'echo '"'"'a b'"'"''`, "echo 'a b'"],
  [`sh -c 'it'\\''s'`, "it's"],
  [`sh -c 'a' 'b'`, "'a' 'b'"],
  ['sh -c "a $b"', '"a $b"'],
  ["bash script.sh", "bash script.sh"],
])("shows %s as what is run", (command, shown) => {
  expect(bareCommand(command)).toBe(shown)
})
