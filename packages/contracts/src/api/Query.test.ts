/** Numbers of queries and paths are written in one way: every parameter of the API that takes a number refuses the others. */
import * as HttpApi from "@effect/platform/HttpApi"
import { Option, Schema, SchemaAST } from "effect"
import { describe, expect, it } from "vitest"
import { Api } from "./index.js"

interface Param {
  readonly name: string
  readonly accepts: (text: string) => boolean
}

/** The parameters of a schema of parameters. */
const paramsOf = (route: string, schema: Schema.Schema.All): readonly Param[] =>
  SchemaAST.getPropertySignatures(SchemaAST.encodedAST(schema.ast)).map(({ name }) => {
    const own = SchemaAST.isTransformation(schema.ast) ? schema.ast.from : schema.ast
    const field = SchemaAST.getPropertySignatures(own).find((one) => one.name === name)
    const decode = Schema.decodeUnknownOption(Schema.make<unknown, unknown>((field ?? { type: schema.ast }).type))
    return { name: `${route} ${String(name)}`, accepts: (text) => Option.isSome(decode(text)) }
  })

const numbers: Param[] = []
HttpApi.reflect(Api, {
  onGroup: () => undefined,
  onEndpoint: ({ endpoint }) => {
    for (const schema of [endpoint.urlParamsSchema, endpoint.pathSchema]) {
      if (Option.isSome(schema)) numbers.push(...paramsOf(`${endpoint.method} ${endpoint.path}`, schema.value))
    }
  },
})
const takeNumbers = numbers.filter(({ accepts }) => accepts("5") && !accepts("five"))

describe("a parameter that takes a number", () => {
  it("is found on many routes", () => {
    expect(takeNumbers.length).toBeGreaterThan(50)
  })

  it.each(["1e1", "0x10", " 5", "5 ", "+5", "5.", ".5", "1_0", "٥", "Infinity", "NaN", "", "5\n"])(
    "does not take %j",
    (text) => {
      expect(takeNumbers.filter(({ accepts }) => accepts(text)).map(({ name }) => name)).toEqual([])
    },
  )
})
