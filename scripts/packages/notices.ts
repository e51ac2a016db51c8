/** The licenses of the packages whose code went into built files, as a text to send along. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../tools.mjs"

interface Notice {
  readonly name: string
  /** How the license is called: an SPDX expression. */
  readonly license: string
  readonly text: string
}

const licenseFile = /^(licen[cs]e|notice|copying)([.-].*)?$/i

/** The license files of a folder, as one text; null where it has none. */
const textIn = (folder: string): string | null => {
  const files = readdirSync(folder).filter((name) => licenseFile.test(name))
  return files.length === 0 ? null : files.map((name) => readFileSync(join(folder, name), "utf8").trim()).join("\n\n")
}

const mitText = (holder: string): string =>
  readFileSync(join(root, "LICENSE"), "utf8")
    .replace(/^Copyright.*$/m, `Copyright (c) ${holder}`)
    .trim()

/** Licenses that give up all rights, and ask for no text to go along. */
const publicDomain: Readonly<Record<string, string>> = {
  Unlicense: "Released into the public domain: https://unlicense.org",
  "CC0-1.0": "Released into the public domain: https://creativecommons.org/publicdomain/zero/1.0/",
}

const authorOf = (author: unknown): string | null => {
  if (typeof author === "string") return author
  const name: unknown = typeof author === "object" && author !== null ? Reflect.get(author, "name") : null
  return typeof name === "string" ? name : null
}

/** Throws where a package does not say under which terms it may be passed on. */
const noticeOf = (folder: string): Notice => {
  const manifest: { name: string; version: string; license?: unknown; author?: unknown } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  )
  const name = `${manifest.name} ${manifest.version}`
  const { license } = manifest
  if (typeof license !== "string") throw new Error(`${name} names no license; it lies in ${folder}.`)
  const written = textIn(folder)
  if (written !== null) return { name, license, text: written }
  if (Object.hasOwn(publicDomain, license)) return { name, license, text: publicDomain[license] ?? "" }
  const author = authorOf(manifest.author)
  if (license !== "MIT" || author === null) {
    throw new Error(
      `${name} has neither a license file nor an author for the text of ${license}; it lies in ${folder}.`,
    )
  }
  return { name, license, text: mitText(author) }
}

/** Code of others that a package carries within its own files. */
const carried = [{ in: "@effect/platform", name: "swagger-ui (in @effect/platform)", license: "Apache-2.0" }]

/** The text of Apache-2.0 as the compiler of this workspace brings it. */
const apacheText = (): string => {
  const text = textIn(join(root, "node_modules", "typescript"))
  if (text === null || !text.includes("Apache License")) throw new Error("The text of Apache-2.0 is not where it was.")
  return text.slice(text.indexOf("Apache License"))
}

const rule = "-".repeat(80)

/**
 * The file `THIRD-PARTY-NOTICES`. Packages with the same text stand together.
 *
 * @param folders of the packages, as their build says; one may come several times
 */
export const thirdPartyNotices = (folders: readonly string[]): string => {
  const missing = folders.filter((folder) => !existsSync(join(folder, "package.json")))
  if (missing.length > 0) throw new Error(`There is no package in ${missing.join(", ")}: build again.`)
  const notices = [...new Set(folders)].map(noticeOf)
  const within = carried.flatMap(({ in: carrier, license, name }) =>
    notices.some((one) => one.name.startsWith(`${carrier} `)) ? [{ name, license, text: apacheText() }] : [],
  )
  const byText = new Map<string, Notice[]>()
  for (const notice of [...notices, ...within].sort((one, other) => one.name.localeCompare(other.name))) {
    byText.set(notice.text, [...(byText.get(notice.text) ?? []), notice])
  }
  const parts = [...byText].map(([text, group]) =>
    [...group.map(({ license, name }) => `${name} (${license})`), "", text].join("\n"),
  )
  const title = "This package contains code of the packages named below, under these terms."
  return `${[title, ...parts].join(`\n\n${rule}\n\n`)}\n`
}
