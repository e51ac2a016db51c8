/**
 * A table of the projections as data: its columns are the fields of an entity, in their order; keys, look-ups and lists are
 * declared with the table. Interpreters (SQL, Map), the canonical hash and the reference take them from here; no rule of the domain
 * does.
 */
import { SchemaAST as AST, Option, type Schema, type Types } from "effect"

/** SQL affinity of a column. `json` is stored as TEXT and held in memory as a JSON value. */
export type ColumnType = "text" | "integer" | "json"

/** A column of a table. */
export interface Column {
  readonly type: ColumnType
  readonly nullable: boolean
  /** Meaning, unit, source. */
  readonly doc: string
  /** True or false, stored as 1 or 0: SQLite has no booleans. */
  readonly bit?: true
  /** Depends on `sequence`, `recordedAt` or the process: left out of the canonical hash. */
  readonly derived?: true
  /** May be large: a row that is written without it keeps what is stored; the fold never holds it. */
  readonly heavy?: true
}

/** The name of a table of the projections. */
export type TableName =
  | "connections"
  | "threads"
  | "sessions"
  | "turns"
  | "rewinds"
  | "items"
  | "item_chunks"
  | "requests"
  | "inferences"
  | "inference_items"
  | "realtime_runs"
  | "delegations"
  | "tasks"
  | "queue"
  | "usage"
  | "anomalies"

export interface Table {
  readonly name: TableName
  readonly doc: string
  /** Primary key columns. */
  readonly key: readonly string[]
  readonly columns: { readonly [column: string]: Column }
  /** Look-ups other than by key that the fold may ask for: name → columns. The first match by key order wins. */
  readonly lookups: { readonly [name: string]: readonly string[] }
  /** Lists of rows that the fold may ask for, such as what is open in a turn. Each has an index of its own. */
  readonly lists: { readonly [name: string]: RowList }
}

/** Rows of a table that have these values, found by further columns; there a null matches null. */
export interface RowList {
  /** Column → values that a row of the list may have. */
  readonly where: { readonly [column: string]: readonly (string | number)[] }
  /** Columns that are asked for. The first one names the stream. */
  readonly columns: readonly string[]
}

/** A table with the entity of its rows. */
export interface EntityTable<Fields extends Schema.Struct.Fields, Heavy extends keyof Fields> extends Table {
  readonly entity: Schema.Struct<Fields>
  readonly heavy: readonly Heavy[]
}

/** SQLite has no booleans. */
export type Bit = 0 | 1

type Stored<A> = A extends boolean ? Bit : A

/** A row of a table. Heavy columns are optional: a row without them leaves what is stored. */
export type RowOf<T> =
  T extends EntityTable<infer Fields, infer Heavy>
    ? Types.Simplify<
        {
          readonly [K in Exclude<keyof Fields, Heavy>]: Stored<
            Schema.Struct.Type<Fields>[K & keyof Schema.Struct.Type<Fields>]
          >
        } & {
          readonly [K in Heavy]?: Stored<Schema.Struct.Type<Fields>[K & keyof Schema.Struct.Type<Fields>]>
        }
      >
    : never

const isNull = (ast: AST.AST): boolean => AST.isLiteral(ast) && ast.literal === null

const isText = (ast: AST.AST): boolean =>
  AST.isStringKeyword(ast) ||
  (AST.isLiteral(ast) && typeof ast.literal === "string") ||
  (AST.isUnion(ast) && ast.types.every(isText))

/** What a type is stored as. */
const storageOf = (ast: AST.AST): Pick<Column, "type" | "bit"> => {
  if (AST.isBooleanKeyword(ast)) return { type: "integer", bit: true }
  if (AST.isNumberKeyword(ast)) return { type: "integer" }
  return { type: isText(ast) ? "text" : "json" }
}

const columnOf = ({ annotations, type }: AST.PropertySignature): Column => {
  const members = AST.isUnion(type) ? type.types.filter((member) => !isNull(member)) : [type]
  return {
    ...storageOf(AST.Union.make(members)),
    nullable: AST.isUnknownKeyword(type) || (AST.isUnion(type) && type.types.some(isNull)),
    doc: Option.getOrElse(AST.getDescriptionAnnotation({ annotations }), () => ""),
  }
}

interface TableOptions<Fields extends Schema.Struct.Fields, Heavy extends keyof Fields & string> {
  readonly key: readonly (keyof Fields & string)[]
  readonly heavy?: readonly Heavy[]
  readonly derived?: readonly (keyof Fields & string)[]
  readonly lookups?: { readonly [name: string]: readonly (keyof Fields & string)[] }
  readonly lists?: {
    readonly [name: string]: {
      readonly where: RowList["where"]
      readonly columns: readonly (keyof Fields & string)[]
    }
  }
}

/** Declares the table of an entity. */
export const table = <Fields extends Schema.Struct.Fields, const Heavy extends keyof Fields & string = never>(
  name: TableName,
  doc: string,
  entity: Schema.Struct<Fields>,
  { derived = [], heavy = [], key, lists = {}, lookups = {} }: TableOptions<Fields, Heavy>,
): EntityTable<Fields, Heavy> => {
  const ast: AST.AST = entity.ast
  const signatures = AST.isTypeLiteral(ast) ? ast.propertySignatures : []
  const has = (columns: readonly PropertyKey[], column: PropertyKey) => columns.includes(column)
  const columns = Object.fromEntries(
    signatures.map((signature): readonly [string, Column] => [
      String(signature.name),
      {
        ...columnOf(signature),
        ...(has(derived, signature.name) ? { derived: true } : {}),
        ...(has(heavy, signature.name) ? { heavy: true } : {}),
      },
    ]),
  )
  return { name, doc, key, columns, lookups, lists, entity, heavy }
}
