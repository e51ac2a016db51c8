/**
 * Sees that files stay readable and can be found: none is longer than a reader takes in at one sitting, few are so short that they
 * scatter one concept, and no two files of a package have one name. Prints each file that breaks a limit.
 */
import { readdirSync, readFileSync } from "node:fs"
import { basename, join, relative } from "node:path"
import { packages, root } from "./tools.mjs"

/** Most lines of one file. */
const longest = 400
/** A source file of this many lines or fewer is short. Tests and the doors of folders (`index.ts`) are not counted. */
const short = 30
/** Most short files in the whole workspace. */
const mostShort = 59

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (["node_modules", "dist", "fixtures", "generated"].includes(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesIn(path)
    else if (/\.tsx?$/.test(entry.name)) yield path
  }
}

const isTest = (file: string): boolean => /\.(test|soak)\.tsx?$|[/\\]test[/\\]/.test(file)
const isDoor = (file: string): boolean => basename(file) === "index.ts"
const shown = (file: string): string => relative(root, file)

const wrong: string[] = []
const shortFiles: string[] = []
let count = 0

for (const { folder } of packages) {
  const seen = new Map<string, string>()
  for (const file of filesIn(join(root, folder))) {
    count += 1
    const lines = readFileSync(file, "utf8").split("\n").length - 1
    if (lines > longest) wrong.push(`${shown(file)}: ${lines} lines; the limit is ${longest}: split it by concept`)
    if (isDoor(file) || /vitest\.[a-z.]*ts$/.test(file)) continue
    if (!isTest(file) && lines <= short) shortFiles.push(`${shown(file)} (${lines} lines)`)
    const name = basename(file).toLowerCase()
    const other = seen.get(name)
    if (other !== undefined)
      wrong.push(`${shown(file)} has the name of ${shown(other)}: name each after what it is about`)
    seen.set(name, file)
  }
}

if (shortFiles.length > mostShort) {
  wrong.push(
    `${shortFiles.length} files have ${short} lines or fewer; the limit is ${mostShort}: keep each with the concept it belongs to:`,
    ...shortFiles.map((file) => `  ${file}`),
  )
}
for (const one of wrong) console.error(one)
console.log(
  `${count} files, ${shortFiles.length} of them short, ${wrong.length === 0 ? "all within the limits" : "not within the limits"}`,
)
process.exitCode = wrong.length === 0 ? 0 : 1
