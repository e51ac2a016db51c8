/**
 * Folders from which we run no code: the current directory of the server and the folder of a thread. A cloned repository may
 * hold anything, even a program named `codex` or a package that we would import.
 */
import { realpathSync } from "node:fs"
import { userInfo } from "node:os"
import { dirname, isAbsolute, relative, resolve, sep } from "node:path"

/** A folder that is not trusted. */
export interface UntrustedFolder {
  /** Absolute path, with links resolved. */
  readonly path: string
  /** What it is, in a sentence: `the current directory`. */
  readonly name: string
  /** False: programs inside are trusted, packages are not (a home directory, or a folder of the system). */
  readonly programs: boolean
}

/** The facts of the machine on which trust depends. */
export interface TrustFacts {
  /** Current directory of the process. */
  readonly cwd: string
  /** Home directory of the user from the system's user database, because the variable HOME may hold anything. */
  readonly home: string
  /** The Node program that runs this process. */
  readonly node: string
}

/** Resolves the links of a path, as far as the path exists. */
const real = (path: string): string => {
  try {
    return realpathSync.native(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : resolve(real(above), relative(above, path))
  }
}

const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)

const homeOfUser = (): string => {
  try {
    return userInfo().homedir
  } catch {
    // In some containers the system has no entry for the user. Then no folder is the home directory.
    return ""
  }
}

/** The facts of this process. */
export const trustFacts = (): TrustFacts => ({ cwd: process.cwd(), home: homeOfUser(), node: process.execPath })

/**
 * The folders that are not trusted for a thread of this folder. Without a folder: those that the server does not trust.
 *
 * A folder that contains the home directory or our Node program is no clone: the user and the system keep their programs
 * there (`~/.local/bin`, `/usr/bin`). So programs inside it are trusted.
 */
export const untrustedFolders = (folder?: string, facts: TrustFacts = trustFacts()): readonly UntrustedFolder[] => {
  const node = real(facts.node)
  const home = facts.home === "" ? null : real(facts.home)
  const untrusted = (path: string, name: string): UntrustedFolder => {
    const at = real(resolve(facts.cwd, path))
    return { path: at, name, programs: !(isInside(node, at) || (home !== null && isInside(home, at))) }
  }
  return [
    untrusted(facts.cwd, "the current directory"),
    ...(folder === undefined ? [] : [untrusted(folder, "the thread's folder")]),
  ]
}

/** The folders whose `node_modules` are part of a path. */
const ownersOfModules = (path: string): readonly string[] => {
  const parts = path.split(sep)
  return parts.flatMap((part, index) => (part === "node_modules" ? [parts.slice(0, index).join(sep) || sep] : []))
}

const reasonOf = (path: string, folders: readonly UntrustedFolder[]): string | null => {
  for (const folder of folders) {
    if (folder.programs && isInside(path, folder.path)) return `it is inside ${folder.name}`
    // npm puts the programs of every project above the current directory on the PATH of what it runs.
    if (ownersOfModules(path).some((owner) => isInside(folder.path, owner))) {
      return `it belongs to packages installed in or above ${folder.name}`
    }
  }
  return null
}

/** Why no code is run from a path, as part of a sentence. Null: code may run. The targets of links count, too. */
export const whyUntrusted = (path: string, folders: readonly UntrustedFolder[]): string | null => {
  if (!isAbsolute(path)) return "it is relative to the folder in which a program starts"
  // The links of the folder are resolved. The file itself is checked by its name first, then with its link resolved.
  const named = resolve(real(dirname(path)), relative(dirname(path), path))
  return reasonOf(resolve(path), folders) ?? reasonOf(named, folders) ?? reasonOf(real(path), folders)
}
