// Makes scripts of the modules that esbuild made: V8 keeps the code of scripts, which Node 20 lets it do for modules in no way.
import { mkdirSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { init, parse } from "es-module-lexer"

/** @param {string} name of a built module */
const scriptName = (name) => `${basename(name, ".js")}.cjs`

/**
 * Constants that hold what an import names. No module that esbuild makes assigns what another one imports, and none imports in a circle.
 *
 * @param {string} clause what stands between `import` and `from`
 * @param {string} value
 */
const constants = (clause, value) => {
  const [, first = "", names] = /^\s*([^{]*?)\s*,?\s*(\{[^}]*\})?\s*$/.exec(clause) ?? []
  const whole = first.replace(/^\*\s*as\s+/, "").trim()
  return [
    ...(whole === "" ? [] : [`const ${whole}=${value};`]),
    ...(names === undefined ? [] : [`const ${names.replaceAll(/\s+as\s+/g, ":")}=${value};`]),
  ].join("")
}

/**
 * The module as a function of `compiledProgram.ts`.
 *
 * @param {string} text of a module
 * @param {ReadonlySet<string>} modules names of all of them
 */
const scriptOf = (text, modules) => {
  const [imports, exports] = parse(text)
  let body = ""
  let from = 0
  for (const { d, n, s, e, se, ss } of imports) {
    // `import.meta`: esbuild has replaced what is asked of it.
    if (d === -2) continue
    body += text.slice(from, ss)
    const isOurs = n !== undefined && modules.has(basename(n))
    if (d >= 0) {
      body += isOurs ? `importLater(${JSON.stringify(scriptName(n))})` : `importLater(${text.slice(s, e)})`
      from = se
      continue
    }
    const value = isOurs ? `load(${JSON.stringify(scriptName(n))})` : `require(${JSON.stringify(n)})`
    const clause = /^import\s*([^"']*?)\s*(?:from\s*)?["']/.exec(text.slice(ss, se))?.[1] ?? ""
    body += clause === "" ? `${value};` : constants(clause, value)
    from = se + (text[se] === ";" ? 1 : 0)
  }
  // The one list of exports stands last; notices of licences may follow it.
  const listed = exports[0] === undefined ? text.length : text.lastIndexOf("export", exports[0].s)
  const rest = text.slice(from, listed) + text.slice(listed).replace(/^export\s*\{[^}]*\};?/, "")
  const given = exports.map(({ ln, n }) => `${JSON.stringify(n)}:${ln}`).join(",")
  return `(function(load,require,importLater,hereUrl){"use strict";${body}${rest}\nreturn{${given}}})`
}

/**
 * Writes a script for each module, in the folder beside them.
 *
 * @type {import("esbuild").Plugin}
 */
export const asScripts = {
  name: "as-scripts",
  setup: (on) => {
    on.onEnd(async ({ outputFiles = [] }) => {
      await init
      const modules = new Set(outputFiles.map(({ path }) => basename(path)))
      for (const { path, text } of outputFiles) {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(join(dirname(path), scriptName(path)), scriptOf(text, modules))
      }
    })
  },
}
