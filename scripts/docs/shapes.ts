/** Shapes as Markdown: fields in a table, and the named schemas that they use after them. */
import { code, sentence, slug, table } from "./markdown.js"
import { definition, fieldsOf, type Link, typeOf } from "./schemas.js"

/** Where shapes are described that have a page of their own: name → page. A page describes what is not listed here itself. */
const homes = new Map<string, string>()

/** Says which page describes some shapes. */
export const settle = (page: string, names: readonly string[]): void => {
  for (const name of names) if (!homes.has(name)) homes.set(name, page)
}

/** Whether a page is where a shape is described. */
export const isHome = (page: string, name: string): boolean => homes.get(name) === page

/** Collects the shapes that a page mentions, and links to them. */
export class Mentions {
  readonly names = new Set<string>()

  constructor(private readonly page: string) {}

  readonly link = (name: string): string => {
    if (name === "KnownEvent") return "[KnownEvent](events.md)"
    const home = homes.get(name)
    if (home !== undefined && home !== this.page) return `[${name}](${home}#${slug(name)})`
    if (home === undefined) this.names.add(name)
    return `[${name}](#${slug(name)})`
  }
}

/** The lines about one shape, below its heading. `lead`: what it is, else its own description. */
export const about = (
  name: string,
  link: Link,
  { lead = definition(name).description ?? "" }: { readonly lead?: string } = {},
): readonly string[] => {
  const schema = definition(name)
  const fields = fieldsOf(schema, link)
  return [
    ...(lead === "" ? [] : [sentence(lead), ""]),
    ...(schema.oneOf === undefined || fields === null ? [] : [`${typeOf(schema, link)}, with:`, ""]),
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
export const mentioned = (mentions: Mentions, level = "##"): readonly string[] => {
  const found: { readonly name: string; readonly text: readonly string[] }[] = []
  const done = new Set<string>()
  for (;;) {
    const name = [...mentions.names].filter((each) => !done.has(each)).sort()[0]
    if (name === undefined) break
    done.add(name)
    found.push({ name, text: [`${level} ${name}`, "", ...about(name, mentions.link)] })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap(({ text }) => text)
}
