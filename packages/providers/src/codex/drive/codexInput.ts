/** The parts of a message as input of Codex. */
import { createHash } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { Effect, type Scope } from "effect"
import type { DrivenPart } from "../../ProviderDriver.js"
import { type Fields, hintArray, hintText, isFields } from "../../runtime/readFields.js"

/** Writes an image into a file that only we and the agent can read, and names it. The file goes with the connection. */
export type ImageFiles = (mediaType: string, bytes: Uint8Array) => Effect.Effect<string>

const endings: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
}

/**
 * Files for images. Codex reads an image from a file when the message comes, and repeats its path alone; bytes on the wire it would repeat
 * whole.
 */
export const makeImageFiles: Effect.Effect<ImageFiles, never, Scope.Scope> = Effect.gen(function* () {
  const made = Effect.promise(() => mkdtemp(join(tmpdir(), "threadfold-images-")))
  const folder = yield* Effect.cached(made)
  let isMade = false
  yield* Effect.addFinalizer(() =>
    isMade
      ? Effect.flatMap(folder, (path) => Effect.promise(() => rm(path, { recursive: true, force: true })))
      : Effect.void,
  )
  return (mediaType, bytes) =>
    Effect.gen(function* () {
      isMade = true
      const hash = createHash("sha256").update(bytes).digest("hex")
      const file = join(yield* folder, `${hash}.${endings[mediaType] ?? "bin"}`)
      yield* Effect.promise(() => writeFile(file, bytes, { mode: 0o600 }))
      return file
    })
})

/** A text as input. */
export const textInput = (text: string): Fields => ({ type: "text", text, text_elements: [] })

/** Where a skill lies, by its name, out of the answer to `skills/list`; null: there is none, or it is switched off. */
export const skillPath = (answer: unknown, name: string): string | null => {
  if (!isFields(answer)) return null
  for (const entry of hintArray(answer, "data")) {
    if (!isFields(entry)) continue
    for (const skill of hintArray(entry, "skills")) {
      if (isFields(skill) && skill.enabled !== false && hintText(skill, "name") === name)
        return hintText(skill, "path") ?? null
    }
  }
  return null
}

/** What parts need beside themselves. */
export interface InputNeeds<E> {
  readonly images: ImageFiles
  /** Where a skill lies. Fails where there is none of this name. */
  readonly skill: (name: string) => Effect.Effect<string, E>
}

/**
 * The input of parts. A mention is told twice: Codex takes it as what it is for, and the model reads the path in the text. A slash command
 * is none of Codex: it is not sent (`commands` of the capabilities).
 */
export const codexInput = <E>(
  parts: readonly DrivenPart[],
  { images, skill }: InputNeeds<E>,
): Effect.Effect<readonly Fields[], E> =>
  Effect.map(
    Effect.forEach(parts, (part): Effect.Effect<readonly Fields[], E> => {
      switch (part.type) {
        case "text":
          return Effect.succeed([textInput(part.text)])
        case "image":
          return Effect.map(images(part.mediaType, part.bytes), (path) => [{ type: "localImage", path }])
        case "file":
        case "directory":
          return Effect.succeed([textInput(part.path), { type: "mention", name: basename(part.path), path: part.path }])
        case "skill":
          return Effect.map(skill(part.name), (path) => [{ type: "skill", name: part.name, path }])
        case "command":
          return Effect.succeed([])
      }
    }),
    (inputs) => inputs.flat(),
  )
