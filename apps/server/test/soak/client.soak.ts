/** The client by itself: packed with what it depends on, installed into an empty folder, compiled against and run there. */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "..", "..", "..", "..")
const pnpm = ["--yes", "pnpm@10.34.9"]

const program = `
import { applyEvent, connect, type PayloadOf, stateOf, type ThreadView } from "@threadfold/client"

const titleOf = (thread: ThreadView): string => thread.title ?? "untitled"
const outcome = (payload: PayloadOf<"turn.completed">) => payload.outcome
const client = connect({ url: "http://127.0.0.1:9", token: "none" }, { patienceMs: 0 })
const failure = await client.run((api) => api.livez()).then(
  () => "none",
  (error: unknown) => (error instanceof Error ? error.name : ""),
)
console.log([typeof applyEvent, typeof stateOf, typeof titleOf, typeof outcome, failure].join())
`

it("compiles and runs where nothing but it is installed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "threadfold-client-"))
  // Not in one go: the runner of tests wants to hear of its worker meanwhile.
  const run = async (command: string, args: readonly string[], cwd = folder) =>
    (await promisify(execFile)(command, [...args], { cwd })).stdout
  try {
    const packed = join(folder, "packed")
    mkdirSync(packed)
    for (const name of ["contracts", "core", "client"]) {
      await run(join(root, "node_modules", ".bin", "tsc"), ["-b", `packages/${name}`], root)
      await run("npx", [...pnpm, "pack", "--pack-destination", packed], join(root, "packages", name))
    }
    const tarball = (name: string) =>
      `file:./packed/${readdirSync(packed).find((file) => file.startsWith(`threadfold-${name}-`))}`
    const ours = Object.fromEntries(
      ["contracts", "core", "client"].map((name) => [`@threadfold/${name}`, tarball(name)]),
    )
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ type: "module", private: true, dependencies: ours, overrides: ours }),
    )
    await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"])
    writeFileSync(join(folder, "program.ts"), program)
    const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck", "--lib", "es2023,dom"]
    await run(join(root, "node_modules", ".bin", "tsc"), [...options, "program.ts"])
    expect((await run("node", ["program.js"])).trim()).toBe("function,function,function,function,Unavailable")
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
