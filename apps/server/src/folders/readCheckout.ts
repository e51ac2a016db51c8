/** What git has checked out in a folder, read from git's own files: no program runs, and no hook or configuration of the folder is heard. */
import { constants } from "node:fs"
import { open, stat } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import type { GitCheckout } from "@threadfold/contracts"
import { Effect } from "effect"

/** Folders above the one that is asked about in which a checkout may begin. */
const highest = 64
/** How much of a small file of git is read, bytes. */
const smallFile = 4 * 1024
/** How much of a list of references is read, bytes. What stands behind it is not known. */
const referenceList = 1024 * 1024

/** The beginning of a file as text; null: it is none, or cannot be read. */
const beginningOf = async (path: string, bytes: number): Promise<string | null> => {
  try {
    // A pipe in the place of the file must not be waited for.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      if (!(await file.stat()).isFile()) return null
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
      return buffer.toString("utf8", 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return null
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

const hash = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/

/** The folder of git for a checkout that begins at `root`; null: none does. */
const gitFolderOf = async (root: string): Promise<string | null> => {
  const path = join(root, ".git")
  if (await isFolder(path)) return path
  const named = /^gitdir: (.+)$/m.exec((await beginningOf(path, smallFile)) ?? "")?.[1]
  return named === undefined ? null : resolve(root, named.trim())
}

/** The commit that a branch is at; null: it is not known. */
const commitOf = async (repository: string, reference: string): Promise<string | null> => {
  const loose = (await beginningOf(join(repository, reference), smallFile))?.trim() ?? ""
  if (hash.test(loose)) return loose
  const packed = (await beginningOf(join(repository, "packed-refs"), referenceList)) ?? ""
  const line = packed.split("\n").find((one) => one.endsWith(` ${reference}`))
  const [commit = ""] = line?.split(" ") ?? []
  return hash.test(commit) ? commit : null
}

const checkoutAt = async (root: string): Promise<GitCheckout | null> => {
  const folder = await gitFolderOf(root)
  const head = folder === null ? null : ((await beginningOf(join(folder, "HEAD"), smallFile))?.trim() ?? null)
  if (folder === null || head === null) return null
  const common = (await beginningOf(join(folder, "commondir"), smallFile))?.trim()
  const repository = common === undefined ? folder : resolve(folder, common)
  const worktree = repository === folder ? null : basename(folder)
  const reference = /^ref: (refs\/heads\/(.+))$/.exec(head)
  const [, path, branch] = reference ?? []
  // A branch is a path below `refs/heads`: one that leads elsewhere is none.
  if (path !== undefined && branch !== undefined && !path.split("/").includes("..")) {
    return { root, repository, branch, commit: await commitOf(repository, path), worktree }
  }
  return hash.test(head) ? { root, repository, branch: null, commit: head, worktree } : null
}

/** A folder as it is on this machine. */
export interface FoundFolder {
  readonly exists: boolean
  readonly git: GitCheckout | null
}

/** A folder, and what git has checked out in it or around it. */
export const readCheckout = (folder: string): Effect.Effect<FoundFolder> =>
  Effect.promise(async () => {
    if (!(await isFolder(folder))) return { exists: false, git: null }
    let root = resolve(folder)
    for (let level = 0; level < highest; level++) {
      const git = await checkoutAt(root)
      if (git !== null) return { exists: true, git }
      const above = dirname(root)
      if (above === root) break
      root = above
    }
    return { exists: true, git: null }
  })
