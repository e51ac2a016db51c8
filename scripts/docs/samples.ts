/**
 * Sees that the console samples of the documentation are what the program prints: blocks marked `<!-- run -->` are run, in
 * order, on a data directory of their own per page.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { program, root } from "../tools.mjs"

const block = /(<!-- run -->\n```console\n)([\s\S]*?)(^```$)/gm

/** Ages differ from run to run, and with them the width of a column. */
const timeless = (text: string): string =>
  text
    .replace(/\bnow\b|\b\d+ \S+ ago\b/g, "some time ago")
    .replace(/ +/g, " ")
    .trim()

/** Without blank lines around it; the blanks that its first line begins with stay. */
const trimmed = (text: string): string => text.replace(/^\n+|\s+$/g, "")

/** The words of a line as a shell has them: single quotes hold a word together. */
const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/(?:'([^']*)'|(\S+))/g)].map(([, quoted, bare]) => quoted ?? bare ?? "")

/** A database that a page copies, and what lies beside it, are in the directory of the page. */
const inDirectory = (word: string, directory: string): string =>
  word.startsWith("copied.") ? join(directory, word) : word

const outputOf = (line: string, directory: string): string => {
  const [command = "", ...words] = wordsOf(line)
  const args = words.map((word) => inDirectory(word, directory))
  const [run, first] = command === "threadfold" ? [process.execPath, [program]] : [command, []]
  const { status, stdout, stderr } = spawnSync(run, [...first, ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", TZ: "UTC", THREADFOLD_DATA_DIR: directory },
  })
  // 1 is a finding: the command did its work.
  if (status !== 0 && status !== 1) throw new Error(`${line}\n${stderr}`)
  return trimmed(stdout)
}

/** Runs the samples of a page. Those that are out of date are written anew, or named where `checks` is true. */
export const runSamples = (file: string, checks: boolean): readonly string[] => {
  const path = join(root, file)
  const text = readFileSync(path, "utf8")
  const directory = mkdtempSync(join(tmpdir(), "threadfold-docs-"))
  const problems: string[] = []
  try {
    const fresh = text.replace(block, (_, head: string, body: string, tail: string) => {
      const samples = body.trim().split(/\n*^(?=\$ )/m)
      const lines = samples.map((sample) => {
        const [line = ""] = sample.split("\n")
        const printed = outputOf(line.slice(2), directory)
        const shown = trimmed(sample.slice(line.length))
        if (timeless(shown) === timeless(printed)) return trimmed(`${line}\n${shown}`)
        problems.push(`${file}: \`${line.slice(2)}\` prints something else: run \`npm run docs\``)
        return trimmed(`${line}\n${printed}`)
      })
      return `${head}${lines.join("\n\n")}\n${tail}`
    })
    if (checks) return problems
    if (fresh !== text) writeFileSync(path, fresh)
    return []
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
