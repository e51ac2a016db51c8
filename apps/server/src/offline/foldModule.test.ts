/** Another build of the fold from a file: what is taken, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { blankEnvelope } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { initialState } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import { afterAll, expect, it } from "vitest"
import { loadFold } from "./foldModule.js"

const folder = mkdtempSync(join(tmpdir(), "threadfold-fold-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const foldOf = async (name: string, text: string) => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return (await loadFold(file)).fold
}

const event = { ...blankEnvelope, sequence: 7, streamVersion: 1, streamId: "t", type: "thread.created" }
const detailOf = (body: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(body)
    .then(
      () => "taken",
      (error: unknown) => (error instanceof Problem ? `${error.slug} ${error.detail}` : String(error)),
    )

it("is called with the fold of the program, which it may build on", async () => {
  const fold = await foldOf(
    "without.mjs",
    "export const fold = (state, event, rows, current) => ({ ...current(state, event, rows), changes: [] })",
  )
  const { changes, state } = fold(initialState("t"), event, new MapStore())
  expect([changes, state.streamVersion]).toEqual([[], 1])
})

it("is refused where it is none, and at the event at which it fails", async () => {
  expect(await detailOf(() => loadFold(join(folder, "nothing.mjs")))).toMatch(
    /^invalid-request .*there is no such file/,
  )
  expect(await detailOf(() => foldOf("wrong.mjs", "export const"))).toContain("it cannot be loaded: ")
  expect(await detailOf(() => foldOf("other.mjs", "export const other = 1"))).toContain("no function of the name fold")
  const failing = await foldOf("failing.mjs", 'export const fold = () => { throw new Error("no rule") }')
  expect(await detailOf(() => failing(initialState("t"), event, new MapStore()))).toContain(
    "it threw at event 7: no rule",
  )
  const empty = await foldOf("empty.mjs", "export const fold = () => null")
  expect(await detailOf(() => empty(initialState("t"), event, new MapStore()))).toContain("at event 7 it returned no")
})
