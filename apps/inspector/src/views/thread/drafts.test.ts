import { expect, it } from "vitest"
import {
  amendDraft,
  amendImage,
  amendMention,
  bodyOf,
  canSend,
  type Draft,
  draftOf,
  emptyDraft,
  givenAs,
  longestImage,
  mostAttachments,
} from "./drafts.js"

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

it("attaches images, mentions other files and folders, and refuses what an agent does not take", () => {
  const png = { file: new File(["x"], "a.png", { type: "image/png" }), isDirectory: false }
  const svg = { file: new File(["x"], "a.svg", { type: "image/svg+xml" }), isDirectory: false }
  const folder = { file: new File([], "src"), isDirectory: true }
  const all = [png, svg, folder]
  const of = (images: boolean, mentions: boolean, held = 0) =>
    givenAs(all, { images, mentions }, held).map((one) =>
      one.kind === "image" ? `image ${one.file.name}` : one.kind === "mention" ? one.path : `no ${one.name}`,
    )
  expect(of(true, true)).toEqual(["image a.png", "a.svg", "src/"])
  expect(of(false, true)).toEqual(["a.png", "a.svg", "src/"])
  expect(of(true, false)).toEqual(["image a.png", "no a.svg", "no src"])
  expect(of(false, false)).toEqual(["no a.png", "no a.svg", "no src"])
  expect(of(true, true, mostAttachments - 1)).toEqual(["image a.png"])
  expect(of(true, true, mostAttachments + 1)).toEqual([])
})

it("refuses an image that no server takes, before it is sent there", () => {
  const of = (size: number) => {
    const file = new File([new Uint8Array(size)], "a.png", { type: "image/png" })
    const [one] = givenAs([{ file, isDirectory: false }], { images: true, mentions: true }, 0)
    return one?.kind === "refused" ? one.problem : one?.kind
  }
  expect(of(longestImage)).toBe("image")
  expect(of(longestImage * 2)).toBe("It has 16 MiB: an image has 8 MiB at most.")
  expect(of(0)).toBe("It is empty.")
})

it("keeps why an image cannot be shown, also where the server has taken it", () => {
  amendDraft("images", (now) => ({ ...now, attachments: [image({ blob: null })] }))
  amendImage("images", "1", { problem: "damaged" })
  amendImage("images", "1", { blob })
  expect(draftOf("images").attachments).toEqual([image({ problem: "damaged" })])
  expect(canSend(draftOf("images"))).toBe(false)
})

it("has the path of a mention written again, or taken out", () => {
  const mention = (id: string, path: string) => ({ kind: "mention" as const, id, path })
  amendDraft("mentions", (now) => ({ ...now, attachments: [mention("1", "a.ts"), image(), mention("2", "b.ts")] }))
  amendMention("mentions", "2", "src/b.ts")
  // The image has the same id as the first mention.
  amendMention("mentions", "1", "")
  expect(draftOf("mentions").attachments).toEqual([image(), mention("2", "src/b.ts")])
})
