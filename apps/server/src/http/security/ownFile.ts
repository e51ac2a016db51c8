/** Small files of the data directory that decide about who may call: read only where no other user can have written or read them. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs"

/** What lies where such a file should. */
export type OwnFile =
  | { readonly is: "none" }
  | { readonly is: "text"; readonly text: string }
  /** Others may know it, or may have changed it. */
  | { readonly is: "spoiled"; readonly why: string }

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null)

/** Reads a file without following a link. Throws a sentence for what is no file of ours. */
export const readOwnFile = (file: string): OwnFile => {
  let handle: number
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { is: "none" }
    if (codeOf(error) === "ELOOP") throw new Error("it is a link, and where it leads is not ours: remove it")
    throw error
  }
  try {
    const stats = fstatSync(handle)
    if (!stats.isFile()) throw new Error("it is no file: remove it")
    if (process.getuid !== undefined && stats.uid !== process.getuid()) {
      throw new Error(`it belongs to user ${stats.uid}, not to this one: remove it`)
    }
    const text = readFileSync(handle, "utf8")
    const mode = stats.mode & 0o777
    return process.platform !== "win32" && (mode & 0o077) !== 0
      ? { is: "spoiled", why: `others could read or change it (mode ${mode.toString(8)})` }
      : { is: "text", text }
  } finally {
    closeSync(handle)
  }
}
