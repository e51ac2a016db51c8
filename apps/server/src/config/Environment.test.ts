import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option } from "effect"
import { readVariable, type Variable, variables } from "./Environment.js"

const read = <A>(variable: Variable<A>, env: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(readVariable(variable), ConfigProvider.fromMap(new Map(Object.entries(env))))

describe("an environment variable", () => {
  it.effect("that is not set, or empty, has no value", () =>
    Effect.gen(function* () {
      expect(yield* read(variables.dataDirectory, {})).toEqual(Option.none())
      expect(yield* read(variables.dataDirectory, { THREADFOLD_DATA_DIR: "" })).toEqual(Option.none())
      expect(yield* read(variables.dataDirectory, { THREADFOLD_DATA_DIR: "/data" })).toEqual(Option.some("/data"))
    }),
  )

  it("is read here and nowhere else of the program, but for the one that decides which modules are loaded", () => {
    const source = fileURLToPath(new URL("..", import.meta.url))
    const readers = readdirSync(source, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .filter((file) => readFileSync(`${source}/${file}`, "utf8").includes("process.env"))
    expect(readers.sort()).toEqual(["config/Environment.ts", "modulePaths.ts"])
  })

  it("is listed once, with what it takes and what it is for", () => {
    const names = Object.values(variables).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { accepts, meaning } of Object.values(variables)) {
      expect(accepts).not.toBe("")
      expect(meaning).toMatch(/[.]$/)
    }
  })
})
