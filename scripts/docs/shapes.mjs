/** Shapes as Markdown: fields in a table, and the named schemas that they use after them. */
import { code, sentence, slug, table } from "./markdown.mjs"
import { definition, fieldsOf, typeOf } from "./schemas.mjs"

/** Where shapes are described that have a page of their own: name → page. A page describes what is not listed here itself. */
const homes = new Map()

/** Says which page describes some shapes. */
export const settle = (page, names) => {
  for (const name of names) if (!homes.has(name)) homes.set(name, page)
}

/** Whether a page is where a shape is described. */
export const isHome = (page, name) => homes.get(name) === page

/** Collects the shapes that a page mentions, and links to them. */
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

/** The lines about one shape, below its heading. `lead`: what it is, else its own description. */
export const about = (name, link, { lead = definition(name).description ?? "" } = {}) => {
  const schema = definition(name)
  const fields = fieldsOf(schema, link)
  return [
    ...(lead === "" ? [] : [sentence(lead), ""]),
    ...(fields === null
      ? [sentence(typeOf(schema, link)), ""]
      : table(
          ["Field", "Type", "Meaning"],
          fields.map(({ meaning, name: field, optional, type }) => [
            `${code(field)}${optional ? " (optional)" : ""}`,
            type,
            meaning,
          ]),
        )),
  ]
}

/** The shapes that a page mentions and that have no other home, and those that they mention in turn. */
export const mentioned = (mentions, level = "##") => {
  const found = []
  const done = new Set()
  for (;;) {
    const name = [...mentions.names].filter((each) => !done.has(each)).sort()[0]
    if (name === undefined) break
    done.add(name)
    found.push({ name, text: [`${level} ${name}`, "", ...about(name, mentions.link)] })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ text }) => text)
}
