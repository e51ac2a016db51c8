import { expect, it } from "vitest"
import { amendDraft, bodyOf, canSend, type Draft, draftOf, emptyDraft } from "./drafts.js"

const draft = (text: string, attachments: Draft["attachments"] = []): Draft => ({ text, attachments })
const blob = { hash: "a".repeat(64), mediaType: "image/png", size: 1, storedAt: 1 }
const image = (fields: object = {}) => ({
  kind: "image" as const,
  id: "1",
  name: "n",
  preview: "blob:x",
  blob,
  problem: null,
  ...fields,
})

it("is sent when it says something and all that goes with it is there", () => {
  expect(canSend(emptyDraft)).toBe(false)
  expect(canSend(draft(" \n"))).toBe(false)
  expect(canSend(draft("a"))).toBe(true)
  expect(canSend(draft("", [image()]))).toBe(true)
  expect(canSend(draft("a", [image({ blob: null })]))).toBe(false)
  expect(canSend(draft("a", [image({ problem: "no" })]))).toBe(false)
})

it("becomes the body of a message", () => {
  expect(bodyOf(draft("a\n"), true)).toEqual({ text: "a\n" })
  expect(bodyOf(draft("", [image()]), true)).toEqual({ parts: [{ type: "image", hash: blob.hash }] })
  const mentions = [
    { kind: "mention" as const, id: "1", path: "src/a.ts" },
    { kind: "mention" as const, id: "2", path: "docs//" },
    { kind: "mention" as const, id: "3", path: "/" },
  ]
  expect(bodyOf(draft("a", mentions), true)).toEqual({
    text: "a",
    parts: [
      { type: "file", path: "src/a.ts" },
      { type: "directory", path: "docs" },
      { type: "directory", path: "." },
    ],
  })
})

it("is a command where the agent takes commands", () => {
  expect(bodyOf(draft("/review  the\nlast turn"), true)).toEqual({
    parts: [{ type: "command", name: "review", arguments: "the\nlast turn" }],
  })
  expect(bodyOf(draft("/compact"), true)).toEqual({ parts: [{ type: "command", name: "compact" }] })
  expect(bodyOf(draft("/compact"), false)).toEqual({ text: "/compact" })
  for (const text of ["/", "/ a", "a /b"]) expect(bodyOf(draft(text), true)).toEqual({ text })
})

it("is kept for each thread", () => {
  amendDraft("one", (now) => ({ ...now, text: "a" }))
  expect([draftOf("one").text, draftOf("two").text]).toEqual(["a", ""])
})
