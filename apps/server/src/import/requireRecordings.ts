/** A file in which nothing is a message of the agent is refused before anything of it, or of its neighbours, is stored. */
import { open } from "node:fs/promises"
import { Problem } from "@threadfold/contracts"
import { makeCodexTranslator, parseRecordingLine } from "@threadfold/providers"
import { Effect } from "effect"
import { guessOf } from "./guess.js"
import { linesOf } from "./lines.js"

/** Bytes of a file that a guess is made of. */
const headBytes = 64 * 1024

/** Whether some line of a file says something. Reads no further than to the first that does: the second, mostly. */
const saysSomething = async (file: string): Promise<boolean> => {
  const translator = makeCodexTranslator({ mode: "imported", recordsClient: true })
  for await (const { isTooLong, text } of linesOf(file)) {
    if (isTooLong || text.trim() === "") continue
    const parsed = parseRecordingLine(text)
    if (!("problem" in parsed) && translator.push(parsed).fate === "mapped") return true
  }
  return false
}

const guess = async (file: string): Promise<string> => {
  const handle = await open(file)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return guessOf(buffer.subarray(0, bytesRead), bytesRead < headBytes)
  } finally {
    await handle.close()
  }
}

/** Looks into every file. Fails with `not-a-recording`, or with what `unreadable` makes of a file that cannot be read. */
export const requireRecordings = (
  files: readonly string[],
  unreadable: (file: string) => (error: unknown) => Problem,
): Effect.Effect<void, Problem> =>
  Effect.forEach(
    files,
    (file) =>
      Effect.gen(function* () {
        const catching = <A>(look: () => Promise<A>) => Effect.tryPromise({ try: look, catch: unreadable(file) })
        if (yield* catching(() => saysSomething(file))) return
        const what = yield* catching(() => guess(file))
        const detail = `${file} has no message of Codex app-server about a thread. It seems to be ${what}.`
        return yield* new Problem({ slug: "not-a-recording", detail })
      }),
    { discard: true },
  )
