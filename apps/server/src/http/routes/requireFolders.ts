/** The folder that a command names for an agent's work: it must be there before anything is done. */
import { stat } from "node:fs/promises"
import { isAbsolute } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"

const wrong = (detail: string) => Effect.fail(new Problem({ slug: "invalid-request", detail }))

/** Fails with `invalid-request` unless a folder is absolute and there. @param place the field that names it */
const requireFolder = (place: string, folder: unknown): Effect.Effect<void, Problem> => {
  if (typeof folder !== "string") return Effect.void
  if (!isAbsolute(folder)) return wrong(`${place}: expected an absolute path.`)
  const found = Effect.orElseSucceed(
    Effect.tryPromise(() => stat(folder)),
    () => null,
  )
  return Effect.flatMap(found, (stats) =>
    stats?.isDirectory() === true
      ? Effect.void
      : wrong(
          `${place}: ${stats === null ? "there is nothing at" : "this is no folder:"} ${folder}. Make it, or name another.`,
        ),
  )
}

/** The folders that a body names, its own and that of its settings. A null is none. */
export const requireFolders = (body: {
  readonly cwd?: unknown
  readonly settings?: Readonly<Record<string, unknown>> | null | undefined
}): Effect.Effect<void, Problem> =>
  Effect.zipRight(requireFolder("cwd", body.cwd), requireFolder("settings.cwd", body.settings?.cwd))
