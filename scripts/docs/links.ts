/** Sees that relative links in Markdown files lead to a file, and their anchors to a heading of it. */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { root } from "../tools.mjs"
import { slug } from "./markdown.js"

/** Markdown files of the project: what Git knows or would take. */
const markdownFiles = (): readonly string[] =>
  spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], { cwd: root, encoding: "utf8" })
    .stdout.split("\n")
    .filter((file) => file !== "" && existsSync(join(root, file)))

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "")

const anchorsOf = (file: string): ReadonlySet<string> => {
  const counts = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ""] of readFileSync(file, "utf8")
    .replace(/^```[\s\S]*?^```/gm, "")
    .matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const base = slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1"))
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    anchors.add(count === 0 ? base : `${base}-${count}`)
  }
  return anchors
}

/** Every broken link, a line each. */
export const brokenLinks = (): readonly string[] =>
  markdownFiles().flatMap((file) => {
    const path = join(root, file)
    const links = [...withoutCode(readFileSync(path, "utf8")).matchAll(/\]\(([^()\s]+)\)/g)].map(
      ([, link = ""]) => link,
    )
    return links.flatMap((link) => {
      if (/^[a-z]+:/i.test(link)) return []
      const [target = "", anchor] = link.split("#")
      const to = target === "" ? path : resolve(dirname(path), decodeURI(target))
      if (relative(root, to).startsWith("..") || !existsSync(to)) return [`${file}: ${link} leads nowhere`]
      if (anchor === undefined || !to.endsWith(".md")) return []
      return anchorsOf(to).has(anchor) ? [] : [`${file}: ${link} names no heading`]
    })
  })
