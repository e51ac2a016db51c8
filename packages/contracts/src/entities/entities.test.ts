import { SchemaAST as AST, Option, Schema } from "effect"
import { describe, expect, it } from "vitest"
import * as contracts from "../index.js"

/** Every object among the schemas that the package exports, and among what those are made of. */
const shapes = (): ReadonlyMap<AST.TypeLiteral, string> => {
  const found = new Map<AST.TypeLiteral, string>()
  const visit = (ast: AST.AST, place: string): void => {
    switch (ast._tag) {
      case "TypeLiteral":
        if (found.has(ast)) return
        found.set(ast, place)
        for (const { name, type } of ast.propertySignatures) visit(type, `${place}.${String(name)}`)
        for (const { type } of ast.indexSignatures) visit(type, `${place}[]`)
        return
      case "Union":
        for (const member of ast.types) visit(member, place)
        return
      case "TupleType":
        for (const { type } of ast.rest) visit(type, `${place}[]`)
        return
      case "Refinement":
        return visit(ast.from, place)
      default:
    }
  }
  for (const [name, value] of Object.entries({ ...contracts, ...contracts.events })) {
    // Problems are errors in a program's hands, and a line of a recording is not ours to name.
    if (Schema.isSchema(value) && !["Problem", "RecordingLine"].includes(name)) visit(value.ast, name)
  }
  return found
}

describe("every shape", () => {
  it("has a name of its own, says what it is, and what each of its fields means", () => {
    const silent: string[] = []
    const names = new Map<string, AST.TypeLiteral>()
    for (const [ast, place] of shapes()) {
      const { description, identifier } = {
        identifier: Option.getOrNull(AST.getIdentifierAnnotation(ast)),
        description: Option.getOrNull(AST.getDescriptionAnnotation(ast)),
      }
      // An object of any JSON has no fields to describe.
      if (ast.propertySignatures.length === 0 && ast.indexSignatures.length > 0) continue
      if (identifier === null || description === null || description.length < 4) silent.push(place)
      if (identifier !== null && names.has(identifier)) silent.push(`${place} has the name of another: ${identifier}`)
      if (identifier !== null) names.set(identifier, ast)
      for (const signature of ast.propertySignatures) {
        const meaning = Option.getOrElse(AST.getDescriptionAnnotation(signature), () => "")
        if (meaning.length < 4) silent.push(`${place}.${String(signature.name)}`)
      }
    }
    expect(silent).toEqual([])
    expect(names.size).toBeGreaterThan(100)
  })

  it("says of every number of time, size or length in which unit it is", () => {
    const unitless: string[] = []
    for (const [ast, place] of shapes()) {
      for (const signature of ast.propertySignatures) {
        if (AST.isBooleanKeyword(signature.type)) continue
        const name = String(signature.name)
        const meaning = Option.getOrElse(AST.getDescriptionAnnotation(signature), () => "")
        if (/(?:^at|At|Until)$/.test(name) && !/ms since the epoch/.test(meaning)) unitless.push(`${place}.${name}`)
        if (/Ms$/.test(name) && !/\b(?:ms|milliseconds)\b/.test(meaning)) unitless.push(`${place}.${name}`)
        if (/(?:^b|B)ytes$/.test(name) && !/bytes/i.test(meaning)) unitless.push(`${place}.${name}`)
        if (/Tokens$/.test(name) && !/tokens|total/i.test(meaning)) unitless.push(`${place}.${name}`)
      }
    }
    expect(unitless).toEqual([])
  })
})

describe("the tables", () => {
  it("have the fields of their entities as columns, in order and with their meaning", () => {
    const { columns } = contracts.tables.turns
    expect(Object.keys(columns).slice(0, 4)).toEqual(["turnId", "threadId", "sessionId", "ordinal"])
    expect(columns.settled).toEqual({
      type: "integer",
      bit: true,
      nullable: false,
      doc: "True once the end is final: observed, or settled after an inferred one.",
    })
    expect(columns.outcome).toEqual({ type: "text", nullable: true, doc: "How it ended; null until it ended." })
    expect(columns.usage).toEqual({ type: "json", nullable: true, doc: "Tokens of this turn; null: not reported." })
    expect(columns.diff).toMatchObject({ type: "text", nullable: true, heavy: true })
    expect(columns.sequence).toMatchObject({ type: "integer", nullable: false, derived: true })
    expect(contracts.tables.threads.columns.settings).toMatchObject({ type: "json", nullable: true, heavy: true })
  })
})
