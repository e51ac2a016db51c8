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

  it.effect("with a value that it does not take is named, and what it takes; the value is not told", () =>
    Effect.gen(function* () {
      const { otlpEndpoint, otlpHeaders } = variables
      for (const [variable, bad] of [
        [otlpEndpoint, "collector:4318"],
        [otlpEndpoint, "file:///secret"],
        [otlpEndpoint, "secret"],
        [otlpHeaders, "secret"],
        [otlpHeaders, "a b=secret"],
        [otlpHeaders, "key=%zz"],
      ] as const) {
        const error = yield* Effect.flip(read<unknown>(variable, { [variable.name]: bad }))
        expect(error).toMatchObject({ _tag: "EnvironmentInvalid", variable: variable.name })
        expect(error.message).toContain(variable.accepts)
        expect(error.message).not.toContain("secret")
      }
    }),
  )

  it.effect("of the exporter is an address, or a list of headers", () =>
    Effect.gen(function* () {
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector:4318/x",
        OTEL_EXPORTER_OTLP_HEADERS: "a=1, b=x%2Cy=z,",
      }
      expect(Option.getOrThrow(yield* read(variables.otlpEndpoint, env)).host).toBe("collector:4318")
      expect(yield* read(variables.otlpHeaders, env)).toEqual(Option.some({ a: "1", b: "x,y=z" }))
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
