import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { readCheckout } from "./readCheckout.js"

const commit = "a".repeat(40)
const other = "b".repeat(40)
let place = ""

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "threadfold-checkout-"))
})
afterEach(() => rmSync(place, { recursive: true }))

const write = (path: string, text: string): void => {
  mkdirSync(join(place, path, ".."), { recursive: true })
  writeFileSync(join(place, path), text)
}
const read = (folder: string) => Effect.runPromise(readCheckout(join(place, folder)))

/** A repository whose branch `main` is at a commit, with a folder in it. */
const repository = () => {
  write("repo/.git/HEAD", "ref: refs/heads/main\n")
  write("repo/.git/refs/heads/main", `${commit}\n`)
  write("repo/deep/down/file", "")
}

describe("a folder", () => {
  it("is in a checkout above it, on a branch", async () => {
    repository()
    const git = {
      root: join(place, "repo"),
      repository: join(place, "repo/.git"),
      branch: "main",
      commit,
      worktree: null,
    }
    expect(await read("repo")).toEqual({ exists: true, git })
    expect(await read("repo/deep/down")).toEqual({ exists: true, git })
  })

  it("is on a branch whose commit is packed or not there yet, or on none", async () => {
    repository()
    write("repo/.git/HEAD", "ref: refs/heads/work/one\n")
    expect((await read("repo")).git).toMatchObject({ branch: "work/one", commit: null })
    write("repo/.git/packed-refs", `# pack-refs\n${commit} refs/heads/one\n${other} refs/heads/work/one\n`)
    expect((await read("repo")).git).toMatchObject({ branch: "work/one", commit: other })
    write("repo/.git/HEAD", `${other}\n`)
    expect((await read("repo")).git).toMatchObject({ branch: null, commit: other })
  })

  it("is a linked worktree, which shares the repository", async () => {
    repository()
    write("repo/.git/refs/heads/side", `${other}\n`)
    write("repo/.git/worktrees/beside/HEAD", "ref: refs/heads/side\n")
    write("repo/.git/worktrees/beside/commondir", "../..\n")
    write("beside/.git", `gitdir: ${join(place, "repo/.git/worktrees/beside")}\n`)
    expect((await read("beside")).git).toEqual({
      root: join(place, "beside"),
      repository: join(place, "repo/.git"),
      branch: "side",
      commit: other,
      worktree: "beside",
    })
  })

  it("is in no checkout, is not there, or has files in git's place that say nothing", async () => {
    mkdirSync(join(place, "bare"))
    expect((await read("bare")).git).toBeNull()
    expect(await read("missing")).toEqual({ exists: false, git: null })
    for (const head of ["", "ref: refs/heads/../../secret\n", "nothing\n"]) {
      write("odd/.git/HEAD", head)
      expect((await read("odd")).git).toBeNull()
    }
    write("odd2/.git", "gitdir: /nowhere/at/all\n")
    expect((await read("odd2")).git).toBeNull()
  })
})
