/** Unions in bodies whose members say what they are: a wrong field is refused with the place of that field. */
import * as HttpApi from "@effect/platform/HttpApi"
import { Arbitrary, SchemaAST as AST, Either, FastCheck, Option, Schema } from "effect"
import { describe, expect, it } from "vitest"
import { firstIssue } from "../firstIssue.js"
import { Api } from "./Api.js"
import { unknownIn } from "./Strict.js"

/** A schema without what refines or transforms it. */
const bare = (ast: AST.AST): AST.AST =>
  AST.isRefinement(ast) || AST.isTransformation(ast) ? bare(ast.from) : AST.isSuspend(ast) ? bare(ast.f()) : ast

/** The fields of an object that can only be texts which the schema lists. */
const tagsOf = (ast: AST.AST): readonly string[] => {
  const object = bare(ast)
  if (!AST.isTypeLiteral(object)) return []
  return object.propertySignatures.flatMap(({ isOptional, name, type }) => {
    const words = AST.isUnion(type) ? type.types : [type]
    return !isOptional && words.every(AST.isLiteral) ? [String(name)] : []
  })
}

interface TaggedUnion {
  readonly place: string
  readonly tag: string
  readonly ast: AST.Union
}

/** Every union of the bodies whose members have a field in common that says which member it is. */
const taggedUnions: readonly TaggedUnion[] = (() => {
  const found: TaggedUnion[] = []
  const seen = new Set<AST.AST>()
  const walk = (ast: AST.AST, place: string): void => {
    if (seen.has(ast)) return
    seen.add(ast)
    if (AST.isUnion(ast)) {
      const members = ast.types.filter((member) => AST.isTypeLiteral(bare(member)))
      const [first, ...others] = members.map(tagsOf)
      const tag = first?.find((name) => others.length > 0 && others.every((tags) => tags.includes(name)))
      if (tag !== undefined) found.push({ place, tag, ast })
      for (const member of ast.types) walk(member, place)
    } else if (AST.isTupleType(ast)) for (const { type } of [...ast.elements, ...ast.rest]) walk(type, place)
    else if (AST.isSuspend(ast)) walk(ast.f(), place)
    else if (AST.isRefinement(ast) || AST.isTransformation(ast)) walk(ast.from, place)
    else if (AST.isTypeLiteral(ast)) {
      for (const { name, type } of ast.propertySignatures) walk(type, `${place}.${String(name)}`)
      for (const { type } of ast.indexSignatures) walk(type, place)
    }
  }
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint }) => {
      if (Option.isSome(endpoint.payloadSchema)) walk(endpoint.payloadSchema.value.ast, endpoint.name)
    },
  })
  return found
})()

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A value that fits one member, with one field that is not what the member takes there. */
const wronged = (member: AST.AST, tag: string) => {
  const object = bare(member)
  const properties = AST.isTypeLiteral(object) ? object.propertySignatures.filter(({ name }) => name !== tag) : []
  const values: readonly unknown[] = [undefined, null, -1.5, "", {}, [], true]
  const faults = properties.flatMap(({ isOptional, name, type }) => {
    const accepts = Schema.is(Schema.make(type))
    return values
      .filter((value) => (value === undefined ? !isOptional : !accepts(value)))
      .map((value) => ({ name: String(name), value }))
  })
  return faults.length === 0
    ? null
    : FastCheck.tuple(Arbitrary.make(Schema.make(member)), FastCheck.constantFrom(...faults))
}

describe("a union of a body whose members say what they are", () => {
  it("is found where bodies have one", () => {
    expect([...new Set(taggedUnions.map(({ place, tag }) => `${place} by ${tag}`))].sort()).toMatchInlineSnapshot(`
      [
        "sendMessage.parts by type",
        "setUnattended.rules by action",
        "startReview.target by type",
      ]
    `)
  })

  const cases = taggedUnions.flatMap(({ ast, place, tag }) =>
    ast.types.flatMap((member) => {
      const values = wronged(member, tag)
      return values === null ? [] : [{ ast, place, member: String(member), values }]
    }),
  )

  it.each(cases)("$place refuses a wrong field of $member with its place", ({ ast, values }) => {
    const decode = Schema.decodeUnknownEither(Schema.make(ast), { onExcessProperty: "error" })
    FastCheck.assert(
      FastCheck.property(values, ([value, { name, value: wrong }]) => {
        const { [name]: _, ...others } = isRecord(value) ? value : {}
        const decoded = decode(wrong === undefined ? others : { ...others, [name]: wrong })
        expect(Either.isLeft(decoded)).toBe(true)
        if (Either.isLeft(decoded)) expect(firstIssue(decoded.left).place.split(".")[0]).toBe(name)
      }),
      { numRuns: 50 },
    )
  })

  it.each(taggedUnions)("$place says which $tag there is, and which fields the member has", ({ ast, tag }) => {
    for (const member of ast.types) {
      const { [tag]: said } = FastCheck.sample(Arbitrary.make(Schema.make<Record<string, unknown>>(member)), 1)[0] ?? {}
      expect(unknownIn(Schema.make(ast), { [tag]: said, nothingLikeIt: 1 }, "field")).toContain("nothingLikeIt")
    }
    expect(unknownIn(Schema.make(ast), { [tag]: "nothing like it" }, "field")).toContain(`${tag}: there is no value`)
  })
})
