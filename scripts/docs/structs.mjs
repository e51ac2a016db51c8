/** Schemas of `contracts` as Markdown: fields in a table, and the named schemas that they use after them. */
import { code, sentence, slug, table } from "./markdown.mjs"
import { fieldsOf, isStruct, schema, wordsOf } from "./schemas.mjs"

/** Where schemas are described that have a page of their own: name → page. A page links what is not listed here to itself. */
const homes = new Map()

/** Says which page describes a schema. */
export const settle = (page, names) => {
  for (const name of names) if (!homes.has(name)) homes.set(name, page)
}

/** Collects the schemas that a page mentions, and links to them. */
export class Mentions {
  names = new Set()

  constructor(page) {
    this.page = page
  }

  link = (name) => {
    const home = homes.get(name)
    if (home !== undefined && home !== this.page) return `[${name}](${home}#${slug(name)})`
    if (home === undefined) this.names.add(name)
    return `[${name}](#${slug(name)})`
  }
}

/** The lines about one schema, below its heading. */
export const about = (declaration, link, { lead = declaration.doc } = {}) => [
  ...(lead === "" ? [] : [sentence(lead), ""]),
  ...(isStruct(declaration)
    ? table(
        ["Field", "Type", "Meaning"],
        fieldsOf(declaration.init, declaration.path, link).map(({ name, type, optional, doc }) => [
          `${code(name)}${optional ? " (optional)" : ""}`,
          type,
          doc,
        ]),
      )
    : [`${sentence(wordsOf(declaration, link))}`, ""]),
]

/** The schemas that a page mentions and that have no other home, and those that they mention in turn. */
export const mentioned = (mentions, level = "##") => {
  const lines = []
  const done = new Set()
  for (;;) {
    const name = [...mentions.names].filter((each) => !done.has(each)).sort()[0]
    if (name === undefined) break
    done.add(name)
    lines.push({ name, text: [`${level} ${name}`, "", ...about(schema(name), mentions.link)] })
  }
  return lines.sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ text }) => text)
}
