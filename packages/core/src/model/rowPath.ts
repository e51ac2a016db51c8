/**
 * Paths of rows in the document of `thread --json`: one grammar for everything that names a row or a field of a thread.
 *
 *     thread  session  usage                    the rows that a thread has one of, or none
 *     turns/<id>  items/<id>  requests/<id> …   a row of a list, by its id or a beginning of it that no other row has
 *     anomalies/<subject>/<reason>              a row that two fields identify
 *     turns/<id>#outcome                        one field of a row
 *
 * In an id `~1` stands for `/` and `~0` for `~`, as `diffSnapshots` writes them; in a path that is typed, `/` may stand for itself.
 */
import {
  AnomalyView,
  DelegationView,
  InferenceView,
  ItemView,
  QueueView,
  RealtimeRunView,
  RequestView,
  SessionView,
  TaskView,
  ThreadDetail,
  type ThreadSnapshot,
  ThreadUsage,
  TurnView,
  unknownName,
} from "@threadfold/contracts"

/** The names of a snapshot's lists. */
export type ListName = {
  [Name in keyof ThreadSnapshot]: ThreadSnapshot[Name] extends readonly unknown[] ? Name : never
}[keyof ThreadSnapshot]

/** The names of its rows that stand alone. */
export type SingleName = Exclude<keyof ThreadSnapshot, ListName | "sequence">

/** What a row belongs to. */
export type RowKind = ListName | SingleName

/** The fields of the document: it is whole, so that nothing says what is cut of it. */
const documentFields = (view: { readonly fields: object }): readonly string[] =>
  Object.keys(view.fields).filter((name) => name !== "truncated")

/** What identifies a row of each kind, and the fields that it has. */
export const rowKinds: {
  readonly [Kind in RowKind]: { readonly key: readonly string[]; readonly fields: readonly string[] }
} = {
  thread: { key: [], fields: documentFields(ThreadDetail) },
  session: { key: [], fields: documentFields(SessionView) },
  turns: { key: ["turnId"], fields: documentFields(TurnView) },
  items: { key: ["itemId"], fields: documentFields(ItemView) },
  requests: { key: ["requestId"], fields: documentFields(RequestView) },
  inferences: { key: ["inferenceId"], fields: documentFields(InferenceView) },
  realtimeRuns: { key: ["realtimeId"], fields: documentFields(RealtimeRunView) },
  delegations: { key: ["delegationId"], fields: documentFields(DelegationView) },
  tasks: { key: ["taskId"], fields: documentFields(TaskView) },
  queue: { key: ["messageId"], fields: documentFields(QueueView) },
  usage: { key: [], fields: documentFields(ThreadUsage) },
  anomalies: { key: ["subject", "reason"], fields: documentFields(AnomalyView) },
}

/** A row, and maybe a field of it, as they are typed: whether there is such a row is not known yet. */
export interface TypedPath {
  readonly kind: RowKind
  /** The id, or its beginning; `/` between the parts of one with several; "" for a row that stands alone. */
  readonly key: string
  /** Null: the whole row. */
  readonly field: string | null
}

/** A path that names nothing: what is wrong, as a sentence that lists what there is. */
export interface BadPath {
  readonly problem: string
}

/** Whether a path could not be read or found. */
export const isBadPath = (path: object): path is BadPath => "problem" in path

/** Whether a name is that of a kind of rows. */
export const isRowKind = (name: string): name is RowKind => Object.hasOwn(rowKinds, name)

const unescaped = (part: string): string => part.replaceAll("~1", "/").replaceAll("~0", "~")
/** A part of a path: as in a JSON pointer (RFC 6901), `~1` stands for `/` and `~0` for `~`. */
export const escaped = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1")

const sentence = (text: string): BadPath => ({ problem: `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}.` })

/** Reads a path. Knows the kinds and their fields; the rows are found by {@link findRow}. */
export const parseRowPath = (text: string): TypedPath | BadPath => {
  const hash = text.indexOf("#")
  const row = hash < 0 ? text : text.slice(0, hash)
  const slash = row.indexOf("/")
  const kind = slash < 0 ? row : row.slice(0, slash)
  if (!isRowKind(kind)) return sentence(unknownName("row", kind, Object.keys(rowKinds)))
  const { fields, key } = rowKinds[kind]
  const typed = slash < 0 ? "" : unescaped(row.slice(slash + 1))
  if (key.length === 0 && slash >= 0) return sentence(`${kind} is one row, so nothing follows its name`)
  if (key.length > 0 && typed === "") {
    return sentence(`${kind} has many rows: name one as ${kind}/${key.map((name) => `<${name}>`).join("/")}`)
  }
  if (hash < 0) return { kind, key: typed, field: null }
  const field = text.slice(hash + 1)
  if (!fields.includes(field)) return sentence(`${unknownName("field", field, fields)} (${kind})`)
  return { kind, key: typed, field }
}

/** The path of a row, as `diffSnapshots` names it; of a field of it where one is given. */
export const formatRowPath = (kind: RowKind, key: readonly string[], field: string | null = null): string =>
  [kind, ...key.map(escaped)].join("/") + (field === null ? "" : `#${field}`)

/** Rows that are named in a sentence at most. */
const listed = 8

/**
 * The key of the one row that a typed path means: the row of exactly this id, else the only one whose id begins so.
 *
 * @param keys the keys of the rows of that kind, in any order
 */
export const findRow = ({ key, kind }: TypedPath, keys: Iterable<readonly string[]>): readonly string[] | BadPath => {
  if (rowKinds[kind].key.length === 0) return []
  const all = [...keys]
  const exact = all.find((one) => one.join("/") === key)
  const found = exact === undefined ? all.filter((one) => one.join("/").startsWith(key)) : [exact]
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  const some = (found.length > 0 ? found : all).map((one) => formatRowPath(kind, one))
  const rest = some.length > listed ? `, and ${some.length - listed} more` : ""
  const names = `${some.slice(0, listed).join(", ")}${rest}`
  if (only !== undefined) return sentence(`${JSON.stringify(key)} may be any of ${names}: write more of it`)
  const there = `there is no row ${formatRowPath(kind, [key])}`
  return sentence(all.length === 0 ? `${there}: the thread has no ${kind}` : `${there}; there are ${names}`)
}

/** The keys of a kind's rows in a document of a thread. */
export const keysIn = (snapshot: ThreadSnapshot, kind: RowKind): readonly (readonly string[])[] => {
  const rows: unknown = snapshot[kind]
  return Array.isArray(rows)
    ? rows.map((row: object) => rowKinds[kind].key.map((name) => String(Reflect.get(row, name))))
    : []
}
