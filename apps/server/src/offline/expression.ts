/**
 * Expressions over the `thread --json` document in CEL, the Common Expression Language. Whole numbers are CEL integers. What an
 * expression may cost is bounded before it runs: its length, its nesting, and how often it may go through a list inside a list.
 */
import { type ASTNode, Environment, EvaluationError, ParseError } from "@marcbachmann/cel-js"
import { ThreadSnapshot } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import type { DocumentName, LiveDocument, Predicate, Reads, Verdict } from "@threadfold/core/model"
import { wrongName } from "./expressionFields.js"

/** Longest expression, characters. */
const longest = 4096
/** Macros (`exists`, `all`, `filter` …) inside each other. */
const deepest = 2
/** Additions: they alone can make text and lists longer than the document has them. */
const mostAdditions = 8
/** Entries that macros inside each other may go through in one evaluation. */
const mostSteps = 20_000_000

const isName = (name: string): name is DocumentName => Object.hasOwn(ThreadSnapshot.fields, name)
const names = Object.keys(ThreadSnapshot.fields).filter(isName)

const macros = new Set(["exists", "all", "exists_one", "filter", "map"])

/** Where in the expression something is wrong: from this character to before that one. */
interface Place {
  readonly start: number
  readonly end: number
}

/** The problem of a wrong expression: what is wrong, then the expression with the place marked below it. */
const wrong = (source: string, what: string, place: Place | null): Problem => {
  const at = place === null ? 0 : Math.min(place.start, source.length)
  const lineStart = source.lastIndexOf("\n", at - 1) + 1
  const line = source.slice(lineStart).split("\n", 1)[0] ?? ""
  const width = place === null ? 0 : Math.max(1, Math.min(place.end, lineStart + line.length) - at)
  const marked = place === null ? "" : `\n  ${line}\n  ${" ".repeat(at - lineStart)}${"^".repeat(width)}`
  const where = place === null ? "" : `, at character ${at + 1}`
  return new Problem({ slug: "invalid-request", detail: `The expression is wrong${where}: ${what}.${marked}` })
}

/** The lists of the document. */
const lists: ReadonlySet<string> = new Set<DocumentName>([
  "turns",
  "items",
  "requests",
  "inferences",
  "realtimeRuns",
  "delegations",
  "tasks",
  "queue",
  "anomalies",
])

/** How many lists stand in each other in a value: what compares it goes through all of them. */
const listsIn = (node: ASTNode): number => {
  switch (node.op) {
    case "id":
      return lists.has(node.args) ? 1 : 0
    case "?:":
      return Math.max(...node.args.map(listsIn))
    case "list":
      return Math.max(0, ...node.args.map(listsIn))
    case "rcall": {
      const [name, of, args] = node.args
      if (name === "filter") return listsIn(of)
      const made = args.at(-1)
      return name === "map" && made !== undefined ? 1 + listsIn(made) : 0
    }
    default:
      return 0
  }
}

const isNull = (node: ASTNode): boolean => node.op === "value" && node.args === null
const isNumber = (node: ASTNode): boolean =>
  node.op === "+" || node.op === "-" || (node.op === "value" && typeof node.args === "bigint")

/**
 * What an expression reads. `isWhole` is true of a node whose value is used as it is, false of one of which only a field, the size or
 * the being there is looked at. A row that is used as it is means that every field of it is read.
 */
class Reader {
  readonly names = new Set<DocumentName>()
  readonly fields = new Set<string>()
  readsWhole = false
  depth = 0
  additions = 0

  constructor(private readonly source: string) {}

  get reads(): Reads {
    return { names: this.names, fields: this.readsWhole ? null : this.fields }
  }

  visit(node: ASTNode, isWhole = true, depth = 0): void {
    switch (node.op) {
      case "value":
        return
      case "id":
        if (isName(node.args)) this.names.add(node.args)
        // The sequence is no row, and has no fields.
        if (isWhole && node.args !== "sequence") this.readsWhole = true
        return
      case ".":
      case ".?":
        this.fields.add(node.args[1])
        return this.visit(node.args[0], false, depth)
      case "[]":
      case "[?]":
        return this.visitIndex(node.args[0], node.args[1], isWhole, depth)
      case "==":
      case "!=": {
        const [left, right] = node.args
        this.goesThrough(node, depth + Math.min(listsIn(left), listsIn(right)))
        this.visit(left, !isNull(right), depth)
        return this.visit(right, !isNull(left), depth)
      }
      case "?:": {
        const [condition, yes, no] = node.args
        this.visit(condition, true, depth)
        this.visit(yes, isWhole, depth)
        return this.visit(no, isWhole, depth)
      }
      case "call": {
        const [name, args] = node.args
        for (const one of args) this.visit(one, name !== "size" && name !== "has", depth)
        return
      }
      case "rcall":
        return this.visitMethod(node, node.args, isWhole, depth)
      case "list":
        for (const one of node.args) this.visit(one, true, depth)
        return
      case "map":
        for (const entry of node.args) for (const one of entry) this.visit(one, true, depth)
        return
      case "!_":
      case "-_":
        return this.visit(node.args, true, depth)
      default: {
        if (node.op === "+") this.additions += 1
        if (node.op === "in") this.goesThrough(node, depth + listsIn(node.args[1]))
        if (this.additions > mostAdditions) {
          throw wrong(this.source, `it adds more than ${mostAdditions} times`, node)
        }
        for (const one of node.args) this.visit(one, true, depth)
      }
    }
  }

  /** Notes that a part goes through lists of the document so many times inside each other. */
  private goesThrough(node: ASTNode, depth: number): void {
    if (depth > deepest) throw wrong(this.source, `it goes through lists more than ${deepest} deep in each other`, node)
    this.depth = Math.max(this.depth, depth)
  }

  private visitIndex(of: ASTNode, index: ASTNode, isWhole: boolean, depth: number): void {
    if (index.op === "value" && typeof index.args === "string") {
      this.fields.add(index.args)
      return this.visit(of, false, depth)
    }
    this.visit(index, true, depth)
    // A place in a list is a number. What else comes out of an index may be the name of any field.
    this.visit(of, isWhole || !isNumber(index), depth)
  }

  private visitMethod(
    node: ASTNode,
    [name, of, args]: readonly [string, ASTNode, readonly ASTNode[]],
    isWhole: boolean,
    depth: number,
  ): void {
    if (name === "matches") {
      throw wrong(
        this.source,
        "there is no matches, whose time has no bound: take contains, startsWith or endsWith",
        node,
      )
    }
    if (!macros.has(name)) {
      this.visit(of, name !== "size", depth)
      for (const one of args) this.visit(one, true, depth)
      return
    }
    if (depth >= deepest) throw wrong(this.source, `macros stand more than ${deepest} deep in each other`, node)
    this.goesThrough(node, depth + 1)
    this.visit(of, name === "filter" && isWhole, depth)
    // The first argument names the variable.
    for (const one of args.slice(1)) this.visit(one, true, depth + 1)
  }
}

/** Values of JSON as CEL takes them: whole numbers are integers, so that they can be counted with and compared with sizes. */
const toCel = (value: unknown): unknown => {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(toCel)
  if (typeof value !== "object" || value === null) return value ?? null
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toCel(one)]))
}

const environment = () => {
  const made = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 1000, maxDepth: 64, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 },
  })
  for (const name of names) made.registerVariable(name, "dyn")
  return made
}

const words = (error: unknown): string => {
  if (error instanceof ParseError || error instanceof EvaluationError) return error.summary
  return error instanceof Error ? error.message : String(error)
}

const longestList = (document: LiveDocument, reads: Reads): number =>
  Math.max(
    0,
    ...[...reads.names].map((name) => {
      const value = document.value(name)
      return Array.isArray(value) ? value.length : 0
    }),
  )

/**
 * An expression that is true or false of a thread.
 *
 * @throws Problem where it is none: what is wrong with it, and where
 */
export const compileExpression = (source: string): Predicate => {
  if (source.trim() === "") throw wrong(source, "it is empty", null)
  if (source.length > longest) throw wrong(source.slice(0, 1), `it has more than ${longest} characters`, null)
  const cel = environment()
  const parse = () => {
    try {
      return cel.parse(source)
    } catch (error) {
      throw wrong(source, words(error), error instanceof ParseError ? (error.range ?? null) : null)
    }
  }
  const parsed = parse()
  const reader = new Reader(source)
  reader.visit(parsed.ast)
  const { error, type, valid } = parsed.check()
  if (!valid) {
    const known = error?.code === "unknown_variable" ? `; there are ${names.join(", ")}` : ""
    throw wrong(source, `${error?.summary ?? "it cannot be checked"}${known}`, error?.range ?? null)
  }
  if (type !== "bool" && type !== "dyn") {
    throw wrong(source, `it is of type ${type}, not true or false`, parsed.ast)
  }
  const name = wrongName(parsed.ast)
  if (name !== null) throw wrong(source, name.what, name.node)
  const { reads } = reader
  const used = [...reads.names]
  const test = (document: LiveDocument): Verdict => {
    if (reader.depth > 1 && longestList(document, reads) ** reader.depth > mostSteps) {
      throw wrong(source, `a macro inside a macro goes through a list of ${longestList(document, reads)} entries`, null)
    }
    try {
      const value: unknown = parsed(Object.fromEntries(used.map((name) => [name, document.value(name)])))
      return typeof value === "boolean"
        ? { holds: value }
        : { holds: null, error: "The value is neither true nor false" }
    } catch (failure) {
      return { holds: null, error: words(failure) }
    }
  }
  return { reads, present: toCel, test }
}
