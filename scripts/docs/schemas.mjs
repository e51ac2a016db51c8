/**
 * Reads the schemas of `contracts` as source text, so that the reference says what their doc comments say. Declarations
 * only: nothing is run, and a construct that is not understood is shown as it is written.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import ts from "typescript"
import { root } from "../tools.mjs"

const folder = join(root, "packages", "contracts", "src")

function* sources(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* sources(path)
    else if (entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts")) yield path
  }
}

/** The last doc comment before a node as one line, or "". */
const docOf = (node, file) => {
  const ranges = ts.getLeadingCommentRanges(file.text, node.getFullStart()) ?? []
  const comments = ranges.map(({ pos, end }) => file.text.slice(pos, end)).filter((text) => text.startsWith("/**"))
  // The comment at the head of a file is about the file, unless it touches the first declaration.
  const last = comments.at(-1)
  if (last === undefined) return ""
  return last
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trim())
    .join(" ")
    .replace(/\s+- /g, "; ")
    .replace(/\{@link ([^}]+)\}/g, (_, target) => `\`${target.trim().split("/").at(-1)}\``)
    .replace(/\s+/g, " ")
    .trim()
}

/** File → name → declaration, and name → declaration of what is exported anywhere. */
const files = new Map()
const exported = new Map()
for (const path of sources(folder)) {
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true)
  const names = new Map()
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue
    for (const declaration of statement.declarationList.declarations) {
      if (declaration.initializer === undefined || !ts.isIdentifier(declaration.name)) continue
      const known = {
        name: declaration.name.text,
        doc: docOf(statement, file),
        init: declaration.initializer,
        path,
      }
      names.set(known.name, known)
      if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) exported.set(known.name, known)
    }
  }
  files.set(path, names)
}

const unwrap = (node) =>
  ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? unwrap(node.expression)
    : node

const find = (name, path) => files.get(path)?.get(name) ?? exported.get(name)

/** The declaration that an expression stands for: a name, or `Module.name`. */
const declarationOf = (node, path) => {
  if (ts.isIdentifier(node)) return find(node.text, path)
  if (ts.isPropertyAccessExpression(node)) return exported.get(node.name.text)
  return undefined
}

/** What a call calls, by its last name: `Schema.Struct(…)` and `Struct(…)` alike. */
const calleeOf = (node) =>
  ts.isPropertyAccessExpression(node.expression) ? node.expression.name.text : node.expression.getText()

const primitives = {
  String: "string",
  Number: "number",
  Boolean: "boolean",
  Unknown: "any JSON",
  NumberFromString: "number",
}

/** Names that are clearer as what they are than as a link. */
const plain = {
  EpochMs: "number (ms)",
  Json: "any JSON",
  S: "string",
  N: "number",
  uuidV7: "UUIDv7",
  Empty: "{}",
}

/** A schema in words: `{ text, optional }`. `link(name)` is called for every named schema. */
const describe = (expression, path, link) => {
  const node = unwrap(expression)
  const inner = (child) => describe(child, path, link)
  if (ts.isCallExpression(node)) {
    const [first] = node.arguments
    const callee = calleeOf(node)
    if (callee === "pipe" && ts.isPropertyAccessExpression(node.expression)) return inner(node.expression.expression)
    if (callee === "annotations" && ts.isPropertyAccessExpression(node.expression)) {
      return inner(node.expression.expression)
    }
    if (callee === "maybe") return { text: `${inner(first).text} or null`, optional: true }
    if (callee === "optional") return { text: inner(first).text, optional: true }
    if (callee === "NullOr" || callee === "nullable") return { text: `${inner(first).text} or null`, optional: false }
    if (callee === "Array") return { text: `array of ${inner(first).text}`, optional: false }
    if (callee === "Literal") {
      const literals = node.arguments.map((each) => (ts.isStringLiteral(each) ? `\`"${each.text}"\`` : each.getText()))
      return { text: literals.join(" or "), optional: false }
    }
    if (callee === "Struct") {
      const members = fieldsOf(node, path, link).map(
        ({ name, optional, type }) => `${name}${optional ? "?" : ""}: ${type}`,
      )
      return { text: members.length === 0 ? "{}" : `{ ${members.join(", ")} }`, optional: false }
    }
    if (callee === "Record") {
      const value = first.properties.find((each) => each.name?.getText() === "value")
      return {
        text: `object of name → ${value === undefined ? "any JSON" : inner(value.initializer).text}`,
        optional: false,
      }
    }
    if (callee === "Text") return { text: "plain text", optional: false }
    const known = declarationOf(node.expression, path)
    if (known !== undefined) return { text: link(known.name), optional: false }
    return { text: `\`${node.getText()}\``, optional: false }
  }
  const text = node.getText()
  const [, field] = /\.fields\.(\w+)$/.exec(text) ?? []
  if (field !== undefined) {
    const struct = declarationOf(node.expression.expression, path)
    const found = struct && fieldsOf(struct.init, struct.path, link).find(({ name }) => name === field)
    if (found !== undefined) return { text: found.type, optional: found.optional }
  }
  if (ts.isPropertyAccessExpression(node) && node.expression.getText() === "Schema") {
    return { text: primitives[node.name.text] ?? `\`${text}\``, optional: false }
  }
  if (ts.isIdentifier(node)) {
    if (plain[text] !== undefined) return { text: plain[text], optional: false }
    const known = find(text, path)
    if (known !== undefined) return { text: link(known.name), optional: false }
  }
  return { text: `\`${text}\``, optional: false }
}

/** The object literal of a struct, an object of fields, or a declaration of either. */
const membersOf = (expression, path) => {
  const node = unwrap(expression)
  if (ts.isObjectLiteralExpression(node)) return { node, path }
  if (ts.isCallExpression(node)) {
    const callee = calleeOf(node)
    if (callee === "Struct") return node.arguments[0] === undefined ? null : membersOf(node.arguments[0], path)
    if (ts.isPropertyAccessExpression(node.expression)) return membersOf(node.expression.expression, path)
    return null
  }
  if (ts.isPropertyAccessExpression(node) && node.name.text === "fields") return membersOf(node.expression, path)
  const known = declarationOf(node, path)
  return known === undefined ? null : membersOf(known.init, known.path)
}

/** What a plain object of fields says of a name, anywhere in the file: `turnId` of an envelope is the one of `identity`. */
const explained = (name, path) => {
  for (const { init } of files.get(path)?.values() ?? []) {
    const node = unwrap(init)
    if (!ts.isObjectLiteralExpression(node)) continue
    for (const each of node.properties) {
      if (each.name?.getText() !== name) continue
      const doc = docOf(each, each.getSourceFile())
      if (doc !== "") return doc
    }
  }
  return ""
}

/** The fields of a struct: `{ name, type, optional, doc }`, spreads included. */
export const fieldsOf = (expression, path, link) => {
  const members = membersOf(expression, path)
  if (members === null) return []
  return members.node.properties.flatMap((each) => {
    if (ts.isSpreadAssignment(each)) return fieldsOf(each.expression, members.path, link)
    if (!ts.isPropertyAssignment(each) && !ts.isShorthandPropertyAssignment(each)) return []
    const name = each.name.getText().replace(/^"|"$/g, "")
    const value = ts.isPropertyAssignment(each) ? each.initializer : each.name
    const { text, optional } = describe(value, members.path, link)
    return [{ name, type: text, optional, doc: docOf(each, each.getSourceFile()) || explained(name, members.path) }]
  })
}

/** The declaration of an exported schema. */
export const schema = (name) => {
  const found = exported.get(name)
  if (found === undefined) throw new Error(`contracts exports no ${name}`)
  return found
}

/** The entries of an exported object of schemas, in order: key → declaration. */
export const entriesOf = (name) => {
  const { init, path } = schema(name)
  return unwrap(init).properties.map((each) => ({
    key: each.name.getText().replace(/^"|"$/g, ""),
    declaration: declarationOf(each.initializer, path),
  }))
}

/** Exported schemas of a file, in order. */
export const schemasOf = (file) =>
  [...(files.get(join(folder, file))?.values() ?? [])].filter(({ name }) => exported.has(name))

/** True for a schema that is an object of fields. */
export const isStruct = ({ init, path }) => membersOf(init, path) !== null

/** A schema that is no object, in words. */
export const wordsOf = ({ init, path }, link) => describe(init, path, link).text

/** How the API's source names the bodies of an endpoint: `group.name` → `{ payload, success }`. */
export const endpointBodies = (link) => {
  const bodies = new Map()
  for (const path of files.keys()) if (dirname(path) === join(folder, "api")) bodiesIn(path, link, bodies)
  return bodies
}

/** The same for the groups of one file. */
const bodiesIn = (path, link, bodies) => {
  const file = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true)
  const name = (node) =>
    ts.isCallExpression(node) && calleeOf(node) === "pageOf"
      ? `page of ${describe(node.arguments[0], path, link).text}`
      : describe(node, path, link).text
  /** One `HttpApiEndpoint.get("list", …).setPayload(…).addSuccess(…)` from its end to its start. */
  const endpoint = (node, found) => {
    if (!ts.isCallExpression(node)) return null
    const [first, , third] = node.arguments
    if (node.expression.getText().startsWith("HttpApiEndpoint.") && ts.isIdentifier(node.expression.expression)) {
      return { ...found, name: first.text }
    }
    if (node.expression.getText() === "threadList") {
      return { ...found, name: first.text, success: `page of ${describe(third, path, link).text}` }
    }
    if (!ts.isPropertyAccessExpression(node.expression)) return null
    const method = node.expression.name.text
    const more =
      method === "addSuccess" ? { success: name(first) } : method === "setPayload" ? { payload: name(first) } : {}
    return endpoint(node.expression.expression, { ...found, ...more })
  }
  const visit = (group) => (node) => {
    if (ts.isClassDeclaration(node)) {
      const named = /HttpApiGroup\.make\("(\w+)"/.exec(node.getText())?.[1]
      if (named !== undefined) ts.forEachChild(node, visit(named))
      return
    }
    if (group !== null && ts.isCallExpression(node) && calleeOf(node) === "add" && node.arguments[0] !== undefined) {
      const found = endpoint(node.arguments[0], {})
      if (found !== null) bodies.set(`${group}.${found.name}`, found)
    }
    ts.forEachChild(node, visit(group))
  }
  visit(null)(file)
}
