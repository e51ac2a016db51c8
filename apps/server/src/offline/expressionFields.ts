/**
 * Looks up every field that an expression names in the shape of the `thread --json` document. A field that is not there would make
 * the expression false or an error at every event, and the search would end as if there were nothing to find.
 */
import type { ASTNode } from "@marcbachmann/cel-js"
import { ThreadSnapshot, unknownName } from "@threadfold/contracts"
import { SchemaAST } from "effect"

/** What a part of an expression may be; null: not known, so that any field may be there. */
type Shape = SchemaAST.AST | null

/** What is wrong with an expression, and the part that it is wrong with. */
export interface WrongName {
  readonly what: string
  readonly node: ASTNode
}

type Scope = ReadonlyMap<string, Shape>

/** The alternatives of a shape, without null. */
const alternatives = (shape: SchemaAST.AST): readonly SchemaAST.AST[] => {
  switch (shape._tag) {
    case "Union":
      return shape.types.flatMap(alternatives)
    case "Suspend":
      return alternatives(shape.f())
    case "Refinement":
      return alternatives(shape.from)
    case "Literal":
      return shape.literal === null ? [] : [shape]
    case "UndefinedKeyword":
      return []
    default:
      return [shape]
  }
}

const union = (shapes: readonly SchemaAST.AST[]): Shape => (shapes.length === 0 ? null : SchemaAST.Union.make(shapes))

/** The fields of a shape by name; null: it may have any. */
const fieldsOf = (shape: Shape): ReadonlyMap<string, SchemaAST.AST> | null => {
  if (shape === null) return null
  const fields = new Map<string, SchemaAST.AST>()
  for (const one of alternatives(shape)) {
    if (!SchemaAST.isTypeLiteral(one) || one.indexSignatures.length > 0) return null
    for (const { name, type } of one.propertySignatures) {
      const before = fields.get(String(name))
      fields.set(String(name), before === undefined ? type : SchemaAST.Union.make([before, type]))
    }
  }
  return fields
}

/** An entry of a list; null: it is no list, or one of anything. */
const entryOf = (shape: Shape): Shape =>
  shape === null
    ? null
    : union(alternatives(shape).flatMap((one) => (SchemaAST.isTupleType(one) ? one.rest.map(({ type }) => type) : [])))

/** The texts that a shape is one of; null: it may be another. */
const textsOf = (shape: Shape): readonly string[] | null => {
  if (shape === null) return null
  const texts = alternatives(shape).map((one) =>
    SchemaAST.isLiteral(one) && typeof one.literal === "string" ? one.literal : null,
  )
  return texts.length > 0 && texts.every((text) => text !== null) ? texts : null
}

const document = SchemaAST.encodedAST(ThreadSnapshot.ast)
const macros = new Set(["exists", "all", "exists_one", "filter", "map"])

class Names {
  wrong: WrongName | null = null

  private note(node: ASTNode, what: string): null {
    this.wrong ??= { what, node }
    return null
  }

  private field(node: ASTNode, of: Shape, name: string): Shape {
    const fields = fieldsOf(of)
    if (fields === null) return null
    return fields.get(name) ?? this.note(node, unknownName("field", name, [...fields.keys()]))
  }

  private compared(node: ASTNode, shape: Shape, other: ASTNode): void {
    const texts = textsOf(shape)
    if (texts === null || other.op !== "value" || typeof other.args !== "string") return
    if (!texts.includes(other.args)) this.note(node, unknownName("value", other.args, texts))
  }

  visit(node: ASTNode, scope: Scope): Shape {
    switch (node.op) {
      case "value":
        return null
      case "id":
        return scope.has(node.args) ? (scope.get(node.args) ?? null) : (fieldsOf(document)?.get(node.args) ?? null)
      case ".":
      case ".?":
        return this.field(node, this.visit(node.args[0], scope), node.args[1])
      case "[]":
      case "[?]": {
        const [of, index] = node.args
        const shape = this.visit(of, scope)
        this.visit(index, scope)
        return index.op === "value" && typeof index.args === "string"
          ? this.field(node, shape, index.args)
          : entryOf(shape)
      }
      case "==":
      case "!=": {
        const [left, right] = node.args
        this.compared(node, this.visit(left, scope), right)
        this.compared(node, this.visit(right, scope), left)
        return null
      }
      case "call":
        return this.all(node.args[1], scope)
      case "rcall":
        return this.method(node.args, scope)
      case "list":
        return this.all(node.args, scope)
      case "map":
        return this.all(node.args.flat(), scope)
      case "!_":
      case "-_":
        return this.all([node.args], scope)
      default:
        return this.all(node.args, scope)
    }
  }

  private all(nodes: readonly ASTNode[], scope: Scope): null {
    for (const node of nodes) this.visit(node, scope)
    return null
  }

  private method([name, of, args]: readonly [string, ASTNode, readonly ASTNode[]], scope: Scope): Shape {
    const shape = this.visit(of, scope)
    const [variable, ...rest] = args
    if (!macros.has(name) || variable?.op !== "id") return this.all(args, scope)
    this.all(rest, new Map([...scope, [variable.args, entryOf(shape)]]))
    return name === "filter" ? shape : null
  }
}

/** The first name in an expression that the document does not have; null: it has them all. */
export const wrongName = (expression: ASTNode): WrongName | null => {
  const names = new Names()
  names.visit(expression, new Map())
  return names.wrong
}
