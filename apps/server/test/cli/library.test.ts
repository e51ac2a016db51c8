/** Threadfold in a process of one's own: the example, from the sources and as a reader's program with the built library. */
import { execFile } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { connect } from "@threadfold/client"
import { fakeAgent } from "@threadfold/testkit"
import { Effect, Exit } from "effect"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { outcomes, workIn } from "../../examples/countOutcomes.ts"
import { openThreadfold, Threadfold } from "../../src/embedded.js"
import { program, temporary } from "./program.js"

/** A data directory whose one agent says something. */
const directoryWithAgent = () => {
  const folder = temporary()
  const dataDir = join(folder, "data")
  mkdirSync(dataDir, { mode: 0o700 })
  const agents = { fake: { kind: "codex", ...fakeAgent({ turns: [[{ say: "Done" }]] }) } }
  writeFileSync(join(dataDir, "threadfold.json"), JSON.stringify({ agents }))
  return { dataDir, folder }
}

const expected = { rows: [{ outcome: "completed", turns: 1 }], check: { ok: true } }

describe("the library", () => {
  it("runs the example: an agent works, and tables of one's own follow", async () => {
    const { dataDir, folder } = directoryWithAgent()
    expect(await workIn({ dataDir, writer: "here" }, folder, "Do it")).toMatchObject(expected)
    // Once more, with what is there.
    expect(await workIn({ dataDir, writer: "here" }, folder, "Again")).toMatchObject({
      rows: [{ outcome: "completed", turns: 2 }],
      check: { ok: true },
    })
  })

  it("owns its directory until it is closed, and rejects a second opening with a problem", async () => {
    const { dataDir } = directoryWithAgent()
    const first = await openThreadfold({ dataDir, writer: "here", projections: [outcomes] })
    await expect(openThreadfold({ dataDir, writer: "here" })).rejects.toMatchObject({ slug: "data-directory-owned" })
    expect(() => first.projection("another")).toThrow("another")
    const projection = first.projection("outcomes")
    expect([await projection.position(), (await projection.check()).ok]).toEqual([0, true])
    await first.close()
    await first.close()
    const found = await Effect.runPromiseExit(
      Effect.flatMap(Threadfold, ({ token, url }) =>
        Effect.promise(() => connect({ token, url }).run((api) => api.threads.list({ urlParams: {} }))),
      ).pipe(Effect.provide(Threadfold.layer({ dataDir, writer: "here" }))),
    )
    expect(Exit.isSuccess(found) && found.value.items).toEqual([])
  })

  it("works as it is built, with the writer in a thread of its own", async () => {
    const { dataDir, folder } = directoryWithAgent()
    const library = pathToFileURL(join(program, "..", "library.js")).href
    const example = fileURLToPath(new URL("../../examples/countOutcomes.ts", import.meta.url))
    const outfile = join(folder, "reader.mjs")
    await build({
      stdin: {
        contents: `import { workIn } from ${JSON.stringify(example)}
          const [, , dataDir, folder] = process.argv
          console.log(JSON.stringify(await workIn({ dataDir }, folder, "Do it")))`,
        resolveDir: folder,
        loader: "ts",
      },
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      conditions: ["source"],
      plugins: [
        {
          name: "the built library",
          setup: (on) => on.onResolve({ filter: /^@threadfold\/server$/ }, () => ({ path: library, external: true })),
        },
      ],
    })
    const { stdout } = await promisify(execFile)(process.execPath, [outfile, dataDir, folder])
    expect(JSON.parse(stdout)).toMatchObject(expected)
  })
})
