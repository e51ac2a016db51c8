/**
 * A page of a list as the call wants it: all fields of its entries, or some; as JSON, or by `Accept` as lines of JSON or as CSV, whose
 * cursor is in the `Link` header.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Values, valuesOf } from "@threadfold/contracts"
import { answer, textAnswer } from "./jsonAnswer.js"

/** What is looked at of a call. */
export interface CallHeaders {
  readonly url?: string | undefined
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
}

/** Parameters that say what an entry shows. */
export interface PageForm {
  readonly fields?: Values | undefined
}

/** A page of a list. */
export interface AnswerPage<A> {
  readonly sequence: number
  readonly items: readonly A[]
  readonly next: string | null
  readonly previous: string | null
  /** Of a search: how far its index is. */
  readonly watermark?: number
}

/** Media types of lists beside JSON. */
const lines = "application/x-ndjson"
const csv = "text/csv"

/** The first media type of `Accept` that is one of a list's; null: JSON. */
const formOf = ({ headers }: CallHeaders): typeof lines | typeof csv | null => {
  const types = String(headers.accept ?? "")
    .toLowerCase()
    .split(",")
    .map((type) => type.split(";")[0]?.trim())
  const found = types.find((type) => type === lines || type === csv || type === "application/json" || type === "*/*")
  return found === lines || found === csv ? found : null
}

/** Whether the call wants a page as it is. */
export const isPlain = (request: CallHeaders, { fields }: PageForm): boolean =>
  fields === undefined && formOf(request) === null

/** An entry with these fields alone, in their order, and with what is cut of them. */
const only = (entry: object, fields: readonly string[]): Readonly<Record<string, unknown>> => {
  const cut = Object.entries(Object(Reflect.get(entry, "truncated"))).filter(([name]) => fields.includes(name))
  return {
    ...Object.fromEntries(fields.map((name) => [name, Reflect.get(entry, name)])),
    ...(cut.length === 0 ? {} : { truncated: Object.fromEntries(cut) }),
  }
}

/** A value in a cell of CSV (RFC 4180): null is empty, what has parts is JSON. */
const cell = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  const text = typeof value === "object" ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const csvOf = (entries: readonly object[], names: readonly string[]): string =>
  (names.length === 0 ? [] : [names, ...entries.map((entry) => names.map((name) => Reflect.get(entry, name)))])
    .map((row) => `${row.map(cell).join(",")}\r\n`)
    .join("")

/** The path of the call with another cursor. */
const linkTo = (url: string, cursor: string, rel: string): string => {
  const [path = "", query = ""] = url.split("?")
  const params = new URLSearchParams(query)
  params.set("cursor", cursor)
  return `<${path}?${params.toString()}>; rel="${rel}"`
}

const linksOf = (url: string, { next, previous }: AnswerPage<object>): Readonly<Record<string, string>> => {
  const links = [
    ...(next === null ? [] : [linkTo(url, next, "next")]),
    ...(previous === null ? [] : [linkTo(url, previous, "prev")]),
  ]
  return links.length === 0 ? {} : { link: links.join(", ") }
}

/** The answer with a page. CSV has the fields that the call names as columns, else those of its entries: an empty page has none. */
export const pageAnswer = (
  request: CallHeaders,
  { fields }: PageForm,
  page: AnswerPage<object>,
): HttpServerResponse.HttpServerResponse => {
  const names = valuesOf(fields)
  const items = names === undefined ? page.items : page.items.map((entry) => only(entry, names))
  const form = formOf(request)
  if (form === null) return answer({ ...page, items }, page.sequence)
  const text =
    form === csv
      ? csvOf(items, names ?? Object.keys(items[0] ?? {}).filter((name) => name !== "truncated"))
      : items.map((entry) => `${JSON.stringify(entry)}\n`).join("")
  const headers = { sequence: String(page.sequence), vary: "accept", ...linksOf(request.url ?? "", page) }
  return textAnswer(text, form === csv ? `${csv}; charset=utf-8; header=present` : form, headers)
}
