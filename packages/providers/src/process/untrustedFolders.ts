/**
 * Folders that do not decide which code we run: the one that we were started in and the one of a thread. A cloned
 * repository may hold anything, also a program named `codex` or a package that we would import.
 */
import { realpathSync } from "node:fs"
import { userInfo } from "node:os"
import { dirname, isAbsolute, relative, resolve, sep } from "node:path"

/** A folder whose content is foreign to us. */
export interface UntrustedFolder {
  /** Absolute path, links followed. */
  readonly path: string
  /** What it is, in a sentence: `the current directory`. */
  readonly name: string
  /** False: programs inside are trusted, packages are not (a home directory, or a folder of the system). */
  readonly programs: boolean
}

/** The machine, as far as trust depends on it. */
export interface TrustFacts {
  /** Current directory of the process. */
  readonly cwd: string
  /** Home directory of the user, as the system knows it: the variable HOME may say anything. */
  readonly home: string
  /** The Node that we run by. */
  readonly node: string
}

/** Follows links as far as the path exists. */
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
    // A user that the system has no entry for, as in some containers: no folder is its home.
    return ""
  }
}

/** This process. */
export const trustFacts = (): TrustFacts => ({ cwd: process.cwd(), home: homeOfUser(), node: process.execPath })

/**
 * The folders that are not trusted while a thread of this folder is served; without one, those of the server itself.
 *
 * A folder that contains the home directory, or the Node that we run by, is no clone: it is where the user and the system
 * keep their programs (`~/.local/bin`, `/usr/bin`).
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

/** The folders whose `node_modules` a path goes through. */
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

/** Why no code is run from a path, as part of a sentence; null: it may be. Links are followed: where they lead counts, too. */
export const whyUntrusted = (path: string, folders: readonly UntrustedFolder[]): string | null => {
  if (!isAbsolute(path)) return "it is relative to the folder in which a program starts"
  // Links of the folder are followed, the file itself is first taken as it is named.
  const named = resolve(real(dirname(path)), relative(dirname(path), path))
  return reasonOf(resolve(path), folders) ?? reasonOf(named, folders) ?? reasonOf(real(path), folders)
}
