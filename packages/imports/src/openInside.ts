/** Opens a file below a folder and nowhere else, whatever its path says and wherever links lead. */
import { constants } from "node:fs"
import { type FileHandle, open, realpath, stat } from "node:fs/promises"
import { isAbsolute, resolve, sep } from "node:path"
import { Data } from "effect"

/** A path does not lead to a file below the folder, or there is nothing to be read. */
export class CannotOpen extends Data.TaggedError("CannotOpen")<{
  readonly path: string
  /** `outside`: it may not be opened; `missing`: it cannot be. */
  readonly kind: "outside" | "missing"
  /** Why, to follow the path. It names no other path: that of the folder is not for every caller. */
  readonly why: string
}> {
  override get message(): string {
    return `${JSON.stringify(this.path)} ${this.why}.`
  }
}

const outside = (path: string, why: string) => new CannotOpen({ path, kind: "outside", why })

const isBelow = (root: string, file: string): boolean => file.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)

/** Whether a real path is below a folder. */
export const isInside = async (folder: string, real: string): Promise<boolean> => isBelow(await realpath(folder), real)

/** What a path may not be, by its text alone. Null: nothing is wrong with it. */
export const pathFault = (path: string): string | null => {
  if (path === "" || path.includes("\0")) return "is no path"
  return isAbsolute(path) || path.split(/[\\/]/).includes("..") ? "leads out of the folder" : null
}

/** What was opened is looked at, not what the path may be a moment later. */
const openBelow = async (folder: string, path: string, root: string): Promise<FileHandle> => {
  const [inner, outer] = await Promise.all([realpath(folder), realpath(root)])
  const file = await realpath(resolve(inner, path))
  const mayOpen = (real: string): boolean => isBelow(inner, real) && isBelow(outer, real)
  if (file === inner) throw outside(path, "is no file")
  if (!mayOpen(file)) throw outside(path, "leads out of the folder")
  if (!(await stat(file)).isFile()) throw outside(path, "is no file")
  // Without waiting, should the file be a pipe by now: it would hold the call until a program writes to it.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const [opened, named] = await Promise.all([handle.stat(), stat(await realpath(file))])
    if (opened.dev !== named.dev || opened.ino !== named.ino || !mayOpen(await realpath(file))) {
      throw outside(path, "was changed while it was opened")
    }
    if (!opened.isFile()) throw outside(path, "is no file")
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * Opens the file at a path below a folder, for reading. The caller closes it. Rejects with `CannotOpen` alone.
 *
 * @param root a folder around that one which must hold the file, too, whatever becomes of the folder meanwhile
 */
export const openInside = async (folder: string, path: string, root = folder): Promise<FileHandle> => {
  const fault = pathFault(path)
  if (fault !== null) throw outside(path, fault)
  try {
    return await openBelow(folder, path, root)
  } catch (error) {
    if (error instanceof CannotOpen) throw error
    // The words of the system name the whole path.
    const code = error instanceof Error && "code" in error ? String(error.code) : null
    const why = code === "ENOENT" || code === "ENOTDIR" ? "is not there" : `cannot be read (${code ?? "no reason"})`
    throw new CannotOpen({ path, kind: "missing", why })
  }
}
